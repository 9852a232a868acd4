/* SPDX-License-Identifier: Apache-2.0 */

/* Requests that wait for operators, and what the API answered them. */
#include <string.h>

#include "store/sqlite_internal.h"

/* Longest request and answer that are believed when read. */
#define CSR_OCTETS_MAX  65536
#define BODY_OCTETS_MAX (4U << 20)

static bm_status request_add(struct sqlite_store *s, struct store_request *row)
{
    struct sqlite_query q;
    bm_status rc;

    query_open(&q, s, SQL_REQUEST_ADD);
    query_put_i64(&q, row->organisation);
    query_put_i64(&q, (int64_t)row->state);
    query_put_text(&q, row->profile, sizeof row->profile);
    query_put_text(&q, row->device, sizeof row->device);
    query_put_bytes(&q, BM_ARRAY(row->key));
    query_put_i64(&q, row->by);
    query_put_text(&q, row->asked, sizeof row->asked);
    query_put_text(&q, row->first, sizeof row->first);
    query_put_text(&q, row->decider, sizeof row->decider);
    query_put_i64(&q, row->created);
    query_put_i64(&q, row->decided);
    query_put_u64(&q, row->cert);
    query_put_bytes(&q, row->csr);
    query_run(&q);
    rc = query_close(&q);
    if (rc == BM_OK) {
        row->id = (uint64_t)sqlite3_last_insert_rowid(s->db);
    }
    return rc;
}

static bm_status request_put(void *self, struct store_request *row)
{
    struct sqlite_query q;

    if (row->id == 0) {
        return request_add(self, row);
    }
    query_open(&q, self, SQL_REQUEST_CHANGE);
    query_put_i64(&q, (int64_t)row->state);
    query_put_text(&q, row->decider, sizeof row->decider);
    query_put_i64(&q, row->decided);
    query_put_u64(&q, row->cert);
    query_put_u64(&q, row->id);
    query_put_i64(&q, row->organisation);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static void request_read(struct sqlite_query *q, void *out)
{
    struct store_request *row = out;

    row->id = query_get_u64(q);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->state =
        (enum store_request_state)query_get_u32(q, STORE_REQUEST_ISSUED);
    query_get_text(q, row->profile, sizeof row->profile);
    query_get_text(q, row->device, sizeof row->device);
    query_get_fixed(q, row->key, sizeof row->key);
    row->by = query_get_u32(q, UINT32_MAX);
    query_get_text(q, row->asked, sizeof row->asked);
    query_get_text(q, row->first, sizeof row->first);
    query_get_text(q, row->decider, sizeof row->decider);
    row->created = query_get_i64(q);
    row->decided = query_get_i64(q);
    row->cert = query_get_u64(q);
    row->csr = query_get_bytes(q, CSR_OCTETS_MAX);
}

static bm_status request_get(void *self, const struct store_scope *scope,
                             uint64_t id, struct store_request *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open_scope(&q, self, SQL_REQUEST_GET, scope);
    query_put_u64(&q, id);
    query_put_scope(&q, scope);
    if (query_one(&q)) {
        request_read(&q, row);
    }
    return query_close(&q);
}

static bm_status request_find(void *self, struct store_request *row)
{
    struct store_request key = *row;
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_REQUEST_FIND);
    query_put_bytes(&q, BM_ARRAY(key.key));
    query_put_i64(&q, key.organisation);
    query_put_text(&q, key.profile, sizeof key.profile);
    query_put_text(&q, key.device, sizeof key.device);
    if (query_one(&q)) {
        request_read(&q, row);
    }
    return query_close(&q);
}

static bm_status take_count(struct sqlite_query *q, uint32_t max, uint32_t *n)
{
    *n = 0;
    query_put_i64(q, max);
    if (query_one(q)) {
        *n = query_get_u32(q, max);
    }
    return query_close(q);
}

static bm_status request_count(void *self, uint32_t organisation,
                               const char *device, int64_t since, uint32_t max,
                               uint32_t *n)
{
    struct sqlite_query q;

    query_open(&q, self,
               device == NULL ? SQL_REQUEST_COUNT
                              : SQL_REQUEST_COUNT_OF_DEVICE);
    query_put_i64(&q, organisation);
    if (device != NULL) {
        query_put_text(&q, device, STORE_NAME_MAX);
    }
    query_put_i64(&q, since);
    return take_count(&q, max, n);
}

static bm_status request_list(void *self, const struct store_scope *scope,
                              const struct store_request_filter *filter,
                              const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_request row;

    query_open_scope(&q, self, SQL_REQUEST_LIST, scope);
    query_put_u64(&q, filter->after);
    query_put_i64(&q, (int64_t)filter->state);
    query_put_scope(&q, scope);
    return query_visit(&q, request_read, &row, visit);
}

static bm_status reply_put(void *self, const struct store_reply *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_REPLY_PUT);
    query_put_text(&q, row->operator_id, sizeof row->operator_id);
    query_put_bytes(&q, BM_ARRAY(row->key));
    query_put_bytes(&q, BM_ARRAY(row->request));
    query_put_i64(&q, row->status);
    query_put_i64(&q, row->created);
    query_put_bytes(&q, row->body);
    query_change(&q, BM_E_STORE_CONFLICT);
    return query_close(&q);
}

static bm_status reply_find(void *self, const char *operator_id,
                            const uint8_t key[STORE_HASH_SIZE],
                            struct store_reply *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_REPLY_FIND);
    query_put_text(&q, operator_id, STORE_ID_MAX);
    query_put_bytes(&q, (struct bm_bytes){ key, STORE_HASH_SIZE });
    if (query_one(&q)) {
        query_get_text(&q, row->operator_id, sizeof row->operator_id);
        query_get_fixed(&q, row->key, sizeof row->key);
        query_get_fixed(&q, row->request, sizeof row->request);
        row->status = query_get_u32(&q, UINT32_MAX);
        row->created = query_get_i64(&q);
        row->body = query_get_bytes(&q, BODY_OCTETS_MAX);
    }
    return query_close(&q);
}

static bm_status reply_count(void *self, const char *operator_id, uint32_t max,
                             uint32_t *n)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_REPLY_COUNT);
    query_put_text(&q, operator_id, STORE_ID_MAX);
    return take_count(&q, max, n);
}

static bm_status reply_purge(void *self, int64_t before)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_REPLY_PURGE);
    query_put_i64(&q, before);
    query_run(&q);
    return query_close(&q);
}

void sqlite_request_fill(struct store *store)
{
    store->request_put = request_put;
    store->request_get = request_get;
    store->request_find = request_find;
    store->request_count = request_count;
    store->request_list = request_list;
    store->reply_put = reply_put;
    store->reply_find = reply_find;
    store->reply_count = reply_count;
    store->reply_purge = reply_purge;
}
