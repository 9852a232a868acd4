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

static bm_status revocation_put(void *self, const char *ca,
                                const struct store_revocation *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_REVOCATION_PUT);
    if (q.rc == BM_OK &&
        (row->serial.n == 0 || row->serial.n > STORE_SERIAL_MAX)) {
        q.rc = BM_E_ARGUMENT;
    }
    query_put_text(&q, ca, STORE_ID_MAX);
    query_put_bytes(&q, row->serial);
    query_put_i64(&q, row->revoked);
    query_put_i64(&q, row->invalid_since);
    query_put_i64(&q, row->expires);
    query_put_i64(&q, row->reason);
    query_run(&q);
    return query_close(&q);
}

static bm_status revocation_remove(void *self, const char *ca,
                                   struct bm_bytes serial)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_REVOCATION_REMOVE);
    query_put_text(&q, ca, STORE_ID_MAX);
    query_put_bytes(&q, serial);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static bm_status revocations_open(void *self, const char *ca,
                                  int64_t expires_from,
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
    query_open(&q, s, SQL_REVOCATION_WALK);
    if (q.rc == BM_OK) {
        const char *end = memchr(ca, 0, sizeof w->ca);

        if (end == NULL) {
            q.rc = BM_E_ARGUMENT;
        } else {
            memcpy(w->ca, ca, (size_t)(end - ca) + 1);
        }
    }
    /* Bound to our copy: parameters are not copied, and the walk outlives
     * this call. */
    query_put_text(&q, w->ca, sizeof w->ca);
    query_put_i64(&q, expires_from);
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
        row->reason = (uint8_t)query_get_u32(&q, UINT8_MAX);
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
}
