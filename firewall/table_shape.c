/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/table_internal.h"

const uint16_t bm_fw_seconds[BM_FW_STATES] = {
    30,   /* asked */
    30,   /* answered */
    7200, /* open */
    60,   /* one */
    60,   /* half */
    30,   /* two */
    30,   /* done */
    60,   /* UDP */
    10,   /* ICMP */
};

static const struct {
    uint8_t size;  /* of a key */
    uint8_t words; /* of a key, in struct bm_fw_node */
    uint16_t classes;
} fields[BM_FW_FIELDS + 1] = {
    [BM_FW_FIELD_TYPE] = { 2, 1, BM_FW_BOTH_WAYS(BM_FW_CLASSES) },
    [BM_FW_FIELD_PROTO] = { 2, 1,
                            BM_FW_BOTH_WAYS(BM_FW_CLASS_4 | BM_FW_CLASS_6) },
    [BM_FW_FIELD_PORT] = { 2, 1,
                           BM_FW_BOTH_WAYS(BM_FW_CLASSES &
                                           ~(BM_FW_CLASS_OTHER |
                                             BM_FW_CLASS_PLAIN_4 |
                                             BM_FW_CLASS_PLAIN_6)) },
    [BM_FW_FIELD_SUBNET] = { 2, 1,
                             BM_FW_BOTH_WAYS(BM_FW_CLASSES &
                                             ~BM_FW_CLASS_OTHER) },
    [BM_FW_FIELD_PEER_4] = { 4, 1,
                             BM_FW_BOTH_WAYS(BM_FW_CLASS_ARP | BM_FW_CLASS_4) },
    [BM_FW_FIELD_PEER_6] = { 16, 4, BM_FW_BOTH_WAYS(BM_FW_CLASS_6) },
    [BM_FW_FIELD_SPORT] = { 2, 1,
                            BM_FW_BOTH_WAYS(BM_FW_CLASS_PORTS_4 |
                                            BM_FW_CLASS_PORTS_6) },
    [BM_FW_FIELD_MAC] = { 8, 2, BM_FW_CLASSES }, /* only of what comes in */
};

static unsigned known(unsigned field)
{
    return field <= BM_FW_FIELDS ? field : 0;
}

unsigned bm_fw_key_size(unsigned field)
{
    return fields[known(field)].size;
}

unsigned bm_fw_key_words(unsigned field)
{
    return fields[known(field)].words;
}

uint16_t bm_fw_classes_with(unsigned field)
{
    return fields[known(field)].classes;
}

uint32_t bm_fw_node_size(unsigned field, uint32_t n)
{
    return BM_FW_NODE_KEYS + bm_fw_padded((n - 1) * bm_fw_key_size(field)) +
           bm_fw_padded(2 * n);
}

unsigned bm_fw_cost(uint32_t n)
{
    unsigned cost = 0;

    while (cost < 16 && UINT32_C(1) << cost < n) {
        cost++;
    }
    return cost;
}

static bool within(uint32_t value, uint32_t low, uint32_t high)
{
    return low <= value && value <= high;
}

/* Is there another value in low..high than the `n` that are `named` of it? */
static bool others(uint32_t low, uint32_t high, unsigned named)
{
    return high - low >= named;
}

static unsigned of_types(uint32_t low, uint32_t high)
{
    unsigned classes = 0;
    unsigned named = 0;

    if (within(BM_FW_TYPE_IPV4, low, high)) {
        classes |= BM_FW_CLASS_4;
        named++;
    }
    if (within(BM_FW_TYPE_ARP, low, high)) {
        classes |= BM_FW_CLASS_ARP;
        named++;
    }
    if (within(BM_FW_TYPE_IPV6, low, high)) {
        classes |= BM_FW_CLASS_6;
        named++;
    }
    return others(low, high, named) ? classes | BM_FW_CLASS_OTHER : classes;
}

static unsigned of_protos(uint32_t low, uint32_t high)
{
    unsigned classes = 0;
    unsigned named = 0; /* of either family: 6, 17, and its ICMP */
    bool icmp_4 = within(BM_FW_PROTO_ICMP, low, high);
    bool icmp_6 = within(BM_FW_PROTO_ICMPV6, low, high);

    named += within(BM_FW_PROTO_TCP, low, high);
    named += within(BM_FW_PROTO_UDP, low, high);
    if (named != 0) {
        classes |= BM_FW_CLASS_PORTS_4 | BM_FW_CLASS_PORTS_6;
    }
    if (others(low, high, named + icmp_4)) {
        classes |= BM_FW_CLASS_PLAIN_4;
    }
    if (others(low, high, named + icmp_6)) {
        classes |= BM_FW_CLASS_PLAIN_6;
    }
    return classes | (icmp_4 ? BM_FW_CLASS_ICMP_4 : 0) |
           (icmp_6 ? BM_FW_CLASS_ICMP_6 : 0);
}

uint16_t bm_fw_classes_of(unsigned field, uint32_t low, uint32_t high)
{
    unsigned classes = BM_FW_CLASSES;

    if (field == BM_FW_FIELD_TYPE) {
        classes = of_types(low, high);
    } else if (field == BM_FW_FIELD_PROTO) {
        classes = of_protos(low, high < 0xff ? high : 0xff);
    }
    return BM_FW_BOTH_WAYS(classes);
}
