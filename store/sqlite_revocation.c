/* SPDX-License-Identifier: Apache-2.0 */

/* Entries of CRLs: in the order in which a list has them. */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_internal.h"

/* A walk has a statement of its own, so that other calls do no harm. */
struct store_revocations {
    struct sqlite_store *s; /* NULL: the store was closed */
    struct store_revocations *next;
    sqlite3_stmt *stmt;
    bool ended;  /* with its transaction */
    bool at_end; /* of the list: a step more would start again */
    char ca[STORE_ID_MAX];
};

/* What lists and deltas have to tell; in order, and the last of each alone. */
static bm_status note_change(struct sqlite_store *s, const char *ca,
                             struct bm_bytes serial)
{
    struct sqlite_query q;

    query_open(&q, s, SQL_REVOCATION_CHANGE);
    query_put_text(&q, ca, STORE_ID_MAX);
    query_put_bytes(&q, serial);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static bm_status revocation_put(void *self, const char *ca,
                                const struct store_revocation *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_REVOCATION_PUT);
    if (q.rc == BM_OK &&
        (row->serial.n == 0 || row->serial.n > STORE_SERIAL_MAX ||
         row->shard > STORE_SHARD_ANY)) {
        q.rc = BM_E_ARGUMENT;
    }
    query_put_text(&q, ca, STORE_ID_MAX);
    query_put_bytes(&q, row->serial);
    query_put_i64(&q, row->revoked);
    query_put_i64(&q, row->invalid_since);
    query_put_i64(&q, row->expires);
    query_put_i64(&q, row->shard);
    query_put_i64(&q, row->reason);
    query_run(&q);
    BM_TRY(query_close(&q));
    return note_change(self, ca, row->serial);
}

static bm_status revocation_remove(void *self, const char *ca,
                                   struct bm_bytes serial)
{
    struct sqlite_query q;

    BM_TRY(note_change(self, ca, serial));
    query_open(&q, self, SQL_REVOCATION_REMOVE);
    query_put_text(&q, ca, STORE_ID_MAX);
    query_put_bytes(&q, serial);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

/* As the statements have it. */
_Static_assert(STORE_SHARD_ANY == 1025, "sqlite_sql.h says 1025");

static enum sql walk_sql(uint32_t list)
{
    switch (list) {
    case STORE_LIST_COMPLETE:
        return SQL_REVOCATION_WALK;
    case STORE_LIST_DELTA:
        return SQL_REVOCATION_WALK_DELTA;
    default:
        return SQL_REVOCATION_WALK_SHARD;
    }
}

/* The order of the parameters is that of the statements' numbers. */
static void bind_walk(struct sqlite_query *q, const char ca[STORE_ID_MAX],
                      const struct store_revocations_of *of)
{
    query_put_text(q, ca, STORE_ID_MAX);
    query_put_i64(q, of->expires_from);
    if (of->list == STORE_LIST_DELTA) {
        query_put_i64(q, of->base_from);
        query_put_u64(q, of->base_change);
    } else if (of->list != STORE_LIST_COMPLETE) {
        query_put_i64(q, of->list);
    }
}

static bm_status revocations_open(void *self,
                                  const struct store_revocations_of *of,
                                  struct store_revocations **walk)
{
    struct sqlite_store *s = self;
    struct store_revocations *w;
    struct sqlite_query q;

    *walk = NULL;
    w = calloc(1, sizeof *w);
    if (w == NULL) {
        return BM_E_MEMORY;
    }
    query_open(&q, s, walk_sql(of->list));
    if (q.rc == BM_OK) {
        const char *end = memchr(of->ca, 0, sizeof w->ca);

        if (end == NULL) {
            q.rc = BM_E_ARGUMENT;
        } else {
            memcpy(w->ca, of->ca, (size_t)(end - of->ca) + 1);
        }
    }
    /* Bound to our copy: parameters are not copied, and the walk outlives
     * this call. */
    bind_walk(&q, w->ca, of);
    if (q.rc != BM_OK) {
        if (q.stmt != NULL) {
            sqlite3_clear_bindings(q.stmt);
        }
        free(w);
        return query_close(&q);
    }
    w->stmt = q.stmt; /* the walk's own from here on */
    w->s = s;
    w->next = s->walks;
    s->walks = w;
    *walk = w;
    return BM_OK;
}

static bm_status usable(const struct store_revocations *walk)
{
    return walk->s == NULL || walk->ended ? BM_E_STORE_STATE : BM_OK;
}

static bm_status revocations_rewind(struct store_revocations *walk)
{
    BM_TRY(usable(walk));
    sqlite3_reset(walk->stmt); /* repeats the error that was reported */
    walk->at_end = false;
    return BM_OK;
}

static bm_status revocations_next(struct store_revocations *walk,
                                  struct store_revocation *row)
{
    struct sqlite_query q = { .s = walk->s, .stmt = walk->stmt };

    memset(row, 0, sizeof *row);
    BM_TRY(usable(walk));
    if (walk->at_end) {
        return BM_E_END;
    }
    if (query_step(&q)) {
        row->serial = query_get_bytes(&q, STORE_SERIAL_MAX);
        row->revoked = query_get_i64(&q);
        row->invalid_since = query_get_i64(&q);
        row->expires = query_get_i64(&q);
        row->shard = query_get_u32(&q, STORE_SHARD_ANY);
        row->reason = (uint8_t)query_get_u32(&q, UINT8_MAX);
        row->gone = query_get_u32(&q, 1) != 0;
        if (q.rc == BM_OK && row->serial.n == 0) {
            q.rc = BM_E_STORE_CORRUPT;
        }
    }
    if (q.rc != BM_OK) {
        memset(row, 0, sizeof *row);
        walk->at_end = q.rc == BM_E_END;
    }
    return q.rc;
}

static void revocations_close(struct store_revocations *walk)
{
    struct store_revocations **at;

    if (walk == NULL) {
        return;
    }
    if (walk->s != NULL) {
        for (at = &walk->s->walks; *at != walk; at = &(*at)->next) {
        }
        *at = walk->next;
        sqlite3_finalize(walk->stmt);
    }
    free(walk);
}

static bm_status change_last(void *self, uint64_t *id)
{
    struct sqlite_query q;

    *id = 0;
    query_open(&q, self, SQL_CHANGE_LAST);
    if (query_one(&q)) {
        *id = query_get_u64(&q);
    }
    return query_close(&q);
}

static void change_read(struct sqlite_query *q, void *out)
{
    struct store_change *row = out;

    row->shard = query_get_u32(q, STORE_SHARD_ANY);
    row->id = query_get_u64(q);
}

static bm_status change_list(void *self, const char *ca,
                             const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_change row;

    query_open(&q, self, SQL_CHANGE_LIST);
    query_put_text(&q, ca, STORE_ID_MAX);
    return query_visit(&q, change_read, &row, visit);
}

static bm_status change_forget(void *self, const char *ca)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_CHANGE_FORGET);
    query_put_text(&q, ca, STORE_ID_MAX);
    query_run(&q);
    return query_close(&q);
}

void revocations_end(struct sqlite_store *s)
{
    for (struct store_revocations *w = s->walks; w != NULL; w = w->next) {
        sqlite3_reset(w->stmt);
        w->ended = true;
    }
}

void revocations_orphan(struct sqlite_store *s)
{
    while (s->walks != NULL) {
        struct store_revocations *w = s->walks;

        s->walks = w->next;
        sqlite3_finalize(w->stmt);
        w->stmt = NULL;
        w->s = NULL;
    }
}

void sqlite_revocation_fill(struct store *store)
{
    store->revocation_put = revocation_put;
    store->revocation_remove = revocation_remove;
    store->revocations_open = revocations_open;
    store->revocations_rewind = revocations_rewind;
    store->revocations_next = revocations_next;
    store->revocations_close = revocations_close;
    store->change_last = change_last;
    store->change_list = change_list;
    store->change_forget = change_forget;
}
