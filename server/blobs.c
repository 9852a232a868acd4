/* SPDX-License-Identifier: Apache-2.0 */
#include "server/blobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/image.h"
#include "boot/keyset.h"
#include "core/cms.h"
#include "files/files.h"
#include "firewall/table.h"

#define PART ".part"

/*
 * The device listener may be another user: it opens the folder before it
 * becomes that one, and then the files in it by their names. The folder of the
 * instance keeps out all others.
 */
#define DIR_MODE  0711
#define FILE_MODE 0644

/* Hexadecimal digits, a number behind a point, PART and a NUL. */
#define NAME_ROOM (2 * STORE_HASH_SIZE + sizeof ".4294967295" PART)

/* What belongs to a hash, and to who put it. */
struct names {
    char name[NAME_ROOM]; /* the blob */
    char mark[NAME_ROOM]; /* that the organisation has put it */
    char part[NAME_ROOM]; /* what it has put so far */
};

static void put_names(const uint8_t hash[STORE_HASH_SIZE],
                      uint32_t organisation, struct names *names)
{
    for (size_t i = 0; i < STORE_HASH_SIZE; i++) {
        (void)snprintf(names->name + 2 * i, 3, "%02x", hash[i]);
    }
    (void)snprintf(names->mark, NAME_ROOM, "%.64s.%" PRIu32, names->name,
                   organisation);
    (void)snprintf(names->part, NAME_ROOM, "%.64s.%" PRIu32 PART, names->name,
                   organisation);
}

static bm_status fail(struct ca_refusal *why, const char *name)
{
    int error = errno;
    bm_status rc = error == ENOSPC || error == EDQUOT ? BM_E_FULL
                   : error == ENOENT                  ? BM_E_NOT_FOUND
                                                      : BM_E_IO;
    char words[128];

    return ca_refuse(why, rc, BLOBS_DIR "/%s: %s", name,
                     strerror_r(error, words, sizeof words) == 0 ? words : "");
}

/* ---- The folder */

void blobs_drop_parts(const char *dir)
{
    char path[FILES_PATH_MAX];
    const struct dirent *e;
    DIR *d;

    if (files_path(path, dir, BLOBS_DIR) != BM_OK) {
        return;
    }
    d = opendir(path);
    while (d != NULL && (e = readdir(d)) != NULL) {
        size_t n = strlen(e->d_name);

        if (n > 2 * STORE_HASH_SIZE &&
            strcmp(e->d_name + n - (sizeof PART - 1), PART) == 0) {
            (void)unlinkat(dirfd(d), e->d_name, 0);
        }
    }
    if (d != NULL) {
        (void)closedir(d);
    }
}

/* Root makes it for whom the instance belongs to, who is to write there when
 * root is given up. */
static bool give_away(const char *dir, const char *path)
{
    struct stat st;

    return geteuid() != 0 ||
           (stat(dir, &st) == 0 && lchown(path, st.st_uid, st.st_gid) == 0);
}

bm_status blobs_make_dir(const char *dir, struct ca_refusal *why)
{
    struct ca_refusal there = { .status = BM_OK };
    char path[FILES_PATH_MAX];
    bm_status rc;

    BM_TRY(files_path(path, dir, BLOBS_DIR));
    rc = files_make_dir(path, DIR_MODE, &there);
    if (rc == BM_E_EXISTS) {
        return BM_OK;
    }
    /* The mode is that, whatever the umask is. What is not as it should be is
     * not left for the next start to find. */
    if (rc == BM_OK && (chmod(path, DIR_MODE) != 0 || !give_away(dir, path))) {
        rc = fail(&there, "");
        (void)rmdir(path);
    }
    return rc == BM_OK ? BM_OK : ca_refuse(why, rc, "%s", there.words);
}

/* ---- Putting */

/* A blob that is being put. */
struct putting {
    const struct ca_blob_piece *piece;
    const struct bm_crypto *crypto;
    int dir;
    int fd;
    struct names n;
};

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

static bm_status make_mark(const struct putting *p)
{
    int fd = openat(p->dir, p->n.mark,
                    O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);

    return fd >= 0 && close(fd) == 0 ? BM_OK : BM_E_IO;
}

/* All octets are there: are they the right ones? Durable before it has its
 * name, and the name before anybody is told. If another has put the same, it
 * takes the place of its equal. */
static bm_status finish(struct putting *p, struct ca_refusal *why)
{
    uint8_t hash[BM_HASH_MAX];
    bm_status rc = hash_file(p->fd, p->crypto, hash);

    if (rc != BM_OK) {
        return ca_refuse_plain(why, rc);
    }
    if (memcmp(hash, p->piece->hash, STORE_HASH_SIZE) != 0) {
        (void)unlinkat(p->dir, p->n.part, 0);
        return ca_refuse(why, BM_E_DELIVER_DIGEST, "%s", p->n.name);
    }
    if (fchmod(p->fd, FILE_MODE) != 0 || fsync(p->fd) != 0 ||
        renameat(p->dir, p->n.part, p->dir, p->n.name) != 0 ||
        make_mark(p) != BM_OK || fsync(p->dir) != 0) {
        rc = fail(why, p->n.name);
        /* Or the next attempt would find it, and call it durable. */
        (void)unlinkat(p->dir, p->n.mark, 0);
        return rc;
    }
    return BM_OK;
}

static bm_status write_all(int fd, struct bm_bytes octets, uint64_t at)
{
    while (octets.n != 0) {
        ssize_t n = pwrite(fd, octets.p, octets.n, (off_t)at);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return BM_E_IO;
        }
        octets.p += n;
        octets.n -= (size_t)n;
        at += (uint64_t)n;
    }
    return BM_OK;
}

static bm_status put_piece(struct putting *p, uint64_t *have,
                           struct ca_refusal *why)
{
    const struct ca_blob_piece *piece = p->piece;
    struct stat st;

    p->fd = openat(p->dir, p->n.part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                   0600);
    if (p->fd < 0 || fstat(p->fd, &st) != 0) {
        return fail(why, p->n.part);
    }
    *have = (uint64_t)st.st_size;
    /* Of another size than this one: somebody began with a wrong one. */
    if (*have > piece->size) {
        *have = 0;
        if (ftruncate(p->fd, 0) != 0) {
            return fail(why, p->n.part);
        }
    }
    if (piece->at == *have && piece->octets.n != 0) {
        if (write_all(p->fd, piece->octets, *have) != BM_OK) {
            bm_status rc = fail(why, p->n.part);

            (void)!ftruncate(p->fd, (off_t)*have);
            return rc;
        }
        *have += piece->octets.n;
    }
    return *have == piece->size ? finish(p, why) : BM_OK;
}

static bm_status check(const struct ca_blob_piece *piece,
                       struct ca_refusal *why)
{
    if (piece->size == 0 || piece->size > CA_BLOB_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "a blob has 1 to %" PRIu32 " octets",
                         CA_BLOB_MAX);
    }
    return piece->at <= piece->size &&
                   piece->octets.n <= piece->size - piece->at
               ? BM_OK
               : ca_refuse(why, BM_E_ARGUMENT,
                           "the piece goes beyond the end of the blob");
}

/* Is it there, and has the organisation put it? errno says why not. */
static bool is_put(int dir, const struct names *names, struct stat *st)
{
    return fstatat(dir, names->mark, st, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstatat(dir, names->name, st, AT_SYMLINK_NOFOLLOW) == 0;
}

bm_status blobs_put(const char *dir, const struct bm_crypto *crypto,
                    const struct ca_blob_piece *piece, uint64_t *have,
                    struct ca_refusal *why)
{
    struct putting p = { .piece = piece, .crypto = crypto, .fd = -1 };
    char path[FILES_PATH_MAX];
    struct stat st;
    bm_status rc = BM_E_INTERNAL;

    *have = 0;
    BM_TRY(check(piece, why));
    BM_TRY(files_path(path, dir, BLOBS_DIR));
    put_names(piece->hash, piece->organisation, &p.n);
    p.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p.dir < 0) {
        return fail(why, "");
    }
    if (!is_put(p.dir, &p.n, &st)) {
        rc = errno == ENOENT ? put_piece(&p, have, why) : fail(why, p.n.name);
    } else if ((uint64_t)st.st_size == piece->size) {
        *have = piece->size;
        rc = BM_OK;
    } else {
        rc = ca_refuse(why, BM_E_ARGUMENT, "that blob has %lld octets",
                       (long long)st.st_size);
    }
    if (p.fd >= 0) {
        (void)close(p.fd);
    }
    (void)close(p.dir);
    return rc;
}

/* ---- Looking */

static bm_status look_at_firmware(struct bm_bytes octets,
                                  struct store_item *item)
{
    const struct bm_image_version *v;
    struct bm_image image;

    BM_TRY(bm_image_parse_file(octets, &image));
    if ((image.header.flags & BM_IMAGE_NON_BOOTABLE) != 0) {
        return BM_E_IMAGE_FLAGS; /* a key set, or what nobody starts */
    }
    v = &image.header.version;
    (void)snprintf(item->version, sizeof item->version, "%u.%u.%u+%" PRIu32,
                   v->major, v->minor, v->revision, v->build);
    return BM_OK;
}

static bm_status look_at_keyset(struct bm_bytes octets, struct store_item *item)
{
    struct bm_image image;

    BM_TRY(bm_image_parse_file(octets, &image));
    if (image.header.flags != BM_IMAGE_NON_BOOTABLE || !image.has_counter ||
        octets.n > BM_KEYSET_MAX) {
        return BM_E_KEYSET;
    }
    (void)snprintf(item->version, sizeof item->version, "epoch %" PRIu32,
                   image.counter);
    return BM_OK;
}

/* In a message a table lies wherever it does, and is read where its numbers
 * lie well. */
static bm_status read_table(struct bm_bytes octets, struct ca_policy *policy)
{
    struct bm_fw_table table;
    uint8_t *copy = malloc(octets.n + 1);
    bm_status rc;

    if (copy == NULL) {
        return BM_E_MEMORY;
    }
    if (octets.n != 0) {
        memcpy(copy, octets.p, octets.n);
    }
    rc = bm_fw_table_open(&table, (struct bm_bytes){ copy, octets.n });
    policy->version = table.version;
    policy->floor = table.floor;
    free(copy);
    return rc;
}

static bm_status look_at_policy(struct bm_bytes octets, struct store_item *item,
                                struct ca_policy *policy)
{
    char floor[CA_POLICY_FLOOR_MAX];
    struct bm_cms cms;

    BM_TRY(bm_cms_parse(octets, NULL, &cms));
    BM_TRY(read_table(cms.content, policy));
    ca_policy_put_floor(policy->floor, floor);
    ca_policy_put_words(
        policy->version,
        (struct bm_bytes){ (const uint8_t *)floor, strlen(floor) },
        item->version);
    return BM_OK;
}

/* The octets of a blob that the organisation has put, which the caller
 * frees. */
static bm_status read_blob(const char *dir, const struct names *names,
                           uint8_t **octets, size_t *n, struct ca_refusal *why)
{
    char folder[FILES_PATH_MAX];
    char path[FILES_PATH_MAX];
    bm_status rc;

    BM_TRY(files_path(folder, dir, BLOBS_DIR));
    BM_TRY(files_path(path, folder, names->mark));
    rc = access(path, F_OK) == 0 ? BM_OK : fail(why, names->mark);
    if (rc == BM_OK) {
        BM_TRY(files_path(path, folder, names->name));
        rc = files_read(path, CA_BLOB_MAX, octets, n, why);
    }
    return rc == BM_E_NOT_FOUND ? ca_refuse(why, rc, "blob %s", names->name)
                                : rc;
}

static bm_status look(struct bm_bytes octets, struct store_item *item,
                      struct ca_policy *policy)
{
    item->size = octets.n;
    item->version[0] = '\0';
    switch (item->kind) {
    case STORE_ITEM_FIRMWARE:
        return look_at_firmware(octets, item);
    case STORE_ITEM_KEYSET:
        return look_at_keyset(octets, item);
    default:
        return look_at_policy(octets, item, policy);
    }
}

bm_status blobs_look(const char *dir, uint32_t organisation,
                     struct store_item *item, struct ca_policy *policy,
                     struct ca_refusal *why)
{
    struct names names;
    uint8_t *octets = NULL;
    size_t n = 0;
    bm_status rc;

    memset(policy, 0, sizeof *policy);
    put_names(item->hash, organisation, &names);
    BM_TRY(read_blob(dir, &names, &octets, &n, why));
    rc = look((struct bm_bytes){ octets, n }, item, policy);
    if (rc != BM_OK || item->kind != STORE_ITEM_POLICY) {
        free(octets);
        memset(policy, 0, sizeof *policy);
    } else {
        policy->message = octets;
        policy->n = n;
    }
    return rc == BM_OK ? BM_OK
                       : ca_refuse(why, rc, "%s is no %s", names.name,
                                   ca_item_kind_name(item->kind));
}
