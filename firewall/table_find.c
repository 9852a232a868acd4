/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/table_internal.h"

/*
 * The search among a node's ranges, for each size of key: the number of the
 * range that the value is in. All of a table was looked at, so nothing is
 * checked here.
 */

static uint32_t find_2(const uint8_t *keys, uint32_t n, uint32_t value)
{
    uint32_t low = 0;
    uint32_t high = n - 1;

    while (low < high) {
        uint32_t mid = (low + high + 1) / 2;

        if (value < bm_fw_le16(keys + 2 * (mid - 1))) {
            high = mid - 1;
        } else {
            low = mid;
        }
    }
    return low;
}

/* `words` u32, the highest first. */
static uint32_t find_4(const uint8_t *keys, uint32_t n, const uint32_t *value,
                       unsigned words)
{
    uint32_t low = 0;
    uint32_t high = n - 1;

    while (low < high) {
        uint32_t mid = (low + high + 1) / 2;
        const uint8_t *key = keys + 4 * words * (mid - 1);
        unsigned i = 0;

        while (i + 1 < words && value[i] == bm_fw_le32(key + 4 * i)) {
            i++;
        }
        if (value[i] < bm_fw_le32(key + 4 * i)) {
            high = mid - 1;
        } else {
            low = mid;
        }
    }
    return low;
}

static uint32_t range_of(const uint8_t *node, uint32_t n,
                         const struct bm_fw_packet *p)
{
    const uint8_t *keys = node + BM_FW_NODE_KEYS;

    switch (node[0]) {
    case BM_FW_FIELD_TYPE:
        return find_2(keys, n, p->type);
    case BM_FW_FIELD_PROTO:
        return find_2(keys, n, p->proto);
    case BM_FW_FIELD_PORT:
        return find_2(keys, n, p->port);
    case BM_FW_FIELD_SUBNET:
        return find_2(keys, n, p->subnet);
    case BM_FW_FIELD_SPORT:
        return find_2(keys, n, p->sport);
    case BM_FW_FIELD_PEER_4:
        return find_4(keys, n, p->peer, 1);
    case BM_FW_FIELD_PEER_6:
        return find_4(keys, n, p->peer, 4);
    default:
        return find_4(keys, n, p->mac, 2);
    }
}

static const uint8_t *node_at(const struct bm_fw_table *t, unsigned number)
{
    return t->p + bm_fw_le32(t->index + BM_FW_INDEX_SIZE * number);
}

static unsigned next_target(const uint8_t *node, const struct bm_fw_packet *p)
{
    uint32_t n = bm_fw_le16(node + 2);
    const uint8_t *targets = node + BM_FW_NODE_KEYS +
                             bm_fw_padded((n - 1) * bm_fw_key_size(node[0]));

    return bm_fw_le16(targets + 2 * range_of(node, n, p));
}

uint16_t bm_fw_table_find(const struct bm_fw_table *t, enum bm_fw_mode mode,
                          const struct bm_fw_packet *p)
{
    unsigned target = t->roots[mode][p->direction];

    while (!BM_FW_IS_RULE(target)) {
        target = next_target(node_at(t, target), p);
    }
    return target == BM_FW_NO_RULE ? BM_FW_NO_RULE
                                   : (uint16_t)(target - BM_FW_TARGET_RULE);
}

unsigned bm_fw_table_probes(const struct bm_fw_table *t, enum bm_fw_mode mode,
                            const struct bm_fw_packet *p)
{
    unsigned target = t->roots[mode][p->direction];
    unsigned probes = 0;

    while (!BM_FW_IS_RULE(target)) {
        const uint8_t *node = node_at(t, target);
        uint32_t low = 0;
        uint32_t high = bm_fw_le16(node + 2) - 1u;
        uint32_t range = range_of(node, high + 1, p);

        for (; low < high; probes++) {
            uint32_t mid = (low + high + 1) / 2;

            if (range < mid) {
                high = mid - 1;
            } else {
                low = mid;
            }
        }
        target = next_target(node, p);
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
