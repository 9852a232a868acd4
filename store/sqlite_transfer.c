/* SPDX-License-Identifier: Apache-2.0 */

/* Devices that change hands. */
#include <string.h>

#include "store/sqlite_internal.h"

static bm_status transfer_add(struct sqlite_store *s,
                              struct store_transfer *row)
{
    struct sqlite_query q;
    bm_status rc;

    query_open(&q, s, SQL_TRANSFER_ADD);
    query_put_i64(&q, row->organisation);
    query_put_i64(&q, row->receiver);
    query_put_i64(&q, (int64_t)row->state);
    query_put_i64(&q, row->options);
    query_put_i64(&q, row->devices);
    query_put_i64(&q, row->created);
    query_put_i64(&q, row->expires);
    query_put_i64(&q, row->decided);
    query_put_text(&q, row->creator, sizeof row->creator);
    query_put_text(&q, row->decider, sizeof row->decider);
    query_put_text(&q, row->profile, sizeof row->profile);
    query_put_text(&q, row->words, sizeof row->words);
    query_put_text(&q, row->reason, sizeof row->reason);
    query_run(&q);
    rc = query_close(&q);
    if (rc == BM_OK) {
        row->id = (uint64_t)sqlite3_last_insert_rowid(s->db);
    }
    return rc;
}

static bm_status transfer_put(void *self, struct store_transfer *row)
{
    struct sqlite_query q;

    if (row->id == 0) {
        return transfer_add(self, row);
    }
    query_open(&q, self, SQL_TRANSFER_CHANGE);
    query_put_i64(&q, (int64_t)row->state);
    query_put_i64(&q, row->decided);
    query_put_text(&q, row->decider, sizeof row->decider);
    query_put_text(&q, row->profile, sizeof row->profile);
    query_put_text(&q, row->reason, sizeof row->reason);
    query_put_u64(&q, row->id);
    query_put_i64(&q, row->organisation);
    query_put_i64(&q, row->receiver);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static void transfer_read(struct sqlite_query *q, void *out)
{
    struct store_transfer *row = out;

    row->id = query_get_u64(q);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->receiver = query_get_u32(q, UINT32_MAX);
    row->state =
        (enum store_transfer_state)query_get_u32(q, STORE_TRANSFER_LAPSED);
    row->options = query_get_u32(q, UINT32_MAX);
    row->devices = query_get_u32(q, UINT32_MAX);
    row->created = query_get_i64(q);
    row->expires = query_get_i64(q);
    row->decided = query_get_i64(q);
    query_get_text(q, row->creator, sizeof row->creator);
    query_get_text(q, row->decider, sizeof row->decider);
    query_get_text(q, row->profile, sizeof row->profile);
    query_get_text(q, row->words, sizeof row->words);
    query_get_text(q, row->reason, sizeof row->reason);
}

static bm_status transfer_get(void *self, const struct store_scope *scope,
                              uint64_t id, struct store_transfer *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open_scope(&q, self, SQL_TRANSFER_GET, scope);
    query_put_u64(&q, id);
    query_put_scope(&q, scope);
    if (query_one(&q)) {
        transfer_read(&q, row);
    }
    return query_close(&q);
}

/* Those of a turn (SQL_TRANSFER_LIST). */
struct turn {
    const struct store_visit *visit;
    uint64_t after;
    bool more; /* there was one, and another is wanted */
};

static bm_status take_one(void *arg, const void *visited)
{
    const struct store_transfer *row = visited;
    struct turn *t = arg;
    bm_status rc;

    t->after = row->id;
    rc = t->visit->row(t->visit->arg, row);
    t->more = rc == BM_OK;
    return rc;
}

static bm_status transfer_list(void *self, const struct store_scope *scope,
                               uint64_t after, const struct store_visit *visit)
{
    struct turn turn = { visit, after, true };
    const struct store_visit each = { &turn, take_one };
    struct store_transfer row;

    while (turn.more) {
        struct sqlite_query q;

        turn.more = false;
        query_open_scope(&q, self, SQL_TRANSFER_LIST, scope);
        query_put_u64(&q, turn.after);
        query_put_scope(&q, scope);
        BM_TRY(query_visit(&q, transfer_read, &row, &each));
    }
    return BM_OK;
}

static bm_status transfer_count(void *self, uint32_t organisation, int64_t now,
                                uint32_t *n)
{
    struct sqlite_query q;

    *n = 0;
    query_open(&q, self, SQL_TRANSFER_COUNT);
    query_put_i64(&q, organisation);
    query_put_i64(&q, now);
    if (query_one(&q)) {
        *n = query_get_u32(&q, UINT32_MAX);
    }
    return query_close(&q);
}

static bm_status transfer_lapsed(void *self, int64_t now,
                                 struct store_transfer *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_TRANSFER_LAPSED);
    query_put_i64(&q, now);
    if (query_one(&q)) {
        transfer_read(&q, row);
    }
    return query_close(&q);
}

/* ---- Their devices */

static bm_status transferred_put(void *self,
                                 const struct store_transferred *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_TRANSFERRED_PUT);
    query_put_u64(&q, row->transfer);
    query_put_i64(&q, row->place);
    query_put_u64(&q, row->device);
    query_put_u64(&q, row->received);
    query_run(&q);
    return query_close(&q);
}

static void transferred_read(struct sqlite_query *q, void *out)
{
    struct store_transferred *row = out;

    row->transfer = query_get_u64(q);
    row->place = query_get_u32(q, UINT32_MAX);
    row->device = query_get_u64(q);
    row->received = query_get_u64(q);
}

static bm_status transferred_list(void *self, uint64_t transfer, uint32_t after,
                                  const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_transferred row;

    query_open(&q, self, SQL_TRANSFERRED_LIST);
    query_put_u64(&q, transfer);
    query_put_i64(&q, after);
    return query_visit(&q, transferred_read, &row, visit);
}

static bm_status transfer_of_device(void *self, uint64_t device, int64_t now,
                                    uint64_t *transfer)
{
    struct sqlite_query q;

    *transfer = 0;
    query_open(&q, self, SQL_TRANSFER_OF_DEVICE);
    query_put_u64(&q, device);
    query_put_i64(&q, now);
    if (query_one(&q)) {
        *transfer = query_get_u64(&q);
    }
    return query_close(&q);
}

void sqlite_transfer_fill(struct store *store)
{
    store->transfer_put = transfer_put;
    store->transfer_get = transfer_get;
    store->transfer_list = transfer_list;
    store->transfer_count = transfer_count;
    store->transfer_lapsed = transfer_lapsed;
    store->transferred_put = transferred_put;
    store->transferred_list = transferred_list;
    store->transfer_of_device = transfer_of_device;
}
