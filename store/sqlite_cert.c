/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Certificates: clustered by an id that rises with time, so that every insert
 * is at the end; and so are those into the indexes by serial number and by
 * device, as long as devices are new.
 */
#include <string.h>

#include "store/sqlite_internal.h"

static void cert_read(struct sqlite_query *q, void *out)
{
    struct store_cert *row = out;

    row->id = query_get_u64(q);
    row->serial = query_get_bytes(q, STORE_SERIAL_MAX);
    if (q->rc == BM_OK && row->serial.n == 0) {
        q->rc = BM_E_STORE_CORRUPT;
    }
    row->organisation = query_get_u32(q, UINT32_MAX);
    query_get_text(q, row->ca, sizeof row->ca);
    query_get_text(q, row->profile, sizeof row->profile);
    row->device = query_get_u64(q);
    row->status =
        (enum store_cert_status)query_get_u32(q, STORE_CERT_ABANDONED);
    row->resume = (enum store_cert_status)query_get_u32(q, STORE_CERT_REPLACED);
    row->reason = (uint8_t)query_get_u32(q, UINT8_MAX);
    row->not_before = query_get_i64(q);
    row->not_after = query_get_i64(q);
    row->issued = query_get_i64(q);
    row->revoked = query_get_i64(q);
    row->renews = query_get_u64(q);
    row->renewed_by = query_get_u64(q);
    row->superseded = query_get_u32(q, UINT32_MAX);
    query_get_fixed(q, row->key, sizeof row->key);
    row->tree = query_get_u32(q, UINT32_MAX);
    row->leaf = query_get_u64(q);
    row->shard = query_get_u32(q, STORE_SHARDS_MAX);
    row->version = query_get_u32(q, UINT32_MAX);
    row->der = query_get_bytes(q, SQLITE_BLOB_MAX);
}

static bm_status next_cert(void *self, uint64_t *id)
{
    struct sqlite_store *s = self;
    struct sqlite_query q;

    *id = 0;
    if (s->state != SQLITE_STATE_WRITE) {
        return BM_E_STORE_STATE;
    }
    if (s->next_cert == 0) {
        query_open(&q, s, SQL_CERT_LAST);
        if (query_one(&q)) {
            s->next_cert = query_get_u64(&q) + 1;
        }
        BM_TRY(query_close(&q));
    }
    *id = s->next_cert++;
    return BM_OK;
}

/* The device must be there, and of the same organisation. Most often it was
 * put or read a moment ago. */
static bm_status check_device(struct sqlite_store *s,
                              const struct store_cert *row)
{
    const struct store_scope scope = { 0, row->organisation };
    struct store_device device;

    if (row->device == 0 || (row->device == s->device_seen &&
                             row->organisation == s->device_organisation)) {
        return BM_OK;
    }
    BM_TRY(s->base.device_get(s, &scope, row->device, &device));
    return device.organisation == row->organisation ? BM_OK : BM_E_NOT_FOUND;
}

static void put_columns(struct sqlite_query *q, const struct store_cert *row)
{
    query_put_u64(q, row->id);
    query_put_bytes(q, row->serial);
    query_put_i64(q, row->organisation);
    query_put_text(q, row->ca, sizeof row->ca);
    query_put_text(q, row->profile, sizeof row->profile);
    query_put_u64(q, row->device);
    query_put_i64(q, (int64_t)row->status);
    query_put_i64(q, (int64_t)row->resume);
    query_put_i64(q, row->reason);
    query_put_i64(q, row->not_before);
    query_put_i64(q, row->not_after);
    query_put_i64(q, row->issued);
    query_put_i64(q, row->revoked);
    query_put_u64(q, row->renews);
    query_put_u64(q, row->renewed_by);
    query_put_i64(q, row->superseded);
    query_put_bytes(q, BM_ARRAY(row->key));
    query_put_i64(q, row->tree);
    query_put_u64(q, row->leaf);
    query_put_i64(q, row->shard);
    query_put_i64(q, row->version);
    query_put_bytes(q, row->der);
}

static bm_status cert_put(void *self, const struct store_cert *row)
{
    struct sqlite_store *s = self;
    struct sqlite_query q;

    query_open(&q, s, SQL_CERT_PUT);
    if (q.rc == BM_OK &&
        (row->id == 0 || row->id >= s->next_cert || row->serial.n == 0 ||
         row->serial.n > STORE_SERIAL_MAX)) {
        q.rc = BM_E_ARGUMENT;
    }
    if (q.rc == BM_OK) {
        q.rc = check_device(s, row);
    }
    put_columns(&q, row);
    query_run(&q);
    return query_close(&q);
}

static bm_status cert_change(void *self, const struct store_cert *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_CERT_CHANGE);
    query_put_i64(&q, (int64_t)row->status);
    query_put_i64(&q, (int64_t)row->resume);
    query_put_i64(&q, row->reason);
    query_put_i64(&q, row->revoked);
    query_put_u64(&q, row->renewed_by);
    query_put_i64(&q, row->superseded);
    query_put_u64(&q, row->id);
    query_put_i64(&q, row->organisation);
    query_change(&q, BM_E_NOT_FOUND);
    return query_close(&q);
}

static bm_status cert_get(void *self, const struct store_scope *scope,
                          uint64_t id, struct store_cert *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open_scope(&q, self, SQL_CERT_GET, scope);
    query_put_u64(&q, id);
    query_put_scope(&q, scope);
    if (query_one(&q)) {
        cert_read(&q, row);
    }
    return query_close(&q);
}

static bm_status cert_find(void *self, const struct store_scope *scope,
                           const char *ca, struct bm_bytes serial,
                           struct store_cert *row)
{
    struct sqlite_query q;
    bool any = ca == NULL || ca[0] == '\0';

    memset(row, 0, sizeof *row);
    query_open_scope(&q, self, any ? SQL_CERT_FIND_ANY : SQL_CERT_FIND, scope);
    query_put_bytes(&q, serial);
    if (!any) {
        query_put_text(&q, ca, STORE_ID_MAX);
    }
    query_put_scope(&q, scope);
    if (query_one(&q)) {
        cert_read(&q, row);
    }
    return query_close(&q);
}

static bm_status cert_list(void *self, const struct store_scope *scope,
                           const struct store_cert_filter *filter,
                           const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_cert row;
    bool down = filter->newest_first;
    uint64_t whose = filter->device;
    enum sql sql = down ? SQL_CERT_LIST_DOWN : SQL_CERT_LIST;

    if (whose != 0) {
        sql = down ? SQL_CERT_OF_DEVICE_DOWN : SQL_CERT_OF_DEVICE;
    } else if (scope->organisation > 1) {
        sql = down ? SQL_CERT_OF_TENANT_DOWN : SQL_CERT_OF_TENANT;
        whose = scope->organisation;
    }
    query_open_scope(&q, self, sql, scope);
    query_put_u64(&q, down && filter->after == 0 ? INT64_MAX : filter->after);
    query_put_text(&q, filter->ca == NULL ? "" : filter->ca, STORE_ID_MAX);
    query_put_text(&q, filter->profile == NULL ? "" : filter->profile,
                   STORE_ID_MAX);
    query_put_i64(&q, (int64_t)filter->status);
    query_put_i64(&q, filter->expires_before);
    if (whose != 0) {
        query_put_u64(&q, whose);
    }
    query_put_scope(&q, scope);
    return query_visit(&q, cert_read, &row, visit);
}

static bm_status cert_due(void *self, uint32_t organisation,
                          const struct store_due *due,
                          const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_cert row;

    query_open(&q, self, SQL_CERT_DUE);
    query_put_i64(&q, organisation);
    query_put_i64(&q, due->from);
    query_put_u64(&q, due->after);
    query_put_i64(&q, due->before);
    return query_visit(&q, cert_read, &row, visit);
}

static void expiring_read(struct sqlite_query *q, void *out)
{
    struct store_expiring *row = out;

    row->device = query_get_u64(q);
    row->not_after = query_get_i64(q);
}

static bm_status cert_expiring(void *self, const struct store_expiring_of *of,
                               const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_expiring row;

    query_open(&q, self, SQL_CERT_EXPIRING);
    query_put_i64(&q, of->organisation);
    query_put_i64(&q, of->from);
    query_put_i64(&q, of->until);
    query_put_u64(&q, of->device);
    return query_visit(&q, expiring_read, &row, visit);
}

void sqlite_cert_fill(struct store *store)
{
    store->next_cert = next_cert;
    store->cert_put = cert_put;
    store->cert_change = cert_change;
    store->cert_get = cert_get;
    store->cert_find = cert_find;
    store->cert_list = cert_list;
    store->cert_due = cert_due;
    store->cert_expiring = cert_expiring;
}
