/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Leaves, tiles and heads of the ledger. A leaf's rowid is
 *
 *     tree << LEAF_BITS | index
 *
 * so that leaves are clustered in the order in which they come, and every
 * insert is at the end of the table.
 */
#include <string.h>

#include "store/sqlite_internal.h"

#define LEAF_BITS 44
#define LEAF_MAX  (UINT64_C(1) << LEAF_BITS)
#define TREE_MAX  (UINT32_C(1) << (63 - LEAF_BITS))

static bm_status leaf_id(uint32_t tree, uint64_t index, uint64_t *id)
{
    if (tree == 0 || tree >= TREE_MAX || index >= LEAF_MAX) {
        return BM_E_ARGUMENT;
    }
    *id = (uint64_t)tree << LEAF_BITS | index;
    return BM_OK;
}

static bm_status leaf_put(void *self, const struct store_leaf *row)
{
    struct sqlite_query q;
    uint64_t id = 0;

    query_open(&q, self, SQL_LEAF_PUT);
    if (q.rc == BM_OK) {
        q.rc = leaf_id(row->tree, row->index, &id);
    }
    query_put_u64(&q, id);
    query_put_i64(&q, row->organisation);
    query_put_bytes(&q, BM_ARRAY(row->salt));
    query_put_bytes(&q, row->record);
    query_run(&q);
    return query_close(&q);
}

static void leaf_read(struct sqlite_query *q, void *out)
{
    struct store_leaf *row = out;
    uint64_t id = query_get_u64(q);

    row->tree = (uint32_t)(id >> LEAF_BITS);
    row->index = id & (LEAF_MAX - 1);
    row->organisation = query_get_u32(q, UINT32_MAX);
    query_get_fixed(q, row->salt, sizeof row->salt);
    row->record = query_get_bytes(q, SQLITE_BLOB_MAX);
}

static bm_status leaf_get(void *self, uint32_t tree, uint64_t index,
                          struct store_leaf *row)
{
    struct sqlite_query q;
    uint64_t id;

    memset(row, 0, sizeof *row);
    if (leaf_id(tree, index, &id) != BM_OK) {
        return BM_E_NOT_FOUND;
    }
    query_open(&q, self, SQL_LEAF_GET);
    query_put_u64(&q, id);
    if (query_one(&q)) {
        leaf_read(&q, row);
    }
    return query_close(&q);
}

static bm_status leaf_list(void *self, uint32_t tree, uint64_t from,
                           const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_leaf row;
    uint64_t first;

    if (leaf_id(tree, from, &first) != BM_OK) {
        return BM_OK;
    }
    query_open(&q, self, SQL_LEAF_LIST);
    query_put_u64(&q, first);
    query_put_u64(&q, first | (LEAF_MAX - 1));
    return query_visit(&q, leaf_read, &row, visit);
}

static bm_status tile_put(void *self, uint32_t tree, uint32_t level,
                          uint64_t index, struct bm_bytes hashes)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_TILE_PUT);
    if (q.rc == BM_OK && hashes.n != STORE_TILE_SIZE) {
        q.rc = BM_E_ARGUMENT;
    }
    query_put_i64(&q, tree);
    query_put_i64(&q, level);
    query_put_u64(&q, index);
    query_put_bytes(&q, hashes);
    query_run(&q);
    return query_close(&q);
}

static bm_status tile_get(void *self, uint32_t tree, uint32_t level,
                          uint64_t index, struct bm_bytes *hashes)
{
    struct sqlite_query q;

    memset(hashes, 0, sizeof *hashes);
    query_open(&q, self, SQL_TILE_GET);
    query_put_i64(&q, tree);
    query_put_i64(&q, level);
    query_put_u64(&q, index);
    if (query_one(&q)) {
        *hashes = query_get_bytes(&q, STORE_TILE_SIZE);
        if (q.rc == BM_OK && hashes->n != STORE_TILE_SIZE) {
            memset(hashes, 0, sizeof *hashes);
            q.rc = BM_E_STORE_CORRUPT;
        }
    }
    return query_close(&q);
}

static bm_status head_put(void *self, const struct store_head *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_HEAD_PUT);
    query_put_i64(&q, row->tree);
    query_put_u64(&q, row->size);
    query_put_bytes(&q, row->edge);
    query_put_bytes(&q, row->checkpoint);
    query_run(&q);
    return query_close(&q);
}

static bm_status head_get(void *self, uint32_t tree, struct store_head *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, tree == 0 ? SQL_HEAD_NEWEST : SQL_HEAD_GET);
    if (tree != 0) {
        query_put_i64(&q, tree);
    }
    if (query_one(&q)) {
        row->tree = query_get_u32(&q, UINT32_MAX);
        row->size = query_get_u64(&q);
        row->edge = query_get_bytes(&q, SQLITE_BLOB_MAX);
        row->checkpoint = query_get_bytes(&q, SQLITE_BLOB_MAX);
    }
    return query_close(&q);
}

void sqlite_ledger_fill(struct store *store)
{
    store->leaf_put = leaf_put;
    store->leaf_get = leaf_get;
    store->leaf_list = leaf_list;
    store->tile_put = tile_put;
    store->tile_get = tile_get;
    store->head_put = head_put;
    store->head_get = head_get;
}
