/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_TABLE_INTERNAL_H
#define BM_FIREWALL_TABLE_INTERNAL_H

#include "firewall/octets.h"
#include "firewall/table.h"

/*
 * Places in the table that who checks, who looks up and who writes share, and
 * what a node needs to know of a frame.
 */

/* Header. */
#define BM_FW_AT_FORMAT   4
#define BM_FW_AT_RULE_N   6
#define BM_FW_AT_SIZE     8
#define BM_FW_AT_VERSION  12
#define BM_FW_AT_FLOOR    16
#define BM_FW_AT_NODE_N   20
#define BM_FW_AT_FLOWS    22
#define BM_FW_AT_SOURCES  24
#define BM_FW_AT_PROBES   26
#define BM_FW_AT_NODES    28
#define BM_FW_AT_INDEX    32
#define BM_FW_AT_NAMES    36
#define BM_FW_AT_ROOTS    40
#define BM_FW_AT_SECONDS  160
#define BM_FW_AT_RESERVED 178

/* Rule. */
#define BM_FW_RULE_SAMPLE 4
#define BM_FW_RULE_CAP    6
#define BM_FW_RULE_RATE   8
#define BM_FW_RULE_BURST  12
#define BM_FW_RULE_FILTER 14
#define BM_FW_RULE_HIGH   16
#define BM_FW_RULE_LOW    20

/* Node: keys begin here. */
#define BM_FW_NODE_KEYS 4

/* Up to a multiple of 4. */
static inline uint32_t bm_fw_padded(uint32_t n)
{
    return (n + 3) & ~UINT32_C(3);
}

/*
 * The frames that have a field, and that a node is good for: a bit for each
 * enum bm_fw_class, and one that says that they may go out.
 */
#define BM_FW_MAY_GO_OUT   0x400
#define BM_FW_CLASS_BIT(c) (1u << (c))

/* Those that have `field`; none for what is no field. */
uint16_t bm_fw_classes_with(unsigned field);

/* Comparisons that a search among `n` >= 2 ranges takes. */
unsigned bm_fw_cost(uint32_t n);

/* Octets of a key of `field`; 0 for what is no field. */
unsigned bm_fw_key_size(unsigned field);

/* Octets of a node. */
uint32_t bm_fw_node_size(unsigned field, uint32_t n);

#endif
