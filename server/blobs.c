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
#include "server/pieces.h"

/* Hexadecimal digits, a number behind a point, PIECES_PART and a NUL. */
#define NAME_ROOM (2 * STORE_HASH_SIZE + sizeof ".4294967295" PIECES_PART)

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
    (void)snprintf(names->part, NAME_ROOM, "%.64s.%" PRIu32 PIECES_PART,
                   names->name, organisation);
}

static bm_status fail(struct ca_refusal *why, const char *name)
{
    return pieces_fail(BLOBS_DIR, name, why);
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
            strcmp(e->d_name + n - (sizeof PIECES_PART - 1), PIECES_PART) ==
                0) {
            (void)unlinkat(dirfd(d), e->d_name, 0);
        }
    }
    if (d != NULL) {
        (void)closedir(d);
    }
}

bm_status blobs_make_dir(const char *dir, struct ca_refusal *why)
{
    bm_status rc = pieces_make_dir(dir, BLOBS_DIR, why);

    return rc == BM_E_EXISTS ? BM_OK : rc;
}

/* ---- Putting */

static bm_status check(const struct ca_blob_piece *piece,
                       struct ca_refusal *why)
{
    if (piece->size == 0 || piece->size > CA_BLOB_MAX) {
        return ca_refuse(why, BM_E_LIMIT, "a blob has 1 to %" PRIu32 " octets",
                         CA_BLOB_MAX);
    }
    return BM_OK;
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
    struct names names;
    struct pieces p = { .folder = BLOBS_DIR,
                        .name = names.name,
                        .part = names.part,
                        .mark = names.mark,
                        .crypto = crypto };
    char path[FILES_PATH_MAX];
    struct stat st;
    bm_status rc = BM_E_INTERNAL;

    *have = 0;
    BM_TRY(check(piece, why));
    BM_TRY(files_path(path, dir, BLOBS_DIR));
    put_names(piece->hash, piece->organisation, &names);
    p.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p.dir < 0) {
        return fail(why, "");
    }
    if (!is_put(p.dir, &names, &st)) {
        rc = errno == ENOENT ? pieces_put(&p, piece, have, why)
                             : fail(why, names.name);
    } else if ((uint64_t)st.st_size == piece->size) {
        *have = piece->size;
        rc = BM_OK;
    } else {
        rc = ca_refuse(why, BM_E_ARGUMENT, "that blob has %lld octets",
                       (long long)st.st_size);
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
