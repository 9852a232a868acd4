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

#define BIT(name) BM_FW_CLASS_BIT(BM_FW_CLASS_##name)
#define PORTS     (BIT(TCP_4) | BIT(UDP_4) | BIT(TCP_6) | BIT(UDP_6))
#define IP_4      (BIT(TCP_4) | BIT(UDP_4) | BIT(ICMP_4) | BIT(PLAIN_4))
#define IP_6      (BIT(TCP_6) | BIT(UDP_6) | BIT(ICMP_6) | BIT(PLAIN_6))
#define OUT       BM_FW_MAY_GO_OUT

/* Type and protocol of the other classes are what makes them. */
static const struct {
    uint8_t size;  /* of a key */
    uint8_t words; /* of a key, in struct bm_fw_node */
    uint16_t classes;
} fields[BM_FW_FIELDS + 1] = {
    [BM_FW_FIELD_TYPE] = { 2, 1, BIT(OTHER) | OUT },
    [BM_FW_FIELD_PROTO] = { 2, 1, BIT(PLAIN_4) | BIT(PLAIN_6) | OUT },
    [BM_FW_FIELD_PORT] = { 2, 1,
                           PORTS | BIT(ICMP_4) | BIT(ICMP_6) | BIT(ARP) | OUT },
    [BM_FW_FIELD_SUBNET] = { 2, 1, IP_4 | IP_6 | BIT(ARP) | OUT },
    [BM_FW_FIELD_PEER_4] = { 4, 1, IP_4 | BIT(ARP) | OUT },
    [BM_FW_FIELD_PEER_6] = { 16, 4, IP_6 | OUT },
    [BM_FW_FIELD_SPORT] = { 2, 1, PORTS | OUT },
    [BM_FW_FIELD_MAC] = { 8, 2, IP_4 | IP_6 | BIT(ARP) | BIT(OTHER) },
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
    return 1 + bm_fw_log2(n - 1);
}
