/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite_internal.h"

/* What of a hash counts. */
#define CLAIM_SIZE 16

bm_status claim_put(void *self, enum store_claim kind,
                    const uint8_t hash[STORE_HASH_SIZE], uint64_t ref)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_CLAIM_PUT);
    query_put_i64(&q, (int64_t)kind);
    query_put_bytes(&q, (struct bm_bytes){ hash, CLAIM_SIZE });
    query_put_u64(&q, ref);
    query_run(&q);
    return query_close(&q);
}

static void claim_read(struct sqlite_query *q, void *row)
{
    *(uint64_t *)row = query_get_u64(q);
}

bm_status claim_list(void *self, enum store_claim kind,
                     const uint8_t hash[STORE_HASH_SIZE],
                     const struct store_visit *visit)
{
    struct sqlite_query q;
    uint64_t ref;

    query_open(&q, self, SQL_CLAIM_LIST);
    query_put_i64(&q, (int64_t)kind);
    query_put_bytes(&q, (struct bm_bytes){ hash, CLAIM_SIZE });
    return query_visit(&q, claim_read, &ref, visit);
}

void sqlite_claim_fill(struct store *store)
{
    store->claim_put = claim_put;
    store->claim_list = claim_list;
}
