/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/table_internal.h"

/*
 * The search among a node's n >= 2 ranges, for each size of key: where the
 * key of the range is that the value is in, from that of range 0 on, which is
 * not written. Each comparison leaves half of the ranges, or the
 * greater part, so that as many are made for every value. All of a table was
 * looked at, so nothing is checked here.
 */

BM_FW_INLINE const uint8_t *find_2(const uint8_t *at, uint32_t n,
                                   uint32_t value)
{
    do {
        uint32_t half = n / 2;
        const uint8_t *key = at + 2 * half;

        if (bm_fw_le16(key) <= value) {
            at = key;
        }
        n -= half;
    } while (n > 1);
    return at;
}

BM_FW_INLINE const uint8_t *find_4(const uint8_t *at, uint32_t n,
                                   uint32_t value)
{
    do {
        uint32_t half = n / 2;
        const uint8_t *key = at + 4 * half;

        if (bm_fw_le32(key) <= value) {
            at = key;
        }
        n -= half;
    } while (n > 1);
    return at;
}

/* Of keys of `words` words, the highest first. */
static uint32_t find_words(const uint8_t *keys, uint32_t n,
                           const uint32_t *value, unsigned words)
{
    const uint8_t *at = keys;

    do {
        uint32_t half = n / 2;
        const uint8_t *key = at + 4 * words * half;
        unsigned i = 0;

        while (i + 1 < words && bm_fw_le32(key + 4 * i) == value[i]) {
            i++;
        }
        if (bm_fw_le32(key + 4 * i) <= value[i]) {
            at = key;
        }
        n -= half;
    } while (n > 1);
    return (uint32_t)(at - keys);
}

/* Where a node sends a packet: its keys, and then its targets, are behind 4
 * octets. */
BM_FW_INLINE unsigned next(const uint8_t *node, const struct bm_fw_packet *p)
{
    uint32_t head = bm_fw_le32(node);
    unsigned field = head & 0xff;
    uint32_t n = head >> 16;

    if (field == BM_FW_FIELD_PEER_4) {
        return bm_fw_le16(node + 4 * n +
                          (find_4(node, n, p->peer[0]) - node) / 2);
    }
    if (field < BM_FW_FIELD_PEER_4 || field == BM_FW_FIELD_SPORT) {
        /* Keys of 2 octets are as far apart as targets. */
        uint32_t apart = ((2 * n + 1) & ~UINT32_C(3)) + 2;

        return bm_fw_le16(
            find_2(node + 2, n, p->fields[field - BM_FW_FIELD_TYPE]) + apart);
    }
    if (field == BM_FW_FIELD_PEER_6) {
        return bm_fw_le16(node + 16 * n - 12 +
                          find_words(node - 12, n, p->peer, 4) / 8);
    }
    return bm_fw_le16(node + 8 * n - 4 +
                      find_words(node - 4, n, p->mac, 2) / 4);
}

uint16_t bm_fw_table_find(const struct bm_fw_table *t, enum bm_fw_mode mode,
                          const struct bm_fw_packet *p)
{
    const uint8_t *index = t->index;
    const uint8_t *base = t->p;
    unsigned target =
        t->roots[BM_FW_ROOT((unsigned)mode, p->direction, p->class_of)];

    while (!BM_FW_IS_RULE(target)) {
        target = next(base + bm_fw_le32(index + BM_FW_INDEX_SIZE * target), p);
    }
    /* Rules are below 4000: without bit 15, and with bit 14 in its place. */
    return (uint16_t)((int16_t)(target << 1) >> 1);
}

unsigned bm_fw_table_probes(const struct bm_fw_table *t, enum bm_fw_mode mode,
                            const struct bm_fw_packet *p)
{
    unsigned target =
        t->roots[BM_FW_ROOT((unsigned)mode, p->direction, p->class_of)];
    unsigned probes = 0;

    while (!BM_FW_IS_RULE(target)) {
        const uint8_t *node =
            t->p + bm_fw_le32(t->index + BM_FW_INDEX_SIZE * target);

        target = next(node, p);
        probes += bm_fw_cost(bm_fw_le16(node + 2));
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

    if (i >= t->rule_n) {
        return (struct bm_bytes){ NULL, 0 };
    }
    while (i-- > 0) {
        p += 1 + p[0];
    }
    return (struct bm_bytes){ p + 1, p[0] };
}
