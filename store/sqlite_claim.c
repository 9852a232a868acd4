/* SPDX-License-Identifier: Apache-2.0 */

/* Claims: the index (index.h) over tables of this store. */
#include <string.h>

#include "store/sqlite_internal.h"

static bm_status recent_put(void *self, struct bm_bytes entries)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_RECENT_PUT);
    query_put_bytes(&q, entries);
    query_run(&q);
    return query_close(&q);
}

static bm_status recent_clear(void *self)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_RECENT_CLEAR);
    query_run(&q);
    return query_close(&q);
}

static void recent_read(struct sqlite_query *q, void *row)
{
    *(struct bm_bytes *)row = query_get_bytes(q, SQLITE_BLOB_MAX);
}

static bm_status recent_list(void *self, const struct index_visit *visit)
{
    const struct store_visit rows = { visit->arg, visit->row };
    struct sqlite_query q;
    struct bm_bytes row;

    query_open(&q, self, SQL_RECENT_LIST);
    return query_visit(&q, recent_read, &row, &rows);
}

static bm_status run_put(void *self, const struct index_run_row *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_RUN_PUT);
    query_put_u64(&q, row->id);
    query_put_i64(&q, row->level);
    query_put_i64(&q, row->growing ? 1 : 0);
    query_run(&q);
    return query_close(&q);
}

static bm_status run_drop(void *self, uint64_t id)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_RUN_DROP);
    query_put_u64(&q, id);
    query_change(&q, BM_E_STORE_CORRUPT);
    return query_close(&q);
}

static void run_read(struct sqlite_query *q, void *out)
{
    struct index_run_row *row = out;

    row->id = query_get_u64(q);
    row->level = query_get_u32(q, UINT32_MAX);
    row->growing = query_get_u32(q, 1) != 0;
}

static bm_status run_list(void *self, const struct index_visit *visit)
{
    const struct store_visit rows = { visit->arg, visit->row };
    struct sqlite_query q;
    struct index_run_row row;

    query_open(&q, self, SQL_RUN_LIST);
    return query_visit(&q, run_read, &row, &rows);
}

static bm_status segment_put(void *self, const struct index_segment_row *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_SEGMENT_PUT);
    query_put_u64(&q, row->id);
    query_put_u64(&q, row->run);
    query_put_u64(&q, row->first_page);
    query_put_i64(&q, row->pages);
    query_put_i64(&q, row->entries);
    query_put_bytes(&q, BM_ARRAY(row->last));
    query_put_bytes(&q, row->data);
    query_run(&q);
    return query_close(&q);
}

static bm_status segment_drop(void *self, uint64_t id)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_SEGMENT_DROP);
    query_put_u64(&q, id);
    query_change(&q, BM_E_STORE_CORRUPT);
    return query_close(&q);
}

static void segment_read(struct sqlite_query *q, void *out)
{
    struct index_segment_row *row = out;

    row->id = query_get_u64(q);
    row->run = query_get_u64(q);
    row->first_page = query_get_u64(q);
    row->pages = query_get_u32(q, UINT32_MAX);
    row->entries = query_get_u32(q, UINT32_MAX);
    query_get_fixed(q, row->last, sizeof row->last);
}

static bm_status segment_list(void *self, const struct index_visit *visit)
{
    const struct store_visit rows = { visit->arg, visit->row };
    struct sqlite_query q;
    struct index_segment_row row = { .id = 0 };

    query_open(&q, self, SQL_SEGMENT_LIST);
    return query_visit(&q, segment_read, &row, &rows);
}

/* A row that another one speaks of. */
static bm_status must_be_there(bm_status rc)
{
    return rc == BM_E_NOT_FOUND || rc == BM_E_END ? BM_E_STORE_CORRUPT : rc;
}

/* One blob by its id; not by query_one(), since what the caller was handed
 * last must stay. */
static bm_status blob_visit(void *self, enum sql sql, uint64_t id,
                            const struct index_visit *visit)
{
    struct sqlite_query q;

    query_open(&q, self, sql);
    query_put_u64(&q, id);
    if (query_step(&q)) {
        struct bm_bytes blob = query_get_bytes(&q, SQLITE_BLOB_MAX);

        if (q.rc == BM_OK) {
            q.rc = visit->row(visit->arg, &blob);
        }
    }
    return must_be_there(query_close(&q));
}

static bm_status segment_data(void *self, uint64_t id,
                              const struct index_visit *visit)
{
    return blob_visit(self, SQL_SEGMENT_DATA, id, visit);
}

static bm_status page_put(void *self, uint64_t id, struct bm_bytes page)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_PAGE_PUT);
    query_put_u64(&q, id);
    query_put_bytes(&q, page);
    query_run(&q);
    return query_close(&q);
}

static bm_status copy_page(void *arg, const void *page)
{
    bm_wr_put(arg, *(const struct bm_bytes *)page);
    return BM_OK;
}

static bm_status page_get(void *self, uint64_t id, uint8_t *page, size_t cap,
                          size_t *n)
{
    struct bm_wr w;
    const struct index_visit visit = { &w, copy_page };

    *n = 0;
    bm_wr_init(&w, page, cap);
    BM_TRY(blob_visit(self, SQL_PAGE_GET, id, &visit));
    if (w.len > cap) {
        return BM_E_STORE_CORRUPT;
    }
    *n = w.len;
    return BM_OK;
}

static bm_status page_drop(void *self, uint64_t first, uint32_t n)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_PAGE_DROP);
    query_put_u64(&q, first);
    query_put_u64(&q, first + n - 1);
    query_run(&q);
    return query_close(&q);
}

bm_status claim_open(struct sqlite_store *s, const struct index_params *params)
{
    static const struct index_params usual = INDEX_PARAMS_DEFAULT;
    const struct index_medium medium = {
        .self = s,
        .recent_put = recent_put,
        .recent_clear = recent_clear,
        .recent_list = recent_list,
        .run_put = run_put,
        .run_drop = run_drop,
        .run_list = run_list,
        .segment_put = segment_put,
        .segment_drop = segment_drop,
        .segment_list = segment_list,
        .segment_data = segment_data,
        .page_put = page_put,
        .page_get = page_get,
        .page_drop = page_drop,
    };

    return index_new(params == NULL ? &usual : params, &medium, &s->claims);
}

/* Once per transaction: did another process write since we looked? */
static bm_status current(struct sqlite_store *s)
{
    struct sqlite_query q;
    int64_t version = 0;

    if (s->current) {
        return BM_OK;
    }
    query_open(&q, s, SQL_DATA_VERSION);
    if (query_step(&q)) {
        version = query_get_i64(&q);
    }
    BM_TRY(query_close(&q));
    if (version != s->data_version) {
        index_refresh(s->claims);
        s->data_version = version;
    }
    s->current = true;
    return BM_OK;
}

static bm_status usable(struct sqlite_store *s, bool write)
{
    if (s->state == SQLITE_STATE_IDLE ||
        (write && s->state != SQLITE_STATE_WRITE)) {
        return BM_E_STORE_STATE;
    }
    BM_TRY(s->failed);
    return current(s);
}

bm_status claim_put(void *self, enum store_claim kind,
                    const uint8_t hash[STORE_HASH_SIZE], uint64_t ref)
{
    struct sqlite_store *s = self;
    bm_status rc;

    BM_TRY(usable(s, true));
    rc = index_put(s->claims, (uint8_t)kind, hash, ref);
    if (rc != BM_OK && s->failed == BM_OK) {
        s->failed = rc;
    }
    return rc;
}

bm_status claim_list(void *self, enum store_claim kind,
                     const uint8_t hash[STORE_HASH_SIZE],
                     const struct store_visit *visit)
{
    struct sqlite_store *s = self;
    const struct index_visit refs = { visit->arg, visit->row };

    BM_TRY(usable(s, false));
    return index_list(s->claims, (uint8_t)kind, hash, &refs);
}

bm_status claim_check(struct sqlite_store *s, struct bm_wr *words)
{
    BM_TRY(usable(s, false));
    return index_check(s->claims, words);
}

void sqlite_claim_fill(struct store *store)
{
    store->claim_put = claim_put;
    store->claim_list = claim_list;
}
