/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/backup.h"
#include "server/blobs.h"
#include "server/instance_internal.h"
#include "store/sqlite.h"

/* As large as what the instance itself would read, or more. */
static const struct archive_kind kinds[] = {
    { "birthmark.yaml", (uint64_t)64 << 10, 0644 },
    { "birthmark.db", (uint64_t)1 << 44, 0600 }, /* the disk is the limit */
    { "bad-keys.txt", (uint64_t)80 << 20, 0644 },
    { "ledger.pub", (uint64_t)64 << 10, 0644 },
    { "operator/operator.pem", (uint64_t)64 << 10, 0644 },
    { "profiles/", (uint64_t)64 << 10, 0644 },
    { INSTANCE_VERSIONS "/", (uint64_t)64 << 10, 0644 },
    { "ca/", (uint64_t)64 << 10, 0644 },
    { "crl/", (uint64_t)4 << 30, 0644 },
    { BLOBS_DIR "/", CA_BLOB_MAX, 0644 },
    { "journal/", (uint64_t)64 << 20, 0600 },
    { "keys/unlock", 0, 0600 }, /* never in a backup */
    { "keys/", (uint64_t)64 << 10, 0600 },
    { NULL, 0, 0 },
};
#define TOTAL_MAX ((uint64_t)1 << 45)

/* Without these it is no instance. */
static const char *const needed[] = { "birthmark.yaml", "birthmark.db",
                                      "ledger.pub", "operator/operator.pem" };

/* Those that have no file in the archive are made empty. */
static const char *const folders[] = {
    "profiles", "ca", "keys", "crl", "ledger", "journal", "operator", "run"
};

struct restoring {
    const struct backup_restore_config *config;
    struct backup_restored *restored;
    struct ca_refusal *why;
    char dir[FILES_PATH_MAX]; /* without slashes at its end */
    char new[FILES_PATH_MAX]; /* where it is built */
};

/* What an interrupted restore left there was never an instance. */
static bm_status begin(struct restoring *r)
{
    size_t n = strlen(r->config->dir);

    while (n > 1 && r->config->dir[n - 1] == '/') {
        n--;
    }
    if (n + sizeof ".new" > sizeof r->new) {
        return ca_refuse(r->why, BM_E_LIMIT, "%s", r->config->dir);
    }
    memcpy(r->dir, r->config->dir, n);
    memcpy(r->new, r->config->dir, n);
    memcpy(r->new + n, ".new", sizeof ".new");
    BM_TRY(files_is_free(r->dir, r->why));
    return files_remove_tree(r->new, r->why);
}

static bm_status unpack(struct restoring *r)
{
    const struct archive_unpack_config config = {
        .crypto = r->config->port->crypto,
        .path = r->config->path,
        .kinds = kinds,
        .total_max = TOTAL_MAX,
        .dir = r->new,
    };

    return archive_unpack(&config, &r->restored->archive, r->why);
}

static bm_status check_needed(struct restoring *r)
{
    char path[FILES_PATH_MAX];

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        BM_TRY(files_path(path, r->new, needed[i]));
        if (access(path, F_OK) != 0) {
            return ca_refuse(r->why, BM_E_ARCHIVE,
                             "%s is not of an instance: no %s in it",
                             r->config->path, needed[i]);
        }
    }
    return BM_OK;
}

static bm_status make_folders(struct restoring *r)
{
    char path[FILES_PATH_MAX];

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        BM_TRY(files_path(path, r->new, folders[i]));
        if (access(path, F_OK) != 0) {
            BM_TRY(files_make_dir(path, 0700, r->why));
        }
    }
    BM_TRY(blobs_make_dir(r->new, r->why));
    return files_sync_dir(r->new, r->why);
}

/* For writing: the store of an older version is brought up to date by it. */
static bm_status open_store(const struct restoring *r, struct store **store)
{
    char path[FILES_PATH_MAX];
    struct store_sqlite_config config = { .path = path };
    bm_status rc;

    BM_TRY(files_path(path, r->new, "birthmark.db"));
    rc = store_sqlite_open(&config, store);
    return rc == BM_OK
               ? BM_OK
               : ca_refuse(r->why, rc, "birthmark.db in %s", r->config->path);
}

/* The ledger as it was; that it can be read shows that the parts are of one
 * instance. */
static bm_status read_ledger(struct restoring *r)
{
    struct instance *books;
    bm_status rc;

    BM_TRY(instance_open_books(r->new, r->config->port, &books, r->why));
    rc = ca_ledger_head(books->ledger, &r->restored->ledger.head);
    instance_close(books);
    r->restored->ledger.created = r->restored->archive.created;
    return rc == BM_OK
               ? BM_OK
               : ca_refuse(r->why, rc, "the ledger in %s", r->config->path);
}

static bm_status put_mark(const struct restoring *r, const struct store *s)
{
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_WRITE));
    rc = ca_restored_put(s, &r->restored->ledger);
    if (rc == BM_OK) {
        rc = s->commit(s->self);
    }
    s->rollback(s->self);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(r->why, rc);
}

static bm_status mark(struct restoring *r)
{
    struct store *s;
    bm_status rc;

    BM_TRY(open_store(r, &s));
    rc = read_ledger(r);
    if (rc == BM_OK) {
        rc = put_mark(r, s);
    }
    s->close(s->self);
    return rc;
}

static bm_status build(struct restoring *r)
{
    BM_TRY(unpack(r));
    BM_TRY(check_needed(r));
    BM_TRY(make_folders(r));
    BM_TRY(mark(r));
    return files_move_dir(r->new, r->dir, r->why);
}

bm_status backup_restore(const struct backup_restore_config *config,
                         struct backup_restored *restored,
                         struct ca_refusal *why)
{
    struct restoring *r = calloc(1, sizeof *r);
    bm_status rc = BM_E_MEMORY;

    memset(restored, 0, sizeof *restored);
    if (r == NULL) {
        return ca_refuse_plain(why, rc);
    }
    r->config = config;
    r->restored = restored;
    r->why = why;
    rc = begin(r);
    if (rc == BM_OK) {
        rc = build(r);
        if (rc != BM_OK && files_remove_tree(r->new, NULL) != BM_OK) {
            /* It is no instance, and the next attempt removes it. */
            rc = ca_refuse_plain(why, rc);
        }
    }
    if (rc != BM_OK) {
        memset(restored, 0, sizeof *restored);
    }
    free(r);
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}
