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
#include "server/pieces.h"

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
    return pieces_fail(UPLOADS_DIR, name, why);
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

bm_status uploads_begin(const char *dir, int64_t now, struct ca_refusal *why)
{
    bm_status rc = pieces_make_dir(dir, UPLOADS_DIR, why);

    if (rc == BM_E_EXISTS) {
        drop_old(dir, now);
        rc = BM_OK;
    }
    return rc;
}

/* ---- Putting */

/* What an organisation has in the folder, beside one file. */
struct upload_room {
    int64_t files;
    uint64_t octets;
};

/* Is this HASH.ORGANISATION, with or without .part, and not `name`? */
static bool is_of(const char *file, uint32_t organisation, const char *name)
{
    char end[UPLOADS_NAME_MAX];
    size_t n = strlen(name);

    (void)snprintf(end, sizeof end, ".%" PRIu32, organisation);
    if (strlen(file) <= 2 * STORE_HASH_SIZE || strncmp(file, name, n) == 0) {
        return false;
    }
    file += 2 * STORE_HASH_SIZE;
    n = strlen(end);
    return strncmp(file, end, n) == 0 &&
           (file[n] == '\0' || strcmp(file + n, PIECES_PART) == 0);
}

static bm_status see_room(int dir, uint32_t organisation, const char *name,
                          struct upload_room *room)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *e;
    struct stat st;

    if (d == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return BM_E_IO;
    }
    while ((e = readdir(d)) != NULL) {
        if (is_of(e->d_name, organisation, name) &&
            fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            room->files++;
            room->octets += (uint64_t)st.st_size;
        }
    }
    (void)closedir(d);
    return BM_OK;
}

/* One that fits is let in, and each piece of it is looked at again: others may
 * be on their way beside it. */
static bm_status check_room(int dir, const struct ca_blob_piece *piece,
                            const char *name, const struct uploads_limits *max,
                            struct ca_refusal *why)
{
    struct upload_room room = { 0 };

    if (see_room(dir, piece->organisation, name, &room) != BM_OK) {
        return fail(why, "");
    }
    if (room.files >= max->files) {
        return ca_refuse(why, BM_E_BATCH_UPLOADS,
                         "%" PRId64 " of %" PRId64 " (limits.uploads) wait to "
                         "be ordered from or read",
                         room.files, max->files);
    }
    return room.octets <= (uint64_t)max->octets &&
                   piece->size <= (uint64_t)max->octets - room.octets
               ? BM_OK
               : ca_refuse(why, BM_E_BATCH_UPLOADS,
                           "%" PRIu64 " octets wait, and with %" PRIu64
                           " more there would be more than %" PRId64
                           " (limits.upload_octets)",
                           room.octets, piece->size, max->octets);
}

static bm_status put(int dir, const struct uploads_config *config,
                     const struct ca_blob_piece *piece, uint64_t *have,
                     struct ca_refusal *why)
{
    char name[UPLOADS_NAME_MAX];
    char part[UPLOADS_NAME_MAX];
    const struct pieces p = { .dir = dir,
                              .folder = UPLOADS_DIR,
                              .name = name,
                              .part = part,
                              .crypto = config->crypto };
    struct stat st;

    uploads_name(piece->hash, piece->organisation, name);
    (void)snprintf(part, sizeof part, "%.*s" PIECES_PART,
                   (int)(sizeof part - sizeof PIECES_PART), name);
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        *have = piece->size;
        return (uint64_t)st.st_size == piece->size
                   ? BM_OK
                   : ca_refuse(why, BM_E_ARGUMENT, "that file has %lld octets",
                               (long long)st.st_size);
    }
    BM_TRY(check_room(dir, piece, name, &config->max, why));
    return pieces_put(&p, piece, have, why);
}

bm_status uploads_put(const struct uploads_config *config,
                      const struct ca_blob_piece *piece, uint64_t *have,
                      struct ca_refusal *why)
{
    bm_status rc;
    int dir;

    *have = 0;
    if (piece->size == 0 || piece->size > UPLOADS_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "a file has 1 to %" PRIu64 " octets",
                         UPLOADS_MAX);
    }
    dir = open_dir(config->dir);
    if (dir < 0) {
        return fail(why, "");
    }
    rc = put(dir, config, piece, have, why);
    (void)close(dir);
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
