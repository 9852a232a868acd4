/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_SQLITE_INTERNAL_H
#define BM_STORE_SQLITE_INTERNAL_H

#include <sqlite3.h>

#include "store/index.h"
#include "store/sqlite.h"
#include "store/sqlite_sql.h"

/* What the files of the SQLite store share. */

/* Which members of a scope restrict: a statement is prepared per shape. */
#define SCOPE_SHAPES 4

enum sqlite_state {
    SQLITE_STATE_IDLE,
    SQLITE_STATE_READ,
    SQLITE_STATE_WRITE
};

struct sqlite_store {
    struct store base;
    sqlite3 *db;
    char *path;
    bool read_only;
    enum sqlite_state state;
    bool soon;              /* commits do not wait for the disk */
    bm_status failed;       /* why this transaction can only be rolled back */
    uint64_t next_cert;     /* id to hand out next; 0: not known yet */
    uint8_t device_key[16]; /* of the hash over names of devices */
    uint64_t device_seen;   /* a device of this transaction that is there, */
    uint32_t device_organisation; /* and whose it is */
    bool no_idevid; /* this transaction has seen that there is none at all */
    struct index *claims;
    int64_t data_version; /* of what `claims` has in memory */
    bool current;         /* `claims` was compared in this transaction */
    bool erased; /* something that must not be found in the log, either */
    struct store_revocations *walks; /* all that are open */
    uint8_t *view; /* what the last row handed out points into */
    size_t view_cap;
    size_t view_n;
    sqlite3_stmt *cached[SQL_COUNT][SCOPE_SHAPES];
};

/* What a failure of SQLite is in our words. */
bm_status sqlite_status(int code);

/* The same, looking at what the system told the connection: that a file could
 * not be made or mapped because the disk is full. `db` may be NULL. */
bm_status sqlite_db_status(sqlite3 *db, int code);

/*
 * One use of a statement. Errors stick: the first one stays in `rc`, later
 * calls do nothing, and query_close() returns it.
 *
 *     query_open(&q, s, SQL_DEVICE_GET);
 *     query_put_u64(&q, id);
 *     query_put_scope(&q, scope);
 *     if (query_one(&q)) {
 *         device_read(&q, row);
 *     }
 *     return query_close(&q);
 */
struct sqlite_query {
    struct sqlite_store *s;
    sqlite3_stmt *stmt;
    bm_status rc;
    enum sql sql;
    int shape;
    int at; /* parameter or column that is next */
    bool write;
    bool keep; /* views outlive the statement */
};

void query_open(struct sqlite_query *q, struct sqlite_store *s, enum sql sql);
/* With a scope, which is bound by query_put_scope(), last. */
void query_open_scope(struct sqlite_query *q, struct sqlite_store *s,
                      enum sql sql, const struct store_scope *scope);

void query_put_i64(struct sqlite_query *q, int64_t v);
void query_put_u64(struct sqlite_query *q, uint64_t v); /* below 2^63 */
void query_put_bytes(struct sqlite_query *q, struct bm_bytes b);
/* A string in an array of `cap`: BM_E_ARGUMENT without its NUL. */
void query_put_text(struct sqlite_query *q, const char *s, size_t cap);
void query_put_scope(struct sqlite_query *q, const struct store_scope *scope);

/* The next row: BM_E_END in `rc` after the last, and false. */
bool query_step(struct sqlite_query *q);
/* The only row, whose views stay when the query is closed. NOT_FOUND. */
bool query_one(struct sqlite_query *q);
/* Write. A constraint that is broken is BM_E_STORE_CONFLICT. */
void query_run(struct sqlite_query *q);
/* Write, where at least one row must change; else `none`. */
void query_change(struct sqlite_query *q, bm_status none);

/*
 * Columns, from left to right. What does not have the type or is outside of
 * its bounds is BM_E_STORE_CORRUPT, and zero.
 */
int64_t query_get_i64(struct sqlite_query *q);
uint64_t query_get_u64(struct sqlite_query *q);
uint32_t query_get_u32(struct sqlite_query *q, uint32_t max);
void query_get_text(struct sqlite_query *q, char *text, size_t cap);
void query_get_fixed(struct sqlite_query *q, uint8_t *out, size_t n);
struct bm_bytes query_get_bytes(struct sqlite_query *q, size_t max);

bm_status query_close(struct sqlite_query *q);

/* Walk all rows: `read` fills `row`, the visitor gets it. Closes `q`. */
bm_status query_visit(struct sqlite_query *q,
                      void (*read)(struct sqlite_query *q, void *row),
                      void *row, const struct store_visit *visit);

/* Longest blob that is believed when read: a certificate is a few hundred
 * octets, a list made elsewhere may have megabytes. */
#define SQLITE_BLOB_MAX (64U * 1024 * 1024)

/* sqlite_steps.c: what each version of the schema adds, in order. */
extern const char *const sqlite_steps[];
extern const size_t sqlite_steps_n;

/* sqlite_schema.c: make, check, migrate. */
bm_status sqlite_schema_create(sqlite3 *db);
bm_status sqlite_schema_check(sqlite3 *db, const char *path, bool read_only);

/* sqlite_file.c: files that appear whole or not at all. */
bm_status sqlite_connect(const char *path, int flags, sqlite3 **db);
BM_MUST_CHECK bm_status sqlite_connect_beside(const char *path, sqlite3 **db);
bm_status sqlite_file_create(const char *path);
bm_status sqlite_file_copy(sqlite3 *from, const char *path,
                           void (*progress)(void *arg, uint64_t done,
                                            uint64_t total),
                           void *arg);
/* The copy that a migration leaves behind: PATH.vN.bak. */
bm_status sqlite_file_backup(const char *path, int version);

/* sqlite_claim.c */
bm_status claim_open(struct sqlite_store *s, const struct index_params *params);
bm_status claim_check(struct sqlite_store *s, struct bm_wr *words);
bm_status claim_put(void *self, enum store_claim kind,
                    const uint8_t hash[STORE_HASH_SIZE], uint64_t ref);
bm_status claim_list(void *self, enum store_claim kind,
                     const uint8_t hash[STORE_HASH_SIZE],
                     const struct store_visit *visit);

/* sqlite_attribute.c: is every attribute found that is one device's? */
bm_status attribute_check(struct sqlite_store *s, struct bm_wr *words);

/* sqlite_device.c: is every device found by its name? */
bm_status device_check(struct sqlite_store *s, struct bm_wr *words);

/* Walks end with their transaction. */
void revocations_end(struct sqlite_store *s);
/* ... and lose their store when it is closed. */
void revocations_orphan(struct sqlite_store *s);

/* The functions of `struct store`, a file per subject. */
void sqlite_organisation_fill(struct store *store);
void sqlite_allocation_fill(struct store *store);
void sqlite_ca_fill(struct store *store);
void sqlite_device_fill(struct store *store);
void sqlite_attribute_fill(struct store *store);
void sqlite_cert_fill(struct store *store);
void sqlite_renewal_fill(struct store *store);
void sqlite_signal_fill(struct store *store);
void sqlite_transfer_fill(struct store *store);
void sqlite_claim_fill(struct store *store);
void sqlite_revocation_fill(struct store *store);
void sqlite_token_fill(struct store *store);
void sqlite_attestation_fill(struct store *store);
void sqlite_manufacturer_fill(struct store *store);
void sqlite_outbox_fill(struct store *store);
void sqlite_request_fill(struct store *store);
void sqlite_release_fill(struct store *store);
void sqlite_delivery_fill(struct store *store);
void sqlite_batch_fill(struct store *store);
void sqlite_ledger_fill(struct store *store);
void sqlite_care_fill(struct store *store);

#endif
