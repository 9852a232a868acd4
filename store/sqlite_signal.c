/* SPDX-License-Identifier: Apache-2.0 */

/* Signs of misuse, and which devices have left their maker. */
#include <string.h>

#include "store/sqlite_internal.h"

static bm_status signal_add(struct sqlite_store *s, struct store_signal *row)
{
    struct sqlite_query q;
    bm_status rc;

    query_open(&q, s, SQL_SIGNAL_ADD);
    query_put_i64(&q, row->organisation);
    query_put_u64(&q, row->device);
    query_put_text(&q, row->kind, sizeof row->kind);
    query_put_u64(&q, row->count);
    query_put_i64(&q, row->first);
    query_put_i64(&q, row->last);
    query_put_text(&q, row->text, sizeof row->text);
    query_run(&q);
    rc = query_close(&q);
    if (rc == BM_OK) {
        row->id = (uint64_t)sqlite3_last_insert_rowid(s->db);
    }
    return rc;
}

static bm_status signal_put(void *self, struct store_signal *row)
{
    struct sqlite_query q;

    if (row->id == 0) {
        return signal_add(self, row);
    }
    query_open(&q, self, SQL_SIGNAL_CHANGE);
    query_put_u64(&q, row->count);
    query_put_i64(&q, row->last);
    query_put_text(&q, row->text, sizeof row->text);
    query_put_u64(&q, row->id);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static void signal_read(struct sqlite_query *q, void *out)
{
    struct store_signal *row = out;

    row->id = query_get_u64(q);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->device = query_get_u64(q);
    query_get_text(q, row->kind, sizeof row->kind);
    row->count = query_get_u64(q);
    row->first = query_get_i64(q);
    row->last = query_get_i64(q);
    query_get_text(q, row->text, sizeof row->text);
}

static bm_status signal_find(void *self, uint32_t organisation, uint64_t device,
                             const char *kind, struct store_signal *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_SIGNAL_FIND);
    query_put_u64(&q, device);
    query_put_text(&q, kind, STORE_SIGNAL_MAX);
    query_put_i64(&q, organisation);
    if (query_one(&q)) {
        signal_read(&q, row);
    }
    return query_close(&q);
}

static bm_status signal_list(void *self, const struct store_scope *scope,
                             const struct store_signal_filter *filter,
                             const struct store_visit *visit)
{
    const char *kind = filter->kind == NULL ? "" : filter->kind;
    enum sql sql = filter->device != 0 ? SQL_SIGNAL_OF_DEVICE
                   : kind[0] != '\0'   ? SQL_SIGNAL_OF_KIND
                                       : SQL_SIGNAL_LIST;
    struct sqlite_query q;
    struct store_signal row;

    query_open_scope(&q, self, sql, scope);
    query_put_u64(&q, filter->before == 0 ? INT64_MAX : filter->before);
    if (filter->device != 0) {
        query_put_u64(&q, filter->device);
    }
    if (sql != SQL_SIGNAL_LIST) {
        query_put_text(&q, kind, STORE_SIGNAL_MAX);
    }
    query_put_scope(&q, scope);
    return query_visit(&q, signal_read, &row, visit);
}

/* ---- Shipping */

static bm_status shipping_put(void *self, const struct store_shipping *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_SHIPPING_PUT);
    query_put_u64(&q, row->device);
    query_put_i64(&q, row->organisation);
    query_put_i64(&q, row->shipped);
    query_put_i64(&q, row->at);
    query_run(&q);
    return query_close(&q);
}

static void shipping_read(struct sqlite_query *q, void *out)
{
    struct store_shipping *row = out;

    row->device = query_get_u64(q);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->shipped = query_get_i64(q);
    row->at = query_get_i64(q);
}

static bm_status shipping_get(void *self, uint64_t device,
                              struct store_shipping *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_SHIPPING_GET);
    query_put_u64(&q, device);
    if (query_one(&q)) {
        shipping_read(&q, row);
    }
    return query_close(&q);
}

static bm_status shipping_list(void *self, const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_shipping row;

    query_open(&q, self, SQL_SHIPPING_LIST);
    return query_visit(&q, shipping_read, &row, visit);
}

void sqlite_signal_fill(struct store *store)
{
    store->signal_put = signal_put;
    store->signal_find = signal_find;
    store->signal_list = signal_list;
    store->shipping_put = shipping_put;
    store->shipping_get = shipping_get;
    store->shipping_list = shipping_list;
}
