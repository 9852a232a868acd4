/* SPDX-License-Identifier: Apache-2.0 */

/* The handle: opening, transactions, closing. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/sqlite_internal.h"

/*
 * Settings of a connection. cache_size in KiB: upper pages of the B-trees of
 * ten million certificates; wal_autocheckpoint in pages: what one commit in
 * a thousand has to move.
 */
static const char settings[] = "PRAGMA journal_mode = WAL;"
                               "PRAGMA synchronous = FULL;"
                               "PRAGMA foreign_keys = ON;"
                               "PRAGMA cell_size_check = ON;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA secure_delete = ON;"
                               "PRAGMA cache_size = -16384;"
                               "PRAGMA wal_autocheckpoint = 1000;";

static bm_status step(struct sqlite_store *s, enum sql sql)
{
    enum sqlite_state state = s->state;
    struct sqlite_query q;

    /* Transactions themselves are allowed in every state. */
    s->state = SQLITE_STATE_WRITE;
    query_open(&q, s, sql);
    if (query_step(&q) || q.rc == BM_E_END) {
        q.rc = BM_OK;
    }
    s->state = state;
    q.write = false;
    return query_close(&q);
}

static void end(struct sqlite_store *s)
{
    revocations_end(s);
    s->state = SQLITE_STATE_IDLE;
    s->failed = BM_OK;
    s->next_cert = 0;
    s->current = false;
    s->device_seen = 0;
    s->no_idevid = false;
}

static void rollback(void *self)
{
    struct sqlite_store *s = self;

    if (s->state == SQLITE_STATE_IDLE) {
        return;
    }
    s->failed = BM_OK;
    if (s->state == SQLITE_STATE_WRITE && s->current) {
        index_rollback(s->claims);
    }
    if (!sqlite3_get_autocommit(s->db)) {
        (void)step(s, SQL_ROLLBACK);
    }
    end(s);
}

/* A log that is not waited for has what it has in order, and the next commit
 * that waits does so for all of it. */
static bm_status wait_for_disk(struct sqlite_store *s, bool wait)
{
    const char *sql =
        wait ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";

    if (s->soon == !wait) {
        return BM_OK;
    }
    BM_TRY(sqlite_db_status(s->db, sqlite3_exec(s->db, sql, NULL, NULL, NULL)));
    s->soon = !wait;
    return BM_OK;
}

static bm_status begin(void *self, enum store_mode mode)
{
    struct sqlite_store *s = self;
    bool write = mode != STORE_READ;
    bm_status rc;

    if (s->state != SQLITE_STATE_IDLE || (write && s->read_only)) {
        return BM_E_STORE_STATE;
    }
    if (write) {
        BM_TRY(wait_for_disk(s, mode == STORE_WRITE));
    }
    BM_TRY(step(s, write ? SQL_BEGIN_WRITE : SQL_BEGIN_READ));
    s->state = write ? SQLITE_STATE_WRITE : SQLITE_STATE_READ;
    rc = write ? BM_OK : step(s, SQL_PIN); /* now, not at the first read */
    if (rc != BM_OK) {
        rollback(s);
    }
    return rc;
}

/* The file overwrites what is deleted (secure_delete), the log has it still
 * until it is cut. Who reads at that moment is waited for: until after one of
 * the next commits. */
static void clear_log(struct sqlite_store *s)
{
    if (s->erased &&
        sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                  NULL) == SQLITE_OK) {
        s->erased = false;
    }
}

static bm_status commit(void *self)
{
    struct sqlite_store *s = self;
    bm_status rc;

    if (s->state == SQLITE_STATE_IDLE) {
        return BM_E_STORE_STATE;
    }
    rc = s->failed;
    if (rc == BM_OK && s->state == SQLITE_STATE_WRITE && s->current) {
        rc = index_commit(s->claims);
    }
    if (rc == BM_OK) {
        rc = step(s, SQL_COMMIT);
    }
    if (rc != BM_OK) {
        rollback(s);
        return rc;
    }
    if (s->state == SQLITE_STATE_WRITE && s->current) {
        index_committed(s->claims);
    }
    end(s);
    clear_log(s);
    return BM_OK;
}

static void close_store(void *self)
{
    struct sqlite_store *s = self;

    rollback(s);
    revocations_orphan(s);
    for (size_t i = 0; i < SQL_COUNT; i++) {
        for (size_t k = 0; k < SCOPE_SHAPES; k++) {
            sqlite3_finalize(s->cached[i][k]);
        }
    }
    sqlite3_close(s->db); /* moves the log into the file if we are the last */
    index_free(s->claims);
    free(s->view);
    free(s->path);
    free(s);
}

static bm_status configure(struct sqlite_store *s)
{
    struct sqlite_query q;

    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* We have neither: one that is there was made to act in our name, or to
     * show us another store than the one that is read by others. */
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, SQLITE_BLOB_MAX);
    (void)sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
    BM_TRY(sqlite_db_status(s->db,
                            sqlite3_exec(s->db, settings, NULL, NULL, NULL)));
    BM_TRY(sqlite_schema_check(s->db, s->path, s->read_only));
    s->state = SQLITE_STATE_READ;
    query_open(&q, s, SQL_SECRET_GET);
    query_put_text(&q, "device", sizeof "device");
    if (query_one(&q)) {
        query_get_fixed(&q, s->device_key, sizeof s->device_key);
    }
    s->state = SQLITE_STATE_IDLE;
    return query_close(&q);
}

static void fill(struct sqlite_store *s)
{
    struct store *store = &s->base;

    store->self = s;
    store->begin = begin;
    store->commit = commit;
    store->rollback = rollback;
    store->close = close_store;
    sqlite_organisation_fill(store);
    sqlite_allocation_fill(store);
    sqlite_ca_fill(store);
    sqlite_device_fill(store);
    sqlite_attribute_fill(store);
    sqlite_cert_fill(store);
    sqlite_renewal_fill(store);
    sqlite_signal_fill(store);
    sqlite_transfer_fill(store);
    sqlite_claim_fill(store);
    sqlite_revocation_fill(store);
    sqlite_token_fill(store);
    sqlite_attestation_fill(store);
    sqlite_manufacturer_fill(store);
    sqlite_outbox_fill(store);
    sqlite_request_fill(store);
    sqlite_release_fill(store);
    sqlite_delivery_fill(store);
    sqlite_batch_fill(store);
    sqlite_ledger_fill(store);
    sqlite_care_fill(store);
}

bm_status store_sqlite_open(const struct store_sqlite_config *config,
                            struct store **store)
{
    struct sqlite_store *s = NULL;
    bm_status rc = BM_E_INTERNAL;

    *store = NULL;
    /* Nobody asks what SQLite has allocated; counting takes a lock for each
     * piece. Refused, harmlessly, once a store has been opened. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (config->create) {
        BM_TRY(sqlite_file_create(config->path));
    } else if (access(config->path, F_OK) != 0) {
        return BM_E_NOT_FOUND;
    }
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        return BM_E_MEMORY;
    }
    fill(s);
    s->read_only = config->read_only;
    s->path = strdup(config->path);
    if (s->path == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    rc = claim_open(s, config->index);
    if (rc != BM_OK) {
        goto out;
    }
    rc = config->beside_writer
             ? sqlite_connect_beside(config->path, &s->db)
             : sqlite_connect(config->path,
                              config->read_only ? SQLITE_OPEN_READONLY
                                                : SQLITE_OPEN_READWRITE,
                              &s->db);
    if (rc != BM_OK) {
        goto out;
    }
    rc = configure(s);
    if (rc == BM_OK) {
        *store = &s->base;
        s = NULL;
    }

out:
    if (s != NULL) {
        close_store(s);
    }
    return rc;
}
