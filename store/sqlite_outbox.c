/* SPDX-License-Identifier: Apache-2.0 */

/* Where events go, and those that did not get there at once. */
#include <string.h>

#include "store/sqlite_internal.h"

static void put_progress(struct sqlite_query *q,
                         const struct store_destination *row)
{
    query_put_i64(q, row->disabled);
    query_put_u64(q, row->cursor);
    query_put_u64(q, row->delivered);
    query_put_i64(q, row->succeeded);
    query_put_i64(q, row->failed);
    query_put_i64(q, row->failures);
    query_put_u64(q, row->lost);
    query_put_text(q, row->words, sizeof row->words);
}

static bm_status destination_add(struct sqlite_store *s,
                                 struct store_destination *row)
{
    struct sqlite_query q;
    bm_status rc;

    query_open(&q, s, SQL_DESTINATION_ADD);
    query_put_i64(&q, row->organisation);
    query_put_i64(&q, row->scope.ecosystem);
    query_put_i64(&q, row->scope.organisation);
    query_put_i64(&q, (int64_t)row->kind);
    query_put_text(&q, row->name, sizeof row->name);
    query_put_text(&q, row->url, sizeof row->url);
    query_put_text(&q, row->kinds, sizeof row->kinds);
    query_put_i64(&q, row->asks);
    query_put_bytes(&q, BM_ARRAY(row->secret));
    query_put_i64(&q, row->identity);
    query_put_i64(&q, row->tries);
    query_put_i64(&q, row->age);
    query_put_i64(&q, row->created);
    query_put_text(&q, row->creator, sizeof row->creator);
    query_put_bytes(&q, row->anchors);
    put_progress(&q, row);
    query_run(&q);
    rc = query_close(&q);
    if (rc == BM_OK) {
        row->id = (uint64_t)sqlite3_last_insert_rowid(s->db);
    }
    return rc;
}

static bm_status destination_put(void *self, struct store_destination *row)
{
    struct sqlite_query q;

    if (row->id == 0) {
        return destination_add(self, row);
    }
    query_open(&q, self, SQL_DESTINATION_CHANGE);
    put_progress(&q, row);
    query_put_u64(&q, row->id);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static void destination_read(struct sqlite_query *q, void *out)
{
    struct store_destination *row = out;

    row->id = query_get_u64(q);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->scope.ecosystem = query_get_u32(q, UINT32_MAX);
    row->scope.organisation = query_get_u32(q, UINT32_MAX);
    row->kind =
        (enum store_destination_kind)query_get_u32(q, STORE_DESTINATION_SYSLOG);
    query_get_text(q, row->name, sizeof row->name);
    query_get_text(q, row->url, sizeof row->url);
    query_get_text(q, row->kinds, sizeof row->kinds);
    row->asks = query_get_u32(q, UINT32_MAX);
    query_get_fixed(q, row->secret, sizeof row->secret);
    row->identity = query_get_u32(q, 1) != 0;
    row->tries = query_get_u32(q, UINT32_MAX);
    row->age = query_get_u32(q, UINT32_MAX);
    row->created = query_get_i64(q);
    query_get_text(q, row->creator, sizeof row->creator);
    row->anchors = query_get_bytes(q, STORE_CHAIN_MAX);
    row->disabled = query_get_u32(q, 1) != 0;
    row->cursor = query_get_u64(q);
    row->delivered = query_get_u64(q);
    row->succeeded = query_get_i64(q);
    row->failed = query_get_i64(q);
    row->failures = query_get_u32(q, UINT32_MAX);
    row->lost = query_get_u64(q);
    query_get_text(q, row->words, sizeof row->words);
}

static bm_status destination_find(void *self, uint32_t organisation,
                                  const char *name,
                                  struct store_destination *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_DESTINATION_FIND);
    query_put_i64(&q, organisation);
    query_put_text(&q, name, STORE_ID_MAX);
    if (query_one(&q)) {
        destination_read(&q, row);
    }
    return query_close(&q);
}

static bm_status destination_list(void *self, const struct store_scope *scope,
                                  uint64_t after,
                                  const struct store_visit *visit)
{
    struct store_destination row;
    struct sqlite_query q;

    query_open_scope(&q, self, SQL_DESTINATION_LIST, scope);
    query_put_u64(&q, after);
    query_put_scope(&q, scope);
    return query_visit(&q, destination_read, &row, visit);
}

static bm_status destination_drop(void *self, uint64_t id)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_DELIVERY_CLEAR);
    query_put_u64(&q, id);
    query_run(&q);
    BM_TRY(query_close(&q));
    query_open(&q, self, SQL_DESTINATION_DROP);
    query_put_u64(&q, id);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

/* ---- Deliveries */

static bm_status delivery_put(void *self, const struct store_delivery *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_DELIVERY_PUT);
    query_put_u64(&q, row->destination);
    query_put_u64(&q, row->event);
    query_put_u64(&q, row->device);
    query_put_i64(&q, row->dead);
    query_put_i64(&q, row->tries);
    query_put_i64(&q, row->next);
    query_put_i64(&q, row->since);
    query_put_i64(&q, row->changed);
    query_put_text(&q, row->words, sizeof row->words);
    query_run(&q);
    return query_close(&q);
}

static void delivery_read(struct sqlite_query *q, void *out)
{
    struct store_delivery *row = out;

    row->destination = query_get_u64(q);
    row->event = query_get_u64(q);
    row->device = query_get_u64(q);
    row->dead = query_get_u32(q, 1) != 0;
    row->tries = query_get_u32(q, UINT32_MAX);
    row->next = query_get_i64(q);
    row->since = query_get_i64(q);
    row->changed = query_get_i64(q);
    query_get_text(q, row->words, sizeof row->words);
}

static bm_status delivery_get(void *self, uint64_t destination, uint64_t event,
                              struct store_delivery *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_DELIVERY_GET);
    query_put_u64(&q, destination);
    query_put_u64(&q, event);
    if (query_one(&q)) {
        delivery_read(&q, row);
    }
    return query_close(&q);
}

static bm_status delivery_drop(void *self, uint64_t destination, uint64_t event)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_DELIVERY_DROP);
    query_put_u64(&q, destination);
    query_put_u64(&q, event);
    query_run(&q);
    return query_close(&q);
}

static bm_status delivery_list(void *self, uint64_t destination, bool dead,
                               uint64_t after, const struct store_visit *visit)
{
    struct store_delivery row;
    struct sqlite_query q;

    query_open(&q, self, SQL_DELIVERY_LIST);
    query_put_u64(&q, destination);
    query_put_i64(&q, dead);
    query_put_u64(&q, after);
    return query_visit(&q, delivery_read, &row, visit);
}

static bm_status delivery_due(void *self, uint64_t destination, int64_t now,
                              const struct store_visit *visit)
{
    struct store_delivery row;
    struct sqlite_query q;

    query_open(&q, self, SQL_DELIVERY_DUE);
    query_put_u64(&q, destination);
    query_put_i64(&q, now);
    return query_visit(&q, delivery_read, &row, visit);
}

static bm_status delivery_count(void *self, uint64_t destination, bool dead,
                                uint32_t *n)
{
    struct sqlite_query q;

    *n = 0;
    query_open(&q, self, SQL_DELIVERY_COUNT);
    query_put_u64(&q, destination);
    query_put_i64(&q, dead);
    if (query_one(&q)) {
        *n = query_get_u32(&q, UINT32_MAX);
    }
    return query_close(&q);
}

static bm_status delivery_waits(void *self, uint64_t destination,
                                uint64_t device, bool *yes)
{
    struct sqlite_query q;

    *yes = false;
    query_open(&q, self, SQL_DELIVERY_WAITS);
    query_put_u64(&q, destination);
    query_put_u64(&q, device);
    if (query_one(&q)) {
        *yes = query_get_u32(&q, 1) != 0;
    }
    return query_close(&q);
}

void sqlite_outbox_fill(struct store *store)
{
    store->destination_put = destination_put;
    store->destination_find = destination_find;
    store->destination_list = destination_list;
    store->destination_drop = destination_drop;
    store->delivery_put = delivery_put;
    store->delivery_get = delivery_get;
    store->delivery_drop = delivery_drop;
    store->delivery_list = delivery_list;
    store->delivery_due = delivery_due;
    store->delivery_count = delivery_count;
    store->delivery_waits = delivery_waits;
}
