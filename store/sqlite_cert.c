/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Certificates: clustered by an id that rises with time, so that the newest
 * are together and every insert is at the end. Those of one device are a
 * chain: device.newest, then certificate.previous, with falling ids.
 */
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_internal.h"

static void cert_read(struct sqlite_query *q, void *out)
{
    struct store_cert *row = out;

    row->id = query_get_u64(q);
    row->serial = query_get_bytes(q, STORE_SERIAL_MAX);
    row->organisation = query_get_u32(q, UINT32_MAX);
    query_get_text(q, row->ca, sizeof row->ca);
    query_get_text(q, row->profile, sizeof row->profile);
    row->device = query_get_u64(q);
    row->status =
        (enum store_cert_status)query_get_u32(q, STORE_CERT_ABANDONED);
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

/* The newest certificate of a device in the scope, or 0; NOT_FOUND. */
static bm_status newest_of(struct sqlite_store *s,
                           const struct store_scope *scope, uint64_t device,
                           uint64_t *id)
{
    struct sqlite_query q;

    *id = 0;
    query_open_scope(&q, s, SQL_DEVICE_NEWEST, scope);
    query_put_u64(&q, device);
    query_put_scope(&q, scope);
    if (query_one(&q)) {
        *id = query_get_u64(&q);
    }
    return query_close(&q);
}

/* The next of the chain. Ids fall, so that a damaged one has an end. */
static bm_status previous_of(struct sqlite_store *s, uint64_t device,
                             uint64_t id, uint64_t *previous)
{
    struct sqlite_query q;
    bm_status rc;

    *previous = 0;
    query_open(&q, s, SQL_CERT_PREVIOUS);
    query_put_u64(&q, id);
    query_put_u64(&q, device);
    if (query_one(&q)) {
        *previous = query_get_u64(&q);
    }
    rc = query_close(&q);
    if (rc == BM_E_NOT_FOUND || *previous >= id) {
        return BM_E_STORE_CORRUPT;
    }
    return rc;
}

/*
 * Put `row` into the chain of its device: almost always in front. Ids of one
 * transaction come in any order, so it may have to go further back; then the
 * one before it points to it.
 */
static bm_status link_chain(struct sqlite_store *s,
                            const struct store_cert *row, uint64_t *previous)
{
    const struct store_scope scope = { 0, row->organisation };
    struct sqlite_query q;
    uint64_t above = 0;

    *previous = 0;
    if (row->device == 0) {
        return BM_OK;
    }
    BM_TRY(newest_of(s, &scope, row->device, previous));
    while (*previous > row->id) {
        above = *previous;
        BM_TRY(previous_of(s, row->device, above, previous));
    }
    if (above != 0) {
        query_open(&q, s, SQL_CERT_LINK);
        query_put_u64(&q, row->id);
        query_put_u64(&q, above);
    } else {
        query_open(&q, s, SQL_DEVICE_LINK);
        query_put_u64(&q, row->id);
        query_put_u64(&q, row->device);
        query_put_i64(&q, row->organisation);
    }
    query_change(&q, BM_E_STORE_CORRUPT);
    return query_close(&q);
}

static void put_columns(struct sqlite_query *q, const struct store_cert *row,
                        uint64_t previous)
{
    query_put_u64(q, row->id);
    query_put_bytes(q, row->serial);
    query_put_i64(q, row->organisation);
    query_put_text(q, row->ca, sizeof row->ca);
    query_put_text(q, row->profile, sizeof row->profile);
    query_put_u64(q, row->device);
    query_put_i64(q, (int64_t)row->status);
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
    query_put_bytes(q, row->der);
    query_put_u64(q, previous);
}

static bm_status cert_put(void *self, const struct store_cert *row)
{
    struct sqlite_store *s = self;
    struct sqlite_query q;
    uint64_t previous = 0;

    query_open(&q, s, SQL_CERT_PUT);
    if (q.rc == BM_OK &&
        (row->id == 0 || row->id >= s->next_cert || row->serial.n == 0 ||
         row->serial.n > STORE_SERIAL_MAX)) {
        q.rc = BM_E_ARGUMENT;
    }
    if (q.rc == BM_OK) {
        q.rc = link_chain(s, row, &previous);
    }
    put_columns(&q, row, previous);
    query_run(&q);
    return query_close(&q);
}

static bm_status cert_change(void *self, const struct store_cert *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_CERT_CHANGE);
    query_put_i64(&q, (int64_t)row->status);
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

static bool matches(const struct store_cert_filter *f,
                    const struct store_cert *row)
{
    return (f->ca == NULL || f->ca[0] == '\0' || strcmp(f->ca, row->ca) == 0) &&
           (f->profile == NULL || f->profile[0] == '\0' ||
            strcmp(f->profile, row->profile) == 0) &&
           (f->status == 0 || f->status == row->status) &&
           (f->expires_before == 0 || row->not_after < f->expires_before);
}

static bm_status visit_one(struct sqlite_store *s,
                           const struct store_cert_filter *filter,
                           const struct store_scope *scope, uint64_t id,
                           const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_cert row;

    memset(&row, 0, sizeof row);
    query_open_scope(&q, s, SQL_CERT_GET, scope);
    query_put_u64(&q, id);
    query_put_scope(&q, scope);
    if (query_step(&q)) {
        cert_read(&q, &row);
    }
    if (q.rc == BM_E_END) {
        q.rc = BM_E_STORE_CORRUPT; /* the chain says that it is there */
    }
    if (q.rc == BM_OK && matches(filter, &row)) {
        q.rc = visit->row(visit->arg, &row);
    }
    return query_close(&q);
}

/* Ids of a chain that is wanted oldest first. */
struct ids {
    uint64_t *id;
    size_t n;
    size_t cap;
};

static bm_status ids_add(struct ids *ids, uint64_t id)
{
    if (ids->n == ids->cap) {
        size_t cap = ids->cap == 0 ? 64 : 2 * ids->cap;
        uint64_t *bigger = realloc(ids->id, cap * sizeof *bigger);

        if (bigger == NULL) {
            return BM_E_MEMORY;
        }
        ids->id = bigger;
        ids->cap = cap;
    }
    ids->id[ids->n++] = id;
    return BM_OK;
}

static bm_status chain_down(struct sqlite_store *s,
                            const struct store_scope *scope,
                            const struct store_cert_filter *filter, uint64_t id,
                            const struct store_visit *visit)
{
    while (id != 0) {
        if (filter->after == 0 || id < filter->after) {
            BM_TRY(visit_one(s, filter, scope, id, visit));
        }
        BM_TRY(previous_of(s, filter->device, id, &id));
    }
    return BM_OK;
}

static bm_status chain_up(struct sqlite_store *s,
                          const struct store_scope *scope,
                          const struct store_cert_filter *filter, uint64_t id,
                          const struct store_visit *visit)
{
    bm_status rc = BM_OK;
    struct ids ids = { NULL, 0, 0 };

    while (rc == BM_OK && id > filter->after) {
        rc = ids_add(&ids, id);
        if (rc == BM_OK) {
            rc = previous_of(s, filter->device, id, &id);
        }
    }
    while (rc == BM_OK && ids.n > 0) {
        rc = visit_one(s, filter, scope, ids.id[--ids.n], visit);
    }
    free(ids.id);
    return rc;
}

static bm_status list_chain(struct sqlite_store *s,
                            const struct store_scope *scope,
                            const struct store_cert_filter *filter,
                            const struct store_visit *visit)
{
    uint64_t id;
    bm_status rc = newest_of(s, scope, filter->device, &id);

    if (rc == BM_E_NOT_FOUND) {
        return BM_OK; /* nobody's, or somebody else's */
    }
    BM_TRY(rc);
    rc = filter->newest_first ? chain_down(s, scope, filter, id, visit)
                              : chain_up(s, scope, filter, id, visit);
    return rc == BM_E_END ? BM_OK : rc;
}

static bm_status cert_list(void *self, const struct store_scope *scope,
                           const struct store_cert_filter *filter,
                           const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_cert row;
    bool down = filter->newest_first;

    if (filter->device != 0) {
        return list_chain(self, scope, filter, visit);
    }
    query_open_scope(&q, self, down ? SQL_CERT_LIST_DOWN : SQL_CERT_LIST,
                     scope);
    query_put_u64(&q, down && filter->after == 0 ? INT64_MAX : filter->after);
    query_put_text(&q, filter->ca == NULL ? "" : filter->ca, STORE_ID_MAX);
    query_put_text(&q, filter->profile == NULL ? "" : filter->profile,
                   STORE_ID_MAX);
    query_put_i64(&q, (int64_t)filter->status);
    query_put_i64(&q, filter->expires_before);
    query_put_scope(&q, scope);
    return query_visit(&q, cert_read, &row, visit);
}

void sqlite_cert_fill(struct store *store)
{
    store->next_cert = next_cert;
    store->cert_put = cert_put;
    store->cert_change = cert_change;
    store->cert_get = cert_get;
    store->cert_find = cert_find;
    store->cert_list = cert_list;
}
