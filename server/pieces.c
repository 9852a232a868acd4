/* SPDX-License-Identifier: Apache-2.0 */
#include "server/pieces.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/files.h"

#define DIR_MODE  0711
#define FILE_MODE 0644

bm_status pieces_fail(const char *folder, const char *name,
                      struct ca_refusal *why)
{
    int error = errno;
    bm_status rc = error == ENOSPC || error == EDQUOT ? BM_E_FULL
                   : error == ENOENT                  ? BM_E_NOT_FOUND
                                                      : BM_E_IO;
    char words[128];

    return ca_refuse(why, rc, "%s/%s: %s", folder, name,
                     strerror_r(error, words, sizeof words) == 0 ? words : "");
}

/* ---- The folder */

static bool give_away(const char *dir, const char *path)
{
    struct stat st;

    return geteuid() != 0 ||
           (stat(dir, &st) == 0 && lchown(path, st.st_uid, st.st_gid) == 0);
}

bm_status pieces_make_dir(const char *dir, const char *name,
                          struct ca_refusal *why)
{
    struct ca_refusal there = { .status = BM_OK };
    char path[FILES_PATH_MAX];
    bm_status rc;

    BM_TRY(files_path(path, dir, name));
    rc = files_make_dir(path, DIR_MODE, &there);
    if (rc == BM_E_EXISTS) {
        return rc;
    }
    /* The mode is that, whatever the umask is. What is not as it should be is
     * not left for the next start to find. */
    if (rc == BM_OK && (chmod(path, DIR_MODE) != 0 || !give_away(dir, path))) {
        rc = pieces_fail(name, "", &there);
        (void)rmdir(path);
    }
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", there.words);
}

/* ---- Putting */

static bm_status hash_file(int fd, const struct bm_crypto *crypto,
                           uint8_t hash[BM_HASH_MAX])
{
    struct bm_hash_state state = { .hash = BM_HASH_NONE };
    uint8_t room[16384];
    bm_status rc = crypto->hash_begin(crypto->self, &state, BM_HASH_SHA256);
    off_t at = 0;
    ssize_t n = 1;

    while (rc == BM_OK && n > 0) {
        n = pread(fd, room, sizeof room, at);
        if (n < 0) {
            rc = BM_E_IO;
        } else {
            at += n;
            rc = crypto->hash_more(crypto->self, &state,
                                   (struct bm_bytes){ room, (size_t)n });
        }
    }
    if (rc != BM_OK) {
        (void)crypto->hash_end(crypto->self, &state, NULL);
        return rc;
    }
    return crypto->hash_end(crypto->self, &state, hash);
}

static bool make_mark(const struct pieces *p)
{
    int fd =
        p->mark == NULL
            ? -1
            : openat(p->dir, p->mark,
                     O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);

    return p->mark == NULL || (fd >= 0 && close(fd) == 0);
}

/* All octets are there: are they the right ones? Durable before it has its
 * name, and the name before anybody is told. If another has put the same, it
 * takes the place of its equal. */
static bm_status finish(const struct pieces *p, int fd,
                        const struct ca_blob_piece *piece,
                        struct ca_refusal *why)
{
    uint8_t hash[BM_HASH_MAX];
    bm_status rc = hash_file(fd, p->crypto, hash);

    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    if (memcmp(hash, piece->hash, STORE_HASH_SIZE) != 0) {
        (void)unlinkat(p->dir, p->part, 0);
        return ca_refuse(why, BM_E_DELIVER_DIGEST, "%s", p->name);
    }
    if (fchmod(fd, FILE_MODE) != 0 || fsync(fd) != 0 ||
        renameat(p->dir, p->part, p->dir, p->name) != 0 || !make_mark(p) ||
        fsync(p->dir) != 0) {
        rc = pieces_fail(p->folder, p->name, why);
        /* Or the next attempt would find it, and call it durable. */
        (void)unlinkat(p->dir, p->mark != NULL ? p->mark : p->name, 0);
        return rc;
    }
    return BM_OK;
}

static bool write_all(int fd, struct bm_bytes octets, uint64_t at)
{
    while (octets.n != 0) {
        ssize_t n = pwrite(fd, octets.p, octets.n, (off_t)at);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        octets.p += n;
        octets.n -= (size_t)n;
        at += (uint64_t)n;
    }
    return true;
}

static bm_status put(const struct pieces *p, int fd,
                     const struct ca_blob_piece *piece, uint64_t *have,
                     struct ca_refusal *why)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return pieces_fail(p->folder, p->part, why);
    }
    *have = (uint64_t)st.st_size;
    /* Of another size than this one: somebody began with a wrong one. */
    if (*have > piece->size) {
        *have = 0;
        if (ftruncate(fd, 0) != 0) {
            return pieces_fail(p->folder, p->part, why);
        }
    }
    if (piece->at == *have && piece->octets.n != 0) {
        if (!write_all(fd, piece->octets, *have)) {
            bm_status rc = pieces_fail(p->folder, p->part, why);

            (void)!ftruncate(fd, (off_t)*have);
            return rc;
        }
        *have += piece->octets.n;
    }
    return *have == piece->size ? finish(p, fd, piece, why) : BM_OK;
}

bm_status pieces_put(const struct pieces *p, const struct ca_blob_piece *piece,
                     uint64_t *have, struct ca_refusal *why)
{
    bm_status rc;
    int fd;

    *have = 0;
    if (piece->at > piece->size || piece->octets.n > piece->size - piece->at) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "the piece goes beyond the end of the file");
    }
    fd = openat(p->dir, p->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                0600);
    if (fd < 0) {
        return pieces_fail(p->folder, p->part, why);
    }
    rc = put(p, fd, piece, have, why);
    (void)close(fd);
    return rc;
}
