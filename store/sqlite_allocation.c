/* SPDX-License-Identifier: Apache-2.0 */

/* What organisations may have of profiles; versions of profiles. */
#include <string.h>

#include "store/sqlite_internal.h"

static bm_status allocation_put(void *self, const struct store_allocation *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_ALLOCATION_PUT);
    query_put_i64(&q, row->organisation);
    query_put_text(&q, row->profile, sizeof row->profile);
    query_put_i64(&q, row->enabled ? 1 : 0);
    query_put_i64(&q, row->limited ? 1 : 0);
    query_put_i64(&q, row->version);
    query_put_u64(&q, row->quota);
    query_put_u64(&q, row->issued);
    query_run(&q);
    return query_close(&q);
}

static void allocation_read(struct sqlite_query *q, void *out)
{
    struct store_allocation *row = out;

    row->organisation = query_get_u32(q, UINT32_MAX);
    query_get_text(q, row->profile, sizeof row->profile);
    row->enabled = query_get_u32(q, 1) != 0;
    row->limited = query_get_u32(q, 1) != 0;
    row->version = query_get_u32(q, UINT32_MAX);
    row->quota = query_get_u64(q);
    row->issued = query_get_u64(q);
}

static bm_status allocation_get(void *self, uint32_t organisation,
                                const char *profile,
                                struct store_allocation *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_ALLOCATION_GET);
    query_put_i64(&q, organisation);
    query_put_text(&q, profile, sizeof row->profile);
    if (query_one(&q)) {
        allocation_read(&q, row);
    }
    return query_close(&q);
}

static bm_status allocation_list(void *self, uint32_t organisation,
                                 const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_allocation row;

    query_open(&q, self, SQL_ALLOCATION_LIST);
    query_put_i64(&q, organisation);
    return query_visit(&q, allocation_read, &row, visit);
}

/* ---- Versions */

static bm_status version_put(void *self, const struct store_version *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_VERSION_PUT);
    query_put_text(&q, row->profile, sizeof row->profile);
    query_put_i64(&q, row->version);
    query_put_bytes(&q, BM_ARRAY(row->hash));
    query_put_i64(&q, row->created);
    query_put_bytes(&q, row->text);
    query_run(&q);
    return query_close(&q);
}

static void version_read(struct sqlite_query *q, void *out)
{
    struct store_version *row = out;

    query_get_text(q, row->profile, sizeof row->profile);
    row->version = query_get_u32(q, UINT32_MAX);
    query_get_fixed(q, row->hash, sizeof row->hash);
    row->created = query_get_i64(q);
    row->text = query_get_bytes(q, SQLITE_BLOB_MAX);
}

static bm_status version_get(void *self, const char *profile, uint32_t version,
                             struct store_version *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, version == 0 ? SQL_VERSION_LAST : SQL_VERSION_GET);
    query_put_text(&q, profile, sizeof row->profile);
    if (version != 0) {
        query_put_i64(&q, version);
    }
    if (query_one(&q)) {
        version_read(&q, row);
    }
    return query_close(&q);
}

static bm_status version_list(void *self, const char *profile,
                              const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_version row;

    query_open(&q, self, SQL_VERSION_LIST);
    query_put_text(&q, profile, sizeof row.profile);
    return query_visit(&q, version_read, &row, visit);
}

void sqlite_allocation_fill(struct store *store)
{
    store->allocation_put = allocation_put;
    store->allocation_get = allocation_get;
    store->allocation_list = allocation_list;
    store->version_put = version_put;
    store->version_get = version_get;
    store->version_list = version_list;
}
