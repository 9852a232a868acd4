/* SPDX-License-Identifier: Apache-2.0 */

/* Rows, and putting them. */
#include <stdio.h>
#include <string.h>

#include "bench/large/large.h"

#define ORGANISATION 1

/* Behind the leaves of the instance itself, whose ledger goes on below. */
#define LEAF_BASE (UINT64_C(1) << 40)

#define START_MS INT64_C(1760000000000)

static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static void fill(uint8_t *p, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i += 8) {
        uint64_t v = mix(seed + i);

        memcpy(p + i, &v, n - i < 8 ? n - i : 8);
    }
}

static void hashes(struct large_row *row, uint64_t seed)
{
    fill(row->key, sizeof row->key, mix(seed));
    fill(row->identifier, sizeof row->identifier, mix(seed ^ 0x5555));
}

/* A serial is 48 bits of milliseconds, then random: eight in each. */
void large_row_make(struct large_row *row, uint64_t n)
{
    uint64_t ms = (uint64_t)START_MS + n / 8;

    hashes(row, n);
    fill(row->serial, sizeof row->serial, mix(n ^ 0x7777));
    for (size_t i = 0; i < 6; i++) {
        row->serial[i] = (uint8_t)(ms >> (40 - 8 * i));
    }
    (void)snprintf(row->device, sizeof row->device, "SN-%012llu",
                   (unsigned long long)n);
}

void large_row_absent(struct large_row *row, uint64_t n)
{
    hashes(row, ~n);
}

/* Nothing may be found: keys and identifiers are new. */
static bm_status taken(void *arg, const void *ref)
{
    (void)arg;
    (void)ref;
    return BM_E_STORE_CONFLICT;
}

static void issue_one(struct store *s, uint64_t n)
{
    static const struct store_visit visit = { NULL, taken };
    static uint8_t der[LARGE_DER];
    static uint8_t record[LARGE_RECORD];
    static const int64_t terms[] = { 7776000, 31536000, 94608000 };
    struct large_row row;
    struct store_device device = { .organisation = ORGANISATION,
                                   .state = STORE_DEVICE_BORN,
                                   .created = START_MS / 1000,
                                   .changed = START_MS / 1000 };
    struct store_cert cert = { .organisation = ORGANISATION,
                               .ca = "issuing",
                               .profile = "ieee-802.1ar-ldevid",
                               .status = STORE_CERT_VALID,
                               .not_before = START_MS / 1000,
                               .not_after = START_MS / 1000 + (int64_t)n / 8 +
                                            terms[n % 3],
                               .issued = START_MS / 1000,
                               .tree = 1 };
    struct store_leaf leaf = { .tree = 1,
                               .index = LEAF_BASE + n,
                               .organisation = ORGANISATION };

    large_row_make(&row, n);
    memcpy(der, row.key, sizeof row.key);
    memcpy(record, row.key, sizeof row.key);
    memcpy(leaf.salt, row.identifier, sizeof leaf.salt);
    memcpy(device.name, row.device, sizeof row.device);
    memcpy(cert.key, row.key, sizeof cert.key);
    cert.serial = BM_ARRAY(row.serial);
    cert.der = BM_ARRAY(der);
    cert.leaf = leaf.index;
    leaf.record = BM_ARRAY(record);
    large_must(s->claim_list(s->self, STORE_CLAIM_KEY, row.key, &visit) ==
                       BM_OK &&
                   s->claim_list(s->self, STORE_CLAIM_IDENTIFIER,
                                 row.identifier, &visit) == BM_OK &&
                   s->device_put(s->self, &device) == BM_OK &&
                   s->next_cert(s->self, &cert.id) == BM_OK,
               "device");
    cert.device = device.id;
    large_must(s->cert_put(s->self, &cert) == BM_OK, "certificate");
    large_must(s->claim_put(s->self, STORE_CLAIM_KEY, row.key, cert.id) ==
                       BM_OK &&
                   s->claim_put(s->self, STORE_CLAIM_IDENTIFIER, row.identifier,
                                cert.id) == BM_OK &&
                   s->leaf_put(s->self, &leaf) == BM_OK,
               "claims");
}

/* The ledger's own rows: a tile per 256 leaves, the head per group, under
 * another name than that of the real ledger. */
static void save_ledger(struct store *s, uint64_t before, uint64_t size)
{
    static uint8_t tile[STORE_TILE_SIZE];
    static uint8_t head[20 * 32 + 300];

    for (uint64_t i = before / 256; i < size / 256; i++) {
        memcpy(tile, &i, sizeof i);
        large_must(s->tile_put(s->self, 1, 0, LEAF_BASE / 256 + i,
                               BM_ARRAY(tile)) == BM_OK,
                   "tile");
    }
    memcpy(head, &size, sizeof size);
    large_must(s->setting_put(s->self, "bench/head", BM_ARRAY(head)) == BM_OK,
               "head");
}

void large_issue(struct store *s, uint64_t first, uint64_t n)
{
    while (n > 0) {
        uint64_t group = n < LARGE_GROUP ? n : LARGE_GROUP;

        large_must(s->begin(s->self, STORE_WRITE) == BM_OK, "begin");
        for (uint64_t i = 0; i < group; i++) {
            issue_one(s, first + i);
        }
        save_ledger(s, first, first + group);
        large_must(s->commit(s->self) == BM_OK, "commit");
        first += group;
        n -= group;
    }
}
