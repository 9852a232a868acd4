/* SPDX-License-Identifier: Apache-2.0 */

/* Where keys were made. */
#include <string.h>

#include "store/sqlite_internal.h"

static bm_status attestation_put(void *self,
                                 const struct store_attestation *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_ATTESTATION_PUT);
    query_put_bytes(&q, BM_ARRAY(row->key));
    query_put_i64(&q, row->organisation);
    query_put_u64(&q, row->device);
    query_put_i64(&q, (int64_t)row->place);
    query_put_bytes(&q, BM_ARRAY(row->ek));
    query_put_i64(&q, row->at);
    query_run(&q);
    return query_close(&q);
}

static void attestation_read(struct sqlite_query *q,
                             struct store_attestation *row)
{
    query_get_fixed(q, row->key, sizeof row->key);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->device = query_get_u64(q);
    row->place = (enum store_place)query_get_u32(q, STORE_PLACE_TPM);
    query_get_fixed(q, row->ek, sizeof row->ek);
    row->at = query_get_i64(q);
}

/* The one row that a query, whose parameters are bound, finds. */
static bm_status find(struct sqlite_query *q, struct store_attestation *row)
{
    memset(row, 0, sizeof *row);
    if (query_one(q)) {
        attestation_read(q, row);
    }
    return query_close(q);
}

static bm_status attestation_get(void *self, const uint8_t key[STORE_HASH_SIZE],
                                 struct store_attestation *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_ATTESTATION_GET);
    query_put_bytes(&q, (struct bm_bytes){ key, STORE_HASH_SIZE });
    return find(&q, row);
}

static bm_status attestation_of_device(void *self, uint64_t device,
                                       struct store_attestation *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_ATTESTATION_OF_DEVICE);
    query_put_u64(&q, device);
    return find(&q, row);
}

static bm_status attestation_of_ek(void *self, uint32_t organisation,
                                   const uint8_t ek[STORE_HASH_SIZE],
                                   struct store_attestation *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_ATTESTATION_OF_EK);
    query_put_i64(&q, organisation);
    query_put_bytes(&q, (struct bm_bytes){ ek, STORE_HASH_SIZE });
    return find(&q, row);
}

void sqlite_attestation_fill(struct store *store)
{
    store->attestation_put = attestation_put;
    store->attestation_get = attestation_get;
    store->attestation_of_device = attestation_of_device;
    store->attestation_of_ek = attestation_of_ek;
}
