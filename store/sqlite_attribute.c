/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attributes of devices. One that is one device's is found by its claim, as
 * names are (sqlite_device.c); those that many share are in an index, by
 * device, so that several can be walked side by side.
 */
#include <stdio.h>
#include <string.h>

#include "store/siphash.h"
#include "store/sqlite_internal.h"

static void attribute_read(struct sqlite_query *q, void *out)
{
    struct store_attribute *row = out;

    row->device = query_get_u64(q);
    row->organisation = query_get_u32(q, UINT32_MAX);
    row->kind = query_get_u32(q, UINT32_MAX);
    query_get_text(q, row->name, sizeof row->name);
    query_get_text(q, row->value, sizeof row->value);
}

/* organisation (4 octets) || kind (4) || value */
static bm_status value_hash(const struct sqlite_store *s,
                            const struct store_attribute *row,
                            uint8_t hash[STORE_HASH_SIZE])
{
    uint8_t text[8 + STORE_VALUE_MAX];
    const char *end = memchr(row->value, 0, sizeof row->value);
    size_t n;

    if (end == NULL) {
        return BM_E_ARGUMENT;
    }
    n = (size_t)(end - row->value);
    memcpy(text, &row->organisation, 4);
    memcpy(text + 4, &row->kind, 4);
    memcpy(text + 8, row->value, n);
    memset(hash, 0, STORE_HASH_SIZE);
    siphash_128(s->device_key, (struct bm_bytes){ text, 8 + n }, hash);
    return BM_OK;
}

static void put_members(struct sqlite_query *q,
                        const struct store_attribute *row)
{
    query_put_i64(q, row->kind);
    query_put_text(q, row->name, sizeof row->name);
    query_put_text(q, row->value, sizeof row->value);
}

/* Has `device` what `row` says? */
static bm_status has(struct sqlite_store *s, const struct store_attribute *row,
                     uint64_t device)
{
    struct sqlite_query q;

    query_open(&q, s, SQL_ATTRIBUTE_HAS);
    query_put_u64(&q, device);
    put_members(&q, row);
    query_put_i64(&q, row->organisation);
    (void)query_one(&q);
    return query_close(&q);
}

struct holder {
    struct sqlite_store *s;
    const struct store_attribute *row;
    uint64_t device; /* 0: none */
};

static bm_status find_holder(void *arg, const void *ref)
{
    struct holder *h = arg;
    uint64_t device = *(const uint64_t *)ref;
    bm_status rc = has(h->s, h->row, device);

    if (rc == BM_E_NOT_FOUND) {
        return BM_OK; /* it had it once */
    }
    BM_TRY(rc);
    h->device = device;
    return BM_E_END;
}

/* Of those that are one device's. */
static bm_status holder_of(struct sqlite_store *s,
                           const struct store_attribute *row, uint64_t *device)
{
    struct holder h = { s, row, 0 };
    const struct store_visit visit = { &h, find_holder };
    uint8_t hash[STORE_HASH_SIZE];

    BM_TRY(value_hash(s, row, hash));
    BM_TRY(claim_list(s, STORE_CLAIM_ATTRIBUTE, hash, &visit));
    *device = h.device;
    return BM_OK;
}

/* A claim that this device has from before would be found twice. */
struct claimed {
    uint64_t device;
    bool yes;
};

static bm_status find_claim(void *arg, const void *ref)
{
    struct claimed *c = arg;

    c->yes = *(const uint64_t *)ref == c->device;
    return c->yes ? BM_E_END : BM_OK;
}

static bm_status claim_value(struct sqlite_store *s,
                             const struct store_attribute *row)
{
    struct claimed c = { row->device, false };
    const struct store_visit visit = { &c, find_claim };
    uint8_t hash[STORE_HASH_SIZE];

    BM_TRY(value_hash(s, row, hash));
    BM_TRY(claim_list(s, STORE_CLAIM_ATTRIBUTE, hash, &visit));
    return c.yes ? BM_OK
                 : claim_put(s, STORE_CLAIM_ATTRIBUTE, hash, row->device);
}

static bm_status put(struct sqlite_store *s, const struct store_attribute *row)
{
    bool own = row->kind < STORE_ATTRIBUTE_SHARED;
    struct sqlite_query q;
    uint64_t other = 0;

    if (own) {
        BM_TRY(holder_of(s, row, &other));
        if (other != 0) {
            return other == row->device ? BM_OK : BM_E_STORE_CONFLICT;
        }
    }
    query_open(&q, s, SQL_ATTRIBUTE_PUT);
    query_put_u64(&q, row->device);
    query_put_i64(&q, row->organisation);
    put_members(&q, row);
    query_run(&q);
    BM_TRY(query_close(&q));
    return own ? claim_value(s, row) : BM_OK;
}

static bm_status attribute_put(void *self, const struct store_attribute *row)
{
    struct sqlite_store *s = self;
    bm_status rc = put(s, row);

    if (rc != BM_OK && s->state == SQLITE_STATE_WRITE && s->failed == BM_OK) {
        s->failed = rc;
    }
    return rc;
}

static bm_status attribute_drop(void *self, const struct store_attribute *row)
{
    struct sqlite_query q;

    query_open(&q, self, SQL_ATTRIBUTE_DROP);
    query_put_u64(&q, row->device);
    put_members(&q, row);
    query_run(&q);
    return query_close(&q);
}

static bm_status attribute_list(void *self, uint64_t device,
                                const struct store_visit *visit)
{
    struct sqlite_query q;
    struct store_attribute row;

    query_open(&q, self, SQL_ATTRIBUTE_LIST);
    query_put_u64(&q, device);
    return query_visit(&q, attribute_read, &row, visit);
}

static bm_status next_shared(struct sqlite_store *s,
                             const struct store_attribute *row,
                             uint64_t *device)
{
    struct sqlite_query q;

    query_open(&q, s, SQL_ATTRIBUTE_NEXT);
    query_put_i64(&q, row->organisation);
    put_members(&q, row);
    query_put_u64(&q, *device);
    if (query_one(&q)) {
        *device = query_get_u64(&q);
    }
    return query_close(&q);
}

static bm_status attribute_next(void *self, const struct store_attribute *row,
                                uint64_t *device)
{
    uint64_t holder = 0;

    if (row->kind >= STORE_ATTRIBUTE_SHARED) {
        return next_shared(self, row, device);
    }
    BM_TRY(holder_of(self, row, &holder));
    if (holder == 0 || holder < *device) {
        return BM_E_NOT_FOUND;
    }
    *device = holder;
    return BM_OK;
}

/* ---- Checking */

struct checked {
    struct sqlite_store *s;
    struct bm_wr *words;
};

static bm_status check_row(void *arg, const void *visited)
{
    const struct checked *c = arg;
    const struct store_attribute *row = visited;
    uint64_t holder = 0;
    char line[80];

    if (row->kind >= STORE_ATTRIBUTE_SHARED) {
        return BM_OK;
    }
    BM_TRY(holder_of(c->s, row, &holder));
    if (holder == row->device) {
        return BM_OK;
    }
    (void)snprintf(line, sizeof line,
                   "device %llu is not found by attribute %u\n",
                   (unsigned long long)row->device, (unsigned)row->kind);
    bm_wr_str(c->words, line);
    return BM_E_STORE_CORRUPT;
}

bm_status attribute_check(struct sqlite_store *s, struct bm_wr *words)
{
    struct checked c = { s, words };
    const struct store_visit visit = { &c, check_row };
    struct sqlite_query q;
    struct store_attribute row;

    query_open(&q, s, SQL_ATTRIBUTE_ALL);
    return query_visit(&q, attribute_read, &row, &visit);
}

void sqlite_attribute_fill(struct store *store)
{
    store->attribute_put = attribute_put;
    store->attribute_drop = attribute_drop;
    store->attribute_list = attribute_list;
    store->attribute_next = attribute_next;
}
