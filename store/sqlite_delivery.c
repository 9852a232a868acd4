/* SPDX-License-Identifier: Apache-2.0 */

/* What devices were told to have, how far they came, and what they say. */
#include <string.h>

#include "store/sqlite_internal.h"

/* ---- Manifests */

static bm_status manifest_put(void *self, const struct store_manifest *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_MANIFEST_PUT);
    query_put_u64(&q, row->device);
    query_put_i64(&q, row->organisation);
    query_put_u64(&q, row->version);
    query_put_i64(&q, row->issued);
    query_put_i64(&q, row->next_update);
    query_put_bytes(&q, BM_ARRAY(row->said));
    query_put_bytes(&q, row->message);
    query_run(&q);
    return query_close(&q);
}

static bm_status manifest_get(void *self, uint64_t device,
                              struct store_manifest *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_MANIFEST_GET);
    query_put_u64(&q, device);
    if (query_one(&q)) {
        row->device = query_get_u64(&q);
        row->organisation = query_get_u32(&q, UINT32_MAX);
        row->version = query_get_u64(&q);
        row->issued = query_get_i64(&q);
        row->next_update = query_get_i64(&q);
        query_get_fixed(&q, row->said, sizeof row->said);
        row->message = query_get_bytes(&q, SQLITE_BLOB_MAX);
    }
    return query_close(&q);
}

static bm_status manifest_forget(void *self)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_MANIFEST_FORGET);
    query_run(&q);
    return query_close(&q);
}

/* ---- Progress */

/* What the device has not done before. */
static bm_status new_steps(void *self, const struct store_progress *row,
                           uint32_t *steps)
{
    struct sqlite_query q;
    bm_status rc;

    *steps = row->steps;
    query_open(&q, self, SQL_PROGRESS_STEPS);
    query_put_u64(&q, row->assignment);
    query_put_u64(&q, row->item);
    query_put_u64(&q, row->device);
    if (query_one(&q)) {
        *steps &= ~query_get_u32(&q, STORE_STEPS_ALL);
    }
    rc = query_close(&q);
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

/* Devices are counted as they go, so that nobody has to look at a million of
 * them. */
static bm_status count_steps(void *self, const struct store_progress *row,
                             uint32_t steps)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_PROGRESS_COUNT_ADD);
    query_put_u64(&q, row->assignment);
    query_put_u64(&q, row->item);
    query_put_i64(&q, steps);
    query_run(&q);
    return query_close(&q);
}

static bm_status progress_put(void *self, const struct store_progress *row)
{
    struct sqlite_query q;
    uint32_t steps;

    BM_TRY(new_steps(self, row, &steps));
    query_open(&q, self, SQL_PROGRESS_PUT);
    query_put_u64(&q, row->assignment);
    query_put_u64(&q, row->item);
    query_put_u64(&q, row->device);
    query_put_u64(&q, row->version);
    query_put_i64(&q, row->steps);
    query_run(&q);
    BM_TRY(query_close(&q));
    return steps != 0 ? count_steps(self, row, steps) : BM_OK;
}

static bm_status progress_find(void *self, uint64_t device,
                               const uint8_t hash[STORE_HASH_SIZE],
                               struct store_progress *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_PROGRESS_FIND);
    query_put_u64(&q, device);
    query_put_bytes(&q, (struct bm_bytes){ hash, STORE_HASH_SIZE });
    if (query_one(&q)) {
        row->assignment = query_get_u64(&q);
        row->item = query_get_u64(&q);
        row->device = query_get_u64(&q);
        row->version = query_get_u64(&q);
        row->steps = query_get_u32(&q, STORE_STEPS_ALL);
        row->kind = (enum store_item_kind)query_get_u32(&q, STORE_ITEM_POLICY);
        query_get_text(&q, row->words, sizeof row->words);
    }
    return query_close(&q);
}

static bm_status progress_count(void *self, uint64_t assignment, uint64_t item,
                                uint64_t counts[STORE_STEPS])
{
    struct sqlite_query q;
    bm_status rc;

    memset(counts, 0, STORE_STEPS * sizeof *counts);
    query_open(&q, self, SQL_PROGRESS_COUNT);
    query_put_u64(&q, assignment);
    query_put_u64(&q, item);
    if (query_one(&q)) {
        for (size_t i = 0; i < STORE_STEPS; i++) {
            counts[i] = query_get_u64(&q);
        }
    }
    rc = query_close(&q);
    return rc == BM_E_NOT_FOUND ? BM_OK : rc; /* nobody so far */
}

/* ---- What a device says */

static bm_status heard_put(void *self, const struct store_heard *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_HEARD_PUT);
    query_put_u64(&q, row->device);
    query_put_i64(&q, row->organisation);
    query_put_u64(&q, row->number);
    query_put_text(&q, row->key, sizeof row->key);
    query_put_i64(&q, row->key_at);
    query_put_text(&q, row->policy, sizeof row->policy);
    query_put_bytes(&q, BM_ARRAY(row->policy_hash));
    query_put_i64(&q, row->policy_at);
    query_put_text(&q, row->mode, sizeof row->mode);
    query_put_i64(&q, row->mode_at);
    query_put_u64(&q, row->missed);
    query_put_i64(&q, row->missed_at);
    query_run(&q);
    return query_close(&q);
}

static bm_status heard_get(void *self, uint64_t device, struct store_heard *row)
{
    struct sqlite_query q;

    memset(row, 0, sizeof *row);
    query_open(&q, self, SQL_HEARD_GET);
    query_put_u64(&q, device);
    if (query_one(&q)) {
        row->device = query_get_u64(&q);
        row->organisation = query_get_u32(&q, UINT32_MAX);
        row->number = query_get_u64(&q);
        query_get_text(&q, row->key, sizeof row->key);
        row->key_at = query_get_i64(&q);
        query_get_text(&q, row->policy, sizeof row->policy);
        query_get_fixed(&q, row->policy_hash, sizeof row->policy_hash);
        row->policy_at = query_get_i64(&q);
        query_get_text(&q, row->mode, sizeof row->mode);
        row->mode_at = query_get_i64(&q);
        row->missed = query_get_u64(&q);
        row->missed_at = query_get_i64(&q);
    }
    return query_close(&q);
}

void sqlite_delivery_fill(struct store *store)
{
    store->manifest_put = manifest_put;
    store->manifest_get = manifest_get;
    store->manifest_forget = manifest_forget;
    store->progress_put = progress_put;
    store->progress_find = progress_find;
    store->progress_count = progress_count;
    store->heard_put = heard_put;
    store->heard_get = heard_get;
}
