/* SPDX-License-Identifier: Apache-2.0 */
#include "server/uploads.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/files.h"

#define PART ".part"

/* As of blobs: who reads may be another user, and the folder of the instance
 * keeps out all others. */
#define DIR_MODE  0711
#define FILE_MODE 0644

void uploads_name(const uint8_t hash[STORE_HASH_SIZE], uint32_t organisation,
                  char name[UPLOADS_NAME_MAX])
{
    for (size_t i = 0; i < STORE_HASH_SIZE; i++) {
        (void)snprintf(name + 2 * i, 3, "%02x", hash[i]);
    }
    (void)snprintf(name + 2 * STORE_HASH_SIZE,
                   UPLOADS_NAME_MAX - 2 * STORE_HASH_SIZE, ".%" PRIu32,
                   organisation);
}

static bm_status fail(struct ca_refusal *why, const char *name)
{
    int error = errno;
    bm_status rc = error == ENOSPC || error == EDQUOT ? BM_E_FULL
                   : error == ENOENT                  ? BM_E_NOT_FOUND
                                                      : BM_E_IO;
    char words[128];

    return ca_refuse(why, rc, UPLOADS_DIR "/%s: %s", name,
                     strerror_r(error, words, sizeof words) == 0 ? words : "");
}

/* ---- The folder */

static int open_dir(const char *dir)
{
    char path[FILES_PATH_MAX];

    return files_path(path, dir, UPLOADS_DIR) == BM_OK
               ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
               : -1;
}

static void drop_old(const char *dir, int64_t now)
{
    int fd = open_dir(dir);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *e;
    struct stat st;

    while (d != NULL && (e = readdir(d)) != NULL) {
        if (e->d_name[0] != '.' &&
            fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            (int64_t)st.st_mtime < now - UPLOADS_KEEP) {
            (void)unlinkat(fd, e->d_name, 0);
        }
    }
    if (d != NULL) {
        (void)closedir(d);
    } else if (fd >= 0) {
        (void)close(fd);
    }
}

static bool give_away(const char *dir, const char *path)
{
    struct stat st;

    return geteuid() != 0 ||
           (stat(dir, &st) == 0 && lchown(path, st.st_uid, st.st_gid) == 0);
}

bm_status uploads_begin(const char *dir, int64_t now, struct ca_refusal *why)
{
    struct ca_refusal there = { .status = BM_OK };
    char path[FILES_PATH_MAX];
    bm_status rc;

    BM_TRY(files_path(path, dir, UPLOADS_DIR));
    rc = files_make_dir(path, DIR_MODE, &there);
    if (rc == BM_E_EXISTS) {
        drop_old(dir, now);
        return BM_OK;
    }
    if (rc == BM_OK && (chmod(path, DIR_MODE) != 0 || !give_away(dir, path))) {
        rc = fail(&there, "");
        (void)rmdir(path);
    }
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", there.words);
}

/* ---- Putting */

struct putting {
    const struct ca_blob_piece *piece;
    const struct bm_crypto *crypto;
    int dir;
    int fd;
    char name[UPLOADS_NAME_MAX];
    char part[UPLOADS_NAME_MAX];
};

static bm_status hash_file(int fd, const struct bm_crypto *crypto,
                           uint8_t hash[BM_HASH_MAX])
{
    struct bm_hash_state state = { .hash = BM_HASH_NONE };
    uint8_t room[16384];
    bm_status rc = crypto->hash_begin(crypto->self, &state, BM_HASH_SHA256);
    ssize_t n = lseek(fd, 0, SEEK_SET) == 0 ? 1 : -1;

    while (rc == BM_OK && n > 0) {
        n = read(fd, room, sizeof room);
        if (n > 0) {
            rc = crypto->hash_more(crypto->self, &state,
                                   (struct bm_bytes){ room, (size_t)n });
        }
    }
    rc = rc == BM_OK && n < 0 ? BM_E_IO : rc;
    if (rc != BM_OK) {
        (void)crypto->hash_end(crypto->self, &state, NULL);
        return rc;
    }
    return crypto->hash_end(crypto->self, &state, hash);
}

/* Durable before it has its name, and that before anybody is told. */
static bm_status finish(struct putting *p, struct ca_refusal *why)
{
    uint8_t hash[BM_HASH_MAX];
    bm_status rc = hash_file(p->fd, p->crypto, hash);

    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    if (memcmp(hash, p->piece->hash, STORE_HASH_SIZE) != 0) {
        (void)unlinkat(p->dir, p->part, 0);
        return ca_refuse(why, BM_E_DELIVER_DIGEST, "%s", p->name);
    }
    return fchmod(p->fd, FILE_MODE) == 0 && fsync(p->fd) == 0 &&
                   renameat(p->dir, p->part, p->dir, p->name) == 0 &&
                   fsync(p->dir) == 0
               ? BM_OK
               : fail(why, p->name);
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

static bm_status put_piece(struct putting *p, uint64_t *have,
                           struct ca_refusal *why)
{
    const struct ca_blob_piece *piece = p->piece;
    struct stat st;

    p->fd = openat(p->dir, p->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                   0600);
    if (p->fd < 0 || fstat(p->fd, &st) != 0) {
        return fail(why, p->part);
    }
    *have = (uint64_t)st.st_size;
    if (*have > piece->size) { /* somebody began with a wrong size */
        *have = 0;
        if (ftruncate(p->fd, 0) != 0) {
            return fail(why, p->part);
        }
    }
    if (piece->at == *have && piece->octets.n != 0) {
        if (!write_all(p->fd, piece->octets, *have)) {
            bm_status rc = fail(why, p->part);

            (void)!ftruncate(p->fd, (off_t)*have);
            return rc;
        }
        *have += piece->octets.n;
    }
    return *have == piece->size ? finish(p, why) : BM_OK;
}

bm_status uploads_put(const char *dir, const struct bm_crypto *crypto,
                      const struct ca_blob_piece *piece, uint64_t *have,
                      struct ca_refusal *why)
{
    struct putting p = { .piece = piece, .crypto = crypto, .fd = -1 };
    struct stat st;
    bm_status rc;

    *have = 0;
    if (piece->size == 0 || piece->size > UPLOADS_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "a file has 1 to %" PRIu64 " octets",
                         UPLOADS_MAX);
    }
    if (piece->at > piece->size || piece->octets.n > piece->size - piece->at) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "the piece goes beyond the end of the file");
    }
    uploads_name(piece->hash, piece->organisation, p.name);
    (void)snprintf(p.part, sizeof p.part, "%.*s" PART,
                   (int)(sizeof p.part - sizeof PART), p.name);
    p.dir = open_dir(dir);
    if (p.dir < 0) {
        return fail(why, "");
    }
    if (fstatat(p.dir, p.name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        *have = piece->size;
        rc = (uint64_t)st.st_size == piece->size
                 ? BM_OK
                 : ca_refuse(why, BM_E_ARGUMENT, "that file has %lld octets",
                             (long long)st.st_size);
    } else {
        rc = put_piece(&p, have, why);
    }
    if (p.fd >= 0) {
        (void)close(p.fd);
    }
    (void)close(p.dir);
    return rc;
}

/* ---- Using */

bm_status uploads_find(const char *dir, uint32_t organisation,
                       const uint8_t hash[STORE_HASH_SIZE],
                       struct ca_refusal *why)
{
    char name[UPLOADS_NAME_MAX];
    struct stat st;
    int fd = open_dir(dir);
    bm_status rc = BM_OK;

    uploads_name(hash, organisation, name);
    if (fd < 0 || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        rc = errno == ENOENT
                 ? ca_refuse(why, BM_E_NOT_FOUND, "file %.64s", name)
                 : fail(why, name);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return rc;
}

void uploads_drop(const char *dir, uint32_t organisation,
                  const uint8_t hash[STORE_HASH_SIZE])
{
    char name[UPLOADS_NAME_MAX];
    int fd = open_dir(dir);

    uploads_name(hash, organisation, name);
    if (fd >= 0) {
        (void)unlinkat(fd, name, 0);
        (void)close(fd);
    }
}
