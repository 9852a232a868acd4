/* SPDX-License-Identifier: Apache-2.0 */

/* Renewals that are pulled forward. */
#include <string.h>

#include "store/sqlite_internal.h"

static bm_status pull_add(struct sqlite_store *s, struct store_pull *row)
{
    struct sqlite_query q;
    bm_status rc;

    query_open(&q, s, SQL_PULL_ADD);
    query_put_i64(&q, row->organisation);
    query_put_text(&q, row->ca, sizeof row->ca);
    query_put_text(&q, row->profile, sizeof row->profile);
    query_put_text(&q, row->device, sizeof row->device);
    query_put_i64(&q, row->from);
    query_put_i64(&q, row->until);
    query_put_u64(&q, row->last);
    query_put_i64(&q, row->created);
    query_put_i64(&q, row->cancelled);
    query_put_text(&q, row->creator, sizeof row->creator);
    query_put_text(&q, row->model, sizeof row->model);
    query_put_text(&q, row->lot, sizeof row->lot);
    query_put_text(&q, row->firmware, sizeof row->firmware);
    query_put_u64(&q, row->batch);
    query_put_i64(&q, row->ends);
    query_run(&q);
    rc = query_close(&q);
    if (rc == BM_OK) {
        row->id = (uint64_t)sqlite3_last_insert_rowid(s->db);
    }
    return rc;
}

static bm_status pull_put(void *self, struct store_pull *row)
{
    struct sqlite_query q;

    if (row->id == 0) {
        return pull_add(self, row);
    }
    query_open(&q, self, SQL_PULL_CHANGE);
    query_put_i64(&q, row->cancelled);
    query_put_u64(&q, row->id);
    query_put_i64(&q, row->organisation);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static void pull_read(struct sqlite_query *q, void *out)
{
    struct store_pull *row = out;

    row->id = query_get_u64(q);
    row->organisation = query_get_u32(q, UINT32_MAX);
    query_get_text(q, row->ca, sizeof row->ca);
    query_get_text(q, row->profile, sizeof row->profile);
    query_get_text(q, row->device, sizeof row->device);
    row->from = query_get_i64(q);
    row->until = query_get_i64(q);
    row->last = query_get_u64(q);
    row->created = query_get_i64(q);
    row->cancelled = query_get_i64(q);
    query_get_text(q, row->creator, sizeof row->creator);
    query_get_text(q, row->model, sizeof row->model);
    query_get_text(q, row->lot, sizeof row->lot);
    query_get_text(q, row->firmware, sizeof row->firmware);
    row->batch = query_get_u64(q);
    row->ends = query_get_i64(q);
}

static bm_status pull_get(void *self, const struct store_scope *scope,
                          uint64_t id, struct store_pull *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open_scope(&q, self, SQL_PULL_GET, scope);
    query_put_u64(&q, id);
    query_put_scope(&q, scope);
    if (query_one(&q)) {
        pull_read(&q, row);
    }
    return query_close(&q);
}

static bm_status pull_list(void *self, const struct store_scope *scope,
                           uint64_t after, const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_pull row;

    query_open_scope(&q, self, SQL_PULL_LIST, scope);
    query_put_u64(&q, after);
    query_put_scope(&q, scope);
    return query_visit(&q, pull_read, &row, visit);
}

static bm_status pull_open(void *self, uint32_t organisation, int64_t now,
                           const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_pull row;

    query_open(&q, self, SQL_PULL_OPEN);
    query_put_i64(&q, organisation);
    query_put_i64(&q, now);
    return query_visit(&q, pull_read, &row, visit);
}

void sqlite_renewal_fill(struct store *store)
{
    store->pull_put = pull_put;
    store->pull_get = pull_get;
    store->pull_list = pull_list;
    store->pull_open = pull_open;
}
