/* SPDX-License-Identifier: Apache-2.0 */

/*
 * CAs and the lists they published last. A CA of organisation 0 belongs to
 * all members of its ecosystem, so each of their scopes sees it.
 */
#include <string.h>

#include "store/sqlite_internal.h"

static bm_status ca_put(void *self, const struct store_ca *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_CA_PUT);
    query_put_text(&q, row->id, sizeof row->id);
    query_put_i64(&q, row->organisation);
    query_put_i64(&q, (int64_t)row->kind);
    query_put_i64(&q, (int64_t)row->status);
    query_put_text(&q, row->parent, sizeof row->parent);
    query_put_bytes(&q, row->cert);
    query_put_text(&q, row->key_uri, sizeof row->key_uri);
    query_put_bytes(&q, row->ocsp_cert);
    query_put_text(&q, row->ocsp_key_uri, sizeof row->ocsp_key_uri);
    query_put_i64(&q, row->created);
    query_put_i64(&q, row->shards);
    query_put_i64(&q, row->ecosystem);
    query_change(&q, BM_E_STORE_CONFLICT);
    return query_close(&q);
}

static void ca_read(struct sqlite_query *q, void *out)
{
    struct store_ca *row = out;

    query_get_text(q, row->id, sizeof row->id);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->kind = (enum store_ca_kind)query_get_u32(q, STORE_CA_MEMBER);
    row->status = (enum store_ca_status)query_get_u32(q, STORE_CA_RETIRED);
    query_get_text(q, row->parent, sizeof row->parent);
    row->cert = query_get_bytes(q, SQLITE_BLOB_MAX);
    query_get_text(q, row->key_uri, sizeof row->key_uri);
    row->ocsp_cert = query_get_bytes(q, SQLITE_BLOB_MAX);
    query_get_text(q, row->ocsp_key_uri, sizeof row->ocsp_key_uri);
    row->created = query_get_i64(q);
    row->shards = query_get_u32(q, STORE_SHARDS_MAX);
    row->ecosystem = query_get_u32(q, UINT32_MAX);
}

static void put_seen(struct sqlite_query *q, const struct store_scope *scope)
{
    query_put_i64(q, scope->ecosystem);
    query_put_i64(q, scope->organisation);
}

static bm_status ca_get(void *self, const struct store_scope *scope,
                        const char *id, struct store_ca *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open_scope(&q, self, SQL_CA_GET, scope);
    put_seen(&q, scope);
    query_put_text(&q, id, STORE_ID_MAX);
    query_put_scope(&q, scope);
    if (query_one(&q)) {
        ca_read(&q, row);
    }
    return query_close(&q);
}

static bm_status ca_list(void *self, const struct store_scope *scope,
                         const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_ca row;

    query_open_scope(&q, self, SQL_CA_LIST, scope);
    put_seen(&q, scope);
    query_put_scope(&q, scope);
    return query_visit(&q, ca_read, &row, visit);
}

static bm_status crl_put(void *self, const struct store_crl *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_CRL_PUT);
    query_put_text(&q, row->ca, sizeof row->ca);
    query_put_i64(&q, row->list);
    query_put_u64(&q, row->number);
    query_put_i64(&q, row->this_update);
    query_put_i64(&q, row->next_update);
    query_put_i64(&q, row->published);
    query_put_u64(&q, row->base);
    query_put_i64(&q, row->base_update);
    query_put_i64(&q, row->base_from);
    query_put_u64(&q, row->base_change);
    query_put_bytes(&q, row->der);
    query_run(&q);
    return query_close(&q);
}

static bm_status crl_get(void *self, const char *ca, uint32_t list,
                         struct store_crl *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_CRL_GET);
    query_put_text(&q, ca, STORE_ID_MAX);
    query_put_i64(&q, list);
    if (query_one(&q)) {
        query_get_text(&q, row->ca, sizeof row->ca);
        row->list = query_get_u32(&q, UINT32_MAX);
        row->number = query_get_u64(&q);
        row->this_update = query_get_i64(&q);
        row->next_update = query_get_i64(&q);
        row->published = query_get_i64(&q);
        row->base = query_get_u64(&q);
        row->base_update = query_get_i64(&q);
        row->base_from = query_get_i64(&q);
        row->base_change = query_get_u64(&q);
        row->der = query_get_bytes(&q, SQLITE_BLOB_MAX);
    }
    return query_close(&q);
}

static bm_status crl_number(void *self, const char *ca, uint64_t *number)
{
    struct sqlite_query q;

    *number = 0;
    query_open(&q, self, SQL_CRL_NUMBER);
    query_put_text(&q, ca, STORE_ID_MAX);
    if (query_one(&q)) {
        *number = query_get_u64(&q);
    }
    return query_close(&q);
}

void sqlite_ca_fill(struct store *store)
{
    store->ca_put = ca_put;
    store->ca_get = ca_get;
    store->ca_list = ca_list;
    store->crl_put = crl_put;
    store->crl_get = crl_get;
    store->crl_number = crl_number;
}
