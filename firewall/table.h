/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_TABLE_H
#define BM_FIREWALL_TABLE_H

#include "firewall/packet.h"

/*
 * The table that a policy is compiled to: docs/firewall-table.md.
 *
 * bm_fw_table_open() looks at all of it, and refuses what is not exactly as
 * the document says; behind it, nothing here can fail or read elsewhere. The
 * octets stay where they are, in flash, and outlive the struct.
 *
 * bm_fw_table_write() is the other half, for the compiler and for tests.
 */

#define BM_FW_FORMAT 1

enum bm_fw_mode {
    BM_FW_NORMAL,
    BM_FW_LOCKDOWN,
    BM_FW_REPAIR
};
#define BM_FW_MODES 3

enum bm_fw_verdict {
    BM_FW_ALLOW = 1,
    BM_FW_DROP = 2,
    BM_FW_RESET = 3,
    BM_FW_OBSERVE = 4
};

enum bm_fw_field {
    BM_FW_FIELD_TYPE = 1,
    BM_FW_FIELD_PROTO = 2,
    BM_FW_FIELD_PORT = 3,
    BM_FW_FIELD_SUBNET = 4,
    BM_FW_FIELD_PEER_4 = 5, /* IPv4, ARP */
    BM_FW_FIELD_PEER_6 = 6,
    BM_FW_FIELD_SPORT = 7,
    BM_FW_FIELD_MAC = 8
};
#define BM_FW_FIELDS 8

/* States of flows, in the order of their time-outs in the header. */
enum bm_fw_state {
    BM_FW_ASKED,
    BM_FW_ANSWERED,
    BM_FW_OPEN,
    BM_FW_ONE,
    BM_FW_HALF,
    BM_FW_TWO,
    BM_FW_DONE,
    BM_FW_UDP,
    BM_FW_ICMP
};
#define BM_FW_STATES 9

/* Flags of a rule. */
#define BM_FW_FLOWS        1 /* makes flows */
#define BM_FW_CONNECTIONS  2 /* the rate is of frames that may open one */
#define BM_FW_PER_SOURCE   4 /* one bucket for each peer */
#define BM_FW_FILTER_WATCH 8 /* the application filter counts, and drops not */

enum bm_fw_log {
    BM_FW_LOG_NONE,
    BM_FW_LOG_COUNT,
    BM_FW_LOG_SAMPLE
};

/* A target: nothing, a rule, or a node. */
#define BM_FW_NO_RULE         0xffff
#define BM_FW_TARGET_RULE     0x8000
#define BM_FW_IS_RULE(target) ((target) >= BM_FW_TARGET_RULE)

/* Where the search begins: for each mode, direction and class of a frame. */
#define BM_FW_ROOTS (BM_FW_MODES * 2 * BM_FW_CLASSES)
#define BM_FW_ROOT(mode, direction, class_of) \
    (((mode)*2 + (direction)) * BM_FW_CLASSES + (class_of))

/* Caps, so that a table's numbers fit where they stand. */
#define BM_FW_RULES_MAX   16383
#define BM_FW_NODES_MAX   16383
#define BM_FW_RANGES_MAX  32768
#define BM_FW_FLOWS_MAX   4096
#define BM_FW_SOURCES_MAX 4096
#define BM_FW_NAME_MAX    31
#define BM_FW_BURST_MAX   32767

/* Sizes and places in the table. */
#define BM_FW_HEADER_SIZE 192
#define BM_FW_RULE_SIZE   24
#define BM_FW_INDEX_SIZE  8

struct bm_fw_table {
    const uint8_t *p;
    const uint8_t *rules;
    const uint8_t *index;
    const uint8_t *names;
    uint32_t size;
    uint32_t version;
    uint32_t floor;
    uint16_t rule_n;
    uint16_t node_n;
    uint16_t flows;
    uint16_t sources;
    uint16_t probes;
    bool needs_rest;                /* some node looks at subnet or mac */
    uint16_t roots[BM_FW_ROOTS];    /* targets: BM_FW_ROOT() */
    uint16_t seconds[BM_FW_STATES]; /* time-outs */
};

/* A rule as numbers; the table's own names for them. */
struct bm_fw_rule {
    uint8_t verdict;
    uint8_t flags;
    uint8_t log;
    uint8_t modes; /* bit 1 << enum bm_fw_mode */
    uint16_t sample;
    uint16_t cap;
    uint32_t rate;
    uint16_t burst;
    uint16_t filter; /* where it begins, in units of 4 octets; 0: none */
    uint32_t high;
    uint32_t low;
};

/*
 * Look at a whole table. `octets` must lie at a multiple of 4. On BM_OK
 * `*table` reads from them; else it is all zero. BM_E_FW_TABLE: not as the
 * document says; BM_E_FW_FORMAT: of another format.
 */
BM_MUST_CHECK bm_status bm_fw_table_open(struct bm_fw_table *table,
                                         struct bm_bytes octets);

/*
 * The number of the rule that decides about a frame of good shape, or
 * BM_FW_NO_RULE. Takes at most `probes` comparisons of keys.
 */
uint16_t bm_fw_table_find(const struct bm_fw_table *table, enum bm_fw_mode mode,
                          const struct bm_fw_packet *packet);

/* So many comparisons bm_fw_table_find() makes for it. */
unsigned bm_fw_table_probes(const struct bm_fw_table *table,
                            enum bm_fw_mode mode,
                            const struct bm_fw_packet *packet);

/* Rule `i` < rule_n; its name, which is not terminated, or of no rule none. */
void bm_fw_table_rule(const struct bm_fw_table *table, unsigned i,
                      struct bm_fw_rule *rule);
struct bm_bytes bm_fw_table_name(const struct bm_fw_table *table, unsigned i);

/* ---- Writing */

/*
 * A node to be written: `n` ranges, whose targets are `targets`, and the first
 * values of ranges 1 to n - 1 in `keys`, each of as many words as its field
 * has (bm_fw_key_words()), the highest first. Numbers of nodes are places in
 * the array: children first, as the document says.
 */
struct bm_fw_node {
    uint8_t field;
    uint8_t cost; /* bm_fw_table_write() fills these two in */
    uint16_t classes;
    uint16_t n;
    const uint32_t *keys;
    const uint16_t *targets;
};

/* What a table is made of. */
struct bm_fw_parts {
    uint32_t version;
    uint32_t floor;
    uint16_t flows;
    uint16_t sources;
    uint16_t roots[BM_FW_ROOTS]; /* targets: BM_FW_ROOT() */
    uint16_t seconds[BM_FW_STATES];
    const struct bm_fw_rule *rules;
    const char *const *names; /* one for each rule */
    size_t rule_n;
    struct bm_fw_node *nodes;
    size_t node_n;
    /*
     * Application filters, one after another, a multiple of 4 octets; in
     * rules, `filter` is where one begins in these, in units of 4 octets,
     * plus 1, or 0: none.
     */
    struct bm_bytes filters;
};

/* The time-outs of docs/firewall.md. */
extern const uint16_t bm_fw_seconds[BM_FW_STATES];

/* Words of a key of `field`: 1, 2 or 4. */
unsigned bm_fw_key_words(unsigned field);

/*
 * Append the table. bm_wr_finish() tells of too little room;
 * bm_fw_table_open() of parts that make no table.
 */
void bm_fw_table_write(struct bm_wr *w, const struct bm_fw_parts *parts);

#endif
