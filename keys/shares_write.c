/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/shares_write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/internal.h"
#include "keys/share_qr.h"

#define PAGE_SUFFIX ".svg"

struct writing {
    const struct bm_shares_files *files;
    int dir;
    uint8_t *room; /* BM_SHARE_QR_MAX */
    size_t made;   /* files, two for each share */
    char name[BM_SHARE_FILE_MAX + sizeof BM_SHARE_SUFFIX];
};

void bm_shares_file(const struct bm_shares_files *files, size_t i,
                    char name[BM_SHARE_FILE_MAX])
{
    const struct bm_share *share = &files->shares[i];
    size_t n = (size_t)snprintf(name, BM_SHARE_FILE_MAX, "%.32s%u-",
                                files->prefix == NULL ? "" : files->prefix,
                                (unsigned)share->x);

    for (const char *p = share->custodian; *p != '\0'; p++) {
        uint8_t c = text_lower((uint8_t)*p);
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (is_plain || name[n - 1] != '-') {
            name[n++] = is_plain ? (char)c : '-';
        }
    }
    /* The number stays, whatever the name is made of. */
    while (name[n - 1] == '-') {
        n--;
    }
    name[n] = '\0';
}

/* Files 2 * i and 2 * i + 1 are those of share i. */
static void name_file(struct writing *w, size_t file)
{
    char name[BM_SHARE_FILE_MAX];

    bm_shares_file(w->files, file / 2, name);
    (void)snprintf(w->name, sizeof w->name, "%s%s", name,
                   file % 2 == 0 ? BM_SHARE_SUFFIX : PAGE_SUFFIX);
}

static bm_status put_file(struct writing *w, size_t file)
{
    const struct bm_crypto *crypto = w->files->crypto;
    const struct bm_share *share = &w->files->shares[file / 2];
    struct bm_wr out;
    size_t n;
    bm_status rc;

    name_file(w, file);
    bm_wr_init(&out, w->room, BM_SHARE_QR_MAX);
    rc = file % 2 == 0 ? bm_share_put(crypto, share, &out)
                       : bm_share_qr_svg(crypto, share, &out);
    if (rc == BM_OK) {
        rc = bm_wr_finish(&out, &n);
    }
    if (rc == BM_OK) {
        rc = disk_create(w->dir, w->name, bm_wr_bytes(&out));
    }
    return rc;
}

static bm_status put_files(struct writing *w)
{
    while (w->made < (size_t)2 * w->files->shares[0].n) {
        BM_TRY(put_file(w, w->made));
        w->made++;
    }
    return BM_OK;
}

static void remove_files(struct writing *w)
{
    while (w->made > 0) {
        name_file(w, --w->made);
        (void)unlinkat(w->dir, w->name, 0);
    }
}

static bm_status read_again(struct writing *w, size_t i, struct bm_share *share)
{
    const struct disk_file file = { w->dir, w->name, DISK_PRIVATE };
    size_t n;

    name_file(w, 2 * i);
    BM_TRY(disk_read_file(&file, w->room, BM_SHARE_READ_MAX, &n));
    BM_TRY(bm_share_parse(w->files->crypto, (struct bm_bytes){ w->room, n },
                          share));
    /* A disk that says yes and keeps something else. */
    return memcmp(share, &w->files->shares[i], sizeof *share) == 0 ? BM_OK
                                                                   : BM_E_IO;
}

static bm_status verify(struct writing *w, uint8_t secret[BM_UNLOCK_SIZE])
{
    struct bm_shares together = { .count = 0 };
    struct bm_share share = { .n = 0 };
    bm_status rc = BM_OK;

    for (size_t i = 0; rc == BM_OK && i < w->files->shares[0].n; i++) {
        rc = read_again(w, i, &share);
        if (rc == BM_OK) {
            rc = bm_shares_add(&together, &share);
        }
    }
    if (rc == BM_OK) {
        rc = bm_shares_combine(w->files->crypto, &together, secret);
    }
    bm_wipe(&share, sizeof share);
    bm_shares_wipe(&together);
    return rc;
}

bm_status bm_shares_write(const struct bm_shares_files *files,
                          uint8_t secret[BM_UNLOCK_SIZE],
                          char why[BM_SHARES_WHY_MAX])
{
    struct writing w = { .files = files, .dir = -1 };
    bm_status rc = BM_E_INTERNAL;

    why[0] = '\0';
    memset(secret, 0, BM_UNLOCK_SIZE);
    w.room = malloc(BM_SHARE_QR_MAX);
    if (w.room == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    rc = disk_open_dir(files->dir, &w.dir);
    if (rc != BM_OK) {
        goto out;
    }
    rc = put_files(&w);
    if (rc == BM_OK) {
        rc = verify(&w, secret);
    }
    if (rc != BM_OK) {
        (void)snprintf(why, BM_SHARES_WHY_MAX, "%s", w.name);
        remove_files(&w);
    }

out:
    if (w.room != NULL) {
        bm_wipe(w.room, BM_SHARE_QR_MAX);
    }
    free(w.room);
    if (w.dir >= 0) {
        (void)close(w.dir);
    }
    return rc;
}

void bm_shares_unwrite(const struct bm_shares_files *files)
{
    struct writing w = { .files = files,
                         .made = (size_t)2 * files->shares[0].n };

    if (disk_open_dir(files->dir, &w.dir) == BM_OK) {
        remove_files(&w);
        (void)close(w.dir);
    }
}
