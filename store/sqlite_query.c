/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Statements: prepared once per handle, bound from left to right, read from
 * left to right. Nothing that a row holds is believed: a file that somebody
 * changed must not make a fixed array overflow.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_internal.h"

/* Longest statement with its scope filled in. */
#define SQL_TEXT_MAX 1024

static const char *const texts[] = {
#define X(name, text) text,
    SQL_LIST(X)
#undef X
};

/* By shape: bit 0: the organisation restricts, bit 1: the ecosystem. */
#define OF_ECOSYSTEM \
    "organisation IN (SELECT id FROM organisation WHERE ecosystem = ?)"
static const char *const scopes[SCOPE_SHAPES] = {
    "1",
    "organisation = ?",
    /* `+`: the order of ids is wanted, not an index to sort by. */
    "+" OF_ECOSYSTEM,
    "organisation = ? AND " OF_ECOSYSTEM,
};

static int shape_of(const struct store_scope *scope)
{
    return (scope->organisation != 0 ? 1 : 0) + (scope->ecosystem != 0 ? 2 : 0);
}

bm_status sqlite_status(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return BM_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return BM_E_BUSY;
    case SQLITE_FULL:
        return BM_E_FULL;
    case SQLITE_NOMEM:
        return BM_E_MEMORY;
    case SQLITE_IOERR:
        return code == SQLITE_IOERR_NOMEM ? BM_E_MEMORY : BM_E_IO;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return BM_E_IO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH:
        return BM_E_STORE_CORRUPT;
    case SQLITE_CONSTRAINT:
        return BM_E_STORE_CONFLICT;
    case SQLITE_TOOBIG:
        return BM_E_LIMIT;
    default:
        return BM_E_STORE;
    }
}

/* SQLITE_FULL is about writing alone: a log that cannot be made is
 * SQLITE_CANTOPEN, its index that cannot grow is SQLITE_IOERR. */
bm_status sqlite_db_status(sqlite3 *db, int code)
{
    bm_status rc = sqlite_status(code);

    if (rc == BM_E_IO && db != NULL) {
        switch (sqlite3_system_errno(db)) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return BM_E_FULL;
        default:
            break;
        }
    }
    return rc;
}

static bm_status prepare(struct sqlite_query *q)
{
    char text[SQL_TEXT_MAX];
    struct bm_wr w;
    const char *sql = texts[q->sql];
    const char *mark = strstr(sql, "$scope");
    size_t n;

    bm_wr_init(&w, (uint8_t *)text, sizeof text);
    if (mark != NULL) {
        bm_wr_put(&w, (struct bm_bytes){ (const uint8_t *)sql,
                                         (size_t)(mark - sql) });
        bm_wr_str(&w, scopes[q->shape]);
        sql = mark + strlen("$scope");
    }
    bm_wr_str(&w, sql);
    BM_TRY(bm_wr_finish(&w, &n));
    return sqlite_db_status(q->s->db,
                            sqlite3_prepare_v3(q->s->db, text, (int)n,
                                               SQLITE_PREPARE_PERSISTENT,
                                               &q->stmt, NULL));
}

/* Is this call allowed in the state that the transaction is in? */
static bm_status allowed(const struct sqlite_query *q)
{
    if (q->s->state == SQLITE_STATE_IDLE ||
        (q->write && q->s->state != SQLITE_STATE_WRITE)) {
        return BM_E_STORE_STATE;
    }
    return q->s->failed;
}

static void open_shape(struct sqlite_query *q, struct sqlite_store *s,
                       enum sql sql, int shape)
{
    sqlite3_stmt **cached = &s->cached[sql][shape];

    memset(q, 0, sizeof *q);
    q->s = s;
    q->sql = sql;
    q->shape = shape;
    if (*cached != NULL) {
        q->stmt = *cached;
        *cached = NULL;
    } else {
        q->rc = prepare(q);
    }
    if (q->rc == BM_OK) {
        q->write = sqlite3_stmt_readonly(q->stmt) == 0;
        q->rc = allowed(q);
    }
}

void query_open(struct sqlite_query *q, struct sqlite_store *s, enum sql sql)
{
    open_shape(q, s, sql, 0);
}

void query_open_scope(struct sqlite_query *q, struct sqlite_store *s,
                      enum sql sql, const struct store_scope *scope)
{
    open_shape(q, s, sql, shape_of(scope));
}

static void check(struct sqlite_query *q, int code)
{
    if (q->rc == BM_OK) {
        q->rc = sqlite_status(code);
    }
}

void query_put_i64(struct sqlite_query *q, int64_t v)
{
    if (q->rc == BM_OK) {
        check(q, sqlite3_bind_int64(q->stmt, ++q->at, v));
    }
}

void query_put_u64(struct sqlite_query *q, uint64_t v)
{
    if (q->rc == BM_OK && v > INT64_MAX) {
        q->rc = BM_E_ARGUMENT;
    }
    query_put_i64(q, (int64_t)v);
}

void query_put_bytes(struct sqlite_query *q, struct bm_bytes b)
{
    if (q->rc != BM_OK) {
        return;
    }
    if (b.n == 0) { /* a pointer that is NULL would bind NULL */
        check(q, sqlite3_bind_zeroblob(q->stmt, ++q->at, 0));
    } else if (b.n > SQLITE_BLOB_MAX) {
        q->rc = BM_E_LIMIT;
    } else {
        check(q, sqlite3_bind_blob(q->stmt, ++q->at, b.p, (int)b.n,
                                   SQLITE_STATIC));
    }
}

void query_put_text(struct sqlite_query *q, const char *s, size_t cap)
{
    const char *end;

    if (q->rc != BM_OK) {
        return;
    }
    end = memchr(s, 0, cap);
    if (end == NULL) {
        q->rc = BM_E_ARGUMENT;
        return;
    }
    check(q, sqlite3_bind_text(q->stmt, ++q->at, s, (int)(end - s),
                               SQLITE_STATIC));
}

void query_put_scope(struct sqlite_query *q, const struct store_scope *scope)
{
    if (q->rc != BM_OK) {
        return;
    }
    q->at = sqlite3_bind_parameter_count(q->stmt) -
            (scope->organisation != 0 ? 1 : 0) -
            (scope->ecosystem != 0 ? 1 : 0);
    if (scope->organisation != 0) {
        query_put_i64(q, scope->organisation);
    }
    if (scope->ecosystem != 0) {
        query_put_i64(q, scope->ecosystem);
    }
}

bool query_step(struct sqlite_query *q)
{
    int code;

    if (q->rc != BM_OK) {
        return false;
    }
    q->at = 0;
    code = sqlite3_step(q->stmt);
    if (code == SQLITE_ROW) {
        return true;
    }
    q->rc = code == SQLITE_DONE ? BM_E_END : sqlite_db_status(q->s->db, code);
    return false;
}

/* Room for all blobs of this row at once, so that no view moves. */
static bm_status reserve(struct sqlite_query *q)
{
    struct sqlite_store *s = q->s;
    size_t n = 0;

    for (int i = 0; i < sqlite3_column_count(q->stmt); i++) {
        if (sqlite3_column_type(q->stmt, i) == SQLITE_BLOB) {
            n += (size_t)sqlite3_column_bytes(q->stmt, i);
        }
    }
    s->view_n = 0;
    if (n > s->view_cap) {
        uint8_t *bigger = realloc(s->view, n);

        if (bigger == NULL) {
            return BM_E_MEMORY;
        }
        s->view = bigger;
        s->view_cap = n;
    }
    return BM_OK;
}

bool query_one(struct sqlite_query *q)
{
    if (!query_step(q)) {
        if (q->rc == BM_E_END) {
            q->rc = BM_E_NOT_FOUND;
        }
        return false;
    }
    q->keep = true;
    q->rc = reserve(q);
    return q->rc == BM_OK;
}

void query_run(struct sqlite_query *q)
{
    if (query_step(q)) {
        q->rc = BM_E_INTERNAL; /* a statement that writes has no rows */
    } else if (q->rc == BM_E_END) {
        q->rc = BM_OK;
    }
}

void query_change(struct sqlite_query *q, bm_status none)
{
    query_run(q);
    if (q->rc == BM_OK && sqlite3_changes(q->s->db) == 0) {
        q->rc = none;
    }
}

/* The number of the next column, if it has the type; else -1. */
static int column(struct sqlite_query *q, int type)
{
    int i = q->at++;

    if (q->rc != BM_OK) {
        return -1;
    }
    if (sqlite3_column_type(q->stmt, i) != type) {
        q->rc = BM_E_STORE_CORRUPT;
        return -1;
    }
    return i;
}

int64_t query_get_i64(struct sqlite_query *q)
{
    int i = column(q, SQLITE_INTEGER);

    return i < 0 ? 0 : sqlite3_column_int64(q->stmt, i);
}

uint64_t query_get_u64(struct sqlite_query *q)
{
    int64_t v = query_get_i64(q);

    if (v < 0) {
        q->rc = BM_E_STORE_CORRUPT;
        return 0;
    }
    return (uint64_t)v;
}

uint32_t query_get_u32(struct sqlite_query *q, uint32_t max)
{
    uint64_t v = query_get_u64(q);

    if (v > max) {
        q->rc = BM_E_STORE_CORRUPT;
        return 0;
    }
    return (uint32_t)v;
}

void query_get_text(struct sqlite_query *q, char *text, size_t cap)
{
    int i = column(q, SQLITE_TEXT);
    const unsigned char *p;
    size_t n;

    text[0] = '\0';
    if (i < 0) {
        return;
    }
    p = sqlite3_column_text(q->stmt, i);
    n = (size_t)sqlite3_column_bytes(q->stmt, i);
    if (p == NULL) {
        q->rc = BM_E_MEMORY;
    } else if (n >= cap || memchr(p, 0, n) != NULL) {
        q->rc = BM_E_STORE_CORRUPT;
    } else {
        memcpy(text, p, n);
        text[n] = '\0';
    }
}

/* A blob of this row, as SQLite has it. */
static struct bm_bytes blob(struct sqlite_query *q, size_t min, size_t max)
{
    struct bm_bytes b = { NULL, 0 };
    int i = column(q, SQLITE_BLOB);

    if (i < 0) {
        return b;
    }
    b.p = sqlite3_column_blob(q->stmt, i);
    b.n = (size_t)sqlite3_column_bytes(q->stmt, i);
    if (b.n < min || b.n > max) {
        q->rc = BM_E_STORE_CORRUPT;
    } else if (b.p == NULL && b.n != 0) {
        q->rc = BM_E_MEMORY;
    }
    return q->rc == BM_OK ? b : (struct bm_bytes){ NULL, 0 };
}

void query_get_fixed(struct sqlite_query *q, uint8_t *out, size_t n)
{
    struct bm_bytes b = blob(q, n, n);

    if (b.p != NULL) {
        memcpy(out, b.p, n);
    } else {
        memset(out, 0, n);
    }
}

struct bm_bytes query_get_bytes(struct sqlite_query *q, size_t max)
{
    struct sqlite_store *s = q->s;
    struct bm_bytes b = blob(q, 0, max);

    if (q->keep && b.n != 0) {
        if (b.n > s->view_cap - s->view_n) {
            q->rc = BM_E_INTERNAL; /* reserve() made room for all */
            return (struct bm_bytes){ NULL, 0 };
        }
        memcpy(s->view + s->view_n, b.p, b.n);
        b.p = s->view + s->view_n;
        s->view_n += b.n;
    }
    return b;
}

bm_status query_close(struct sqlite_query *q)
{
    sqlite3_stmt **cached = &q->s->cached[q->sql][q->shape];

    if (q->stmt != NULL) {
        sqlite3_reset(q->stmt); /* repeats the error that `rc` has */
        if (*cached == NULL) {
            *cached = q->stmt;
        } else {
            sqlite3_finalize(q->stmt);
        }
        q->stmt = NULL;
    }
    /* After a failed write only a rollback makes sense; and SQLite has rolled
     * back by itself after some failures, whatever the call was. */
    if (q->rc != BM_OK && q->s->state != SQLITE_STATE_IDLE &&
        q->s->failed == BM_OK &&
        ((q->write && q->s->state == SQLITE_STATE_WRITE) ||
         sqlite3_get_autocommit(q->s->db))) {
        q->s->failed = q->rc;
    }
    return q->rc;
}

bm_status query_visit(struct sqlite_query *q,
                      void (*read)(struct sqlite_query *q, void *row),
                      void *row, const struct store_visit *visit)
{
    while (query_step(q)) {
        read(q, row);
        if (q->rc == BM_OK) {
            q->rc = visit->row(visit->arg, row);
        }
    }
    if (q->rc == BM_E_END) {
        q->rc = BM_OK;
    }
    return query_close(q);
}
