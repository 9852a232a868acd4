/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/table_internal.h"

/*
 * The search among a node's n >= 2 ranges, for each size of key: how far
 * behind the place of range 0's key, which is not written, that of the range
 * is that the value is in. Each comparison leaves half of the ranges, and
 * where that is uneven the greater half, so that as many are made for every
 * value. All of a table was looked at, so nothing is checked here.
 */

BM_FW_INLINE uint32_t find_2(const uint8_t *keys, uint32_t n, uint32_t value)
{
    const uint8_t *at = keys;
    uint32_t half = n / 2;

    do {
        const uint8_t *key = at + 2 * half;

        n -= half;
        if (bm_fw_le16(key) <= value) {
            at = key;
        }
        half = n / 2;
    } while (half != 0);
    return (uint32_t)(at - keys);
}

BM_FW_INLINE uint32_t find_4(const uint8_t *keys, uint32_t n, uint32_t value)
{
    const uint8_t *at = keys;
    uint32_t half = n / 2;

    do {
        const uint8_t *key = at + 4 * half;

        n -= half;
        if (bm_fw_le32(key) <= value) {
            at = key;
        }
        half = n / 2;
    } while (half != 0);
    return (uint32_t)(at - keys);
}

/* Of `words` words, the highest first. */
static uint32_t find_words(const uint8_t *keys, uint32_t n,
                           const uint32_t *value, unsigned words)
{
    const uint8_t *at = keys;
    uint32_t half = n / 2;

    do {
        const uint8_t *key = at + 4 * words * half;
        unsigned i = 0;

        n -= half;
        while (i + 1 < words && bm_fw_le32(key + 4 * i) == value[i]) {
            i++;
        }
        if (bm_fw_le32(key + 4 * i) <= value[i]) {
            at = key;
        }
        half = n / 2;
    } while (half != 0);
    return (uint32_t)(at - keys);
}

/* Where node `number` sends it; `*ranges`: how many it has. */
BM_FW_INLINE unsigned next(const struct bm_fw_table *t, unsigned number,
                           const struct bm_fw_packet *p, uint32_t *ranges)
{
    const uint8_t *node =
        t->p + bm_fw_le32(t->index + BM_FW_INDEX_SIZE * number);
    uint32_t head = bm_fw_le32(node);
    unsigned field = head & 0xff;
    uint32_t n = head >> 16;
    uint32_t range; /* twice its number */

    *ranges = n;
    node += BM_FW_NODE_KEYS;
    if (field < BM_FW_FIELD_PEER_4 || field == BM_FW_FIELD_SPORT) {
        range = find_2(node - 2, n, p->fields[field - BM_FW_FIELD_TYPE]);
        node += bm_fw_padded(2 * n - 2);
    } else if (field == BM_FW_FIELD_PEER_4) {
        range = find_4(node - 4, n, p->peer[0]) / 2;
        node += 4 * n - 4;
    } else if (field == BM_FW_FIELD_PEER_6) {
        range = find_words(node - 16, n, p->peer, 4) / 8;
        node += 16 * n - 16;
    } else {
        range = find_words(node - 8, n, p->mac, 2) / 4;
        node += 8 * n - 8;
    }
    return bm_fw_le16(node + range);
}

uint16_t bm_fw_table_find(const struct bm_fw_table *t, enum bm_fw_mode mode,
                          const struct bm_fw_packet *p)
{
    unsigned target =
        t->roots[BM_FW_ROOT((unsigned)mode, p->direction, p->class_of)];
    uint32_t n;

    while (!BM_FW_IS_RULE(target)) {
        target = next(t, target, p, &n);
    }
    return (uint16_t)(target == BM_FW_NO_RULE ? target
                                              : target - BM_FW_TARGET_RULE);
}

unsigned bm_fw_table_probes(const struct bm_fw_table *t, enum bm_fw_mode mode,
                            const struct bm_fw_packet *p)
{
    unsigned target =
        t->roots[BM_FW_ROOT((unsigned)mode, p->direction, p->class_of)];
    unsigned probes = 0;
    uint32_t n;

    while (!BM_FW_IS_RULE(target)) {
        target = next(t, target, p, &n);
        probes += bm_fw_cost(n);
    }
    return probes;
}

void bm_fw_table_rule(const struct bm_fw_table *t, unsigned i,
                      struct bm_fw_rule *rule)
{
    const uint8_t *r = t->rules + BM_FW_RULE_SIZE * i;

    rule->verdict = r[0];
    rule->flags = r[1];
    rule->log = r[2];
    rule->modes = r[3];
    rule->sample = bm_fw_le16(r + BM_FW_RULE_SAMPLE);
    rule->cap = bm_fw_le16(r + BM_FW_RULE_CAP);
    rule->rate = bm_fw_le32(r + BM_FW_RULE_RATE);
    rule->burst = bm_fw_le16(r + BM_FW_RULE_BURST);
    rule->filter = bm_fw_le16(r + BM_FW_RULE_FILTER);
    rule->high = bm_fw_le32(r + BM_FW_RULE_HIGH);
    rule->low = bm_fw_le32(r + BM_FW_RULE_LOW);
}

struct bm_bytes bm_fw_table_name(const struct bm_fw_table *t, unsigned i)
{
    const uint8_t *p = t->names;

    while (i-- > 0) {
        p += 1 + p[0];
    }
    return (struct bm_bytes){ p + 1, p[0] };
}
