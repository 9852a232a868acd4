/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_POLICY_H
#define BM_POLICY_POLICY_H

#include "config/config.h"
#include "policy/memory.h"
#include "policy/set.h"

/*
 * A policy of the firewall, as people write it (docs/policy.md): read
 * strictly, an error names line and column.
 *
 * The text becomes rules in the terms of docs/firewall.md, of one direction
 * each: words, groups and built-in services are gone, what is left are sets of
 * values of fields. The reference interpreter (judge.h), the compiler
 * (compile.h) and nftables (nft.h) all begin here.
 */

/* As many as a table has (docs/firewall-table.md). */
#define POLICY_RULES_MAX   16383
#define POLICY_PLACES_MAX  4096 /* of flows, and of sources */
#define POLICY_NAME_MAX    31   /* of a policy, a rule, a group */
#define POLICY_BURST_MAX   32767
#define POLICY_RATE_MAX    UINT32_C(1000000) /* a second */
#define POLICY_MODBUS_MAX  32                /* lines of a filter */
#define POLICY_TIMEOUT_MAX 65535             /* seconds */

enum policy_direction {
    POLICY_IN, /* to the device */
    POLICY_OUT,
    POLICY_DIRECTIONS
};

/* Modes; a rule has a set of them, as bits 1 << mode. */
enum policy_mode {
    POLICY_NORMAL,
    POLICY_LOCKDOWN,
    POLICY_REPAIR,
    POLICY_MODES
};

/* The numbers are those of the table. */
enum policy_verdict {
    POLICY_ALLOW = 1,
    POLICY_DROP,
    POLICY_RESET,
    POLICY_OBSERVE
};

enum policy_log {
    POLICY_LOG_NONE,
    POLICY_LOG_COUNT,
    POLICY_LOG_SAMPLE
};

/* Of flows: in the order of the table. */
enum policy_timeout {
    POLICY_ASKED,
    POLICY_ANSWERED,
    POLICY_OPEN,
    POLICY_ONE,
    POLICY_HALF,
    POLICY_TWO,
    POLICY_DONE,
    POLICY_UDP,
    POLICY_ICMP,
    POLICY_TIMEOUTS
};

/* ---- What a rule is about */

/* In the order in which a table looks at them. */
enum policy_field {
    POLICY_TYPE,
    POLICY_PROTO,
    POLICY_PORT, /* ICMP: type * 256 + code; ARP: operation */
    POLICY_SUBNET,
    POLICY_PEER4, /* of ARP, too */
    POLICY_PEER6,
    POLICY_SPORT,
    POLICY_MAC,
    POLICY_FIELDS
};

/* What the frames of a box are: each has other fields. */
enum policy_kind {
    POLICY_ARP,  /* port, subnet, peer4, mac */
    POLICY_IPV4, /* proto, subnet, peer4, mac; by proto, port and sport */
    POLICY_IPV6, /* proto, subnet, peer6, mac; by proto, port and sport */
    POLICY_OTHER /* type, mac */
};

#define POLICY_TYPE_IPV4 0x0800
#define POLICY_TYPE_ARP  0x0806
#define POLICY_TYPE_IPV6 0x86dd

#define POLICY_PROTO_ICMP   1
#define POLICY_PROTO_TCP    6
#define POLICY_PROTO_UDP    17
#define POLICY_PROTO_ICMPV6 58

#define POLICY_ECHO4 (8 << 8) /* echo requests with code 0, as ports */
#define POLICY_ECHO6 (128 << 8)

/*
 * Conditions on the fields of frames of one kind, which hold together. A field
 * without ranges is not looked at. `set[POLICY_TYPE]` is never without: the
 * one type of the kind, or of POLICY_OTHER a set without those three. Only
 * fields that the kind has carry conditions; port and sport only where proto
 * is one value that has them: TCP, UDP, and of port ICMP of the kind's family.
 */
struct policy_box {
    enum policy_kind kind;
    struct policy_set set[POLICY_FIELDS];
};

/* ---- What a rule does */

struct policy_rate {
    uint32_t count;   /* so many in `period` seconds; 0: no rate */
    uint32_t period;  /* 1, 60, 3600 */
    uint32_t fill;    /* tokens in a millisecond, in 1/65536, rounded down */
    uint16_t burst;   /* 1..POLICY_BURST_MAX */
    bool connections; /* else frames */
    bool per_source;
};

/* Frames in a second; high 0: no threshold. */
struct policy_threshold {
    uint32_t high;
    uint32_t low;
};

/* One line of a Modbus filter: these functions at these addresses. */
struct policy_modbus_line {
    struct policy_set functions; /* 1..127 */
    struct policy_set addresses; /* 0..65535; without ranges: any */
};

struct policy_modbus {
    bool observe; /* count what does not fit, and let it through */
    struct policy_modbus_line *lines;
    size_t n;
};

struct policy_rule {
    const char *name;    /* unique within its direction */
    const char *builtin; /* of a built-in service: its name; else NULL */
    unsigned line;       /* in the text */
    unsigned column;
    enum policy_direction direction;
    int32_t priority; /* the higher one decides; 0 unless said */
    unsigned modes;
    enum policy_verdict verdict;
    bool flows;
    enum policy_log log;
    uint16_t sample; /* one of so many; 0 unless POLICY_LOG_SAMPLE */
    uint16_t cap;    /* of live flows; 0: none */
    struct policy_rate rate;
    struct policy_threshold threshold;
    const struct policy_modbus *modbus; /* or NULL */
    struct policy_box *boxes; /* the rule is about what is in any of them */
    size_t boxes_n;
};

struct policy {
    struct config *config;        /* all memory of one that was written, */
    struct policy_memory *memory; /* or of one read from a table */
    const char *name;
    uint32_t version;
    uint32_t floor;
    uint16_t flows;
    uint16_t sources;
    uint16_t timeouts[POLICY_TIMEOUTS]; /* seconds */
    bool approximate; /* rates in nft may differ, filters be left out */
    struct policy_rule *rules;
    size_t n;
};

/*
 * Read a policy. On BM_OK the caller owns `*policy` (policy_free()); otherwise
 * it is NULL and `*error` says what is wrong, and where: BM_E_CONFIG_...,
 * BM_E_LIMIT, BM_E_MEMORY. Whether rules contradict each other is compile.h's.
 */
BM_MUST_CHECK bm_status policy_parse(struct bm_bytes text,
                                     struct policy **policy,
                                     struct config_error *error);
void policy_free(struct policy *policy); /* NULL is fine */

/*
 * Do two rules have the same effect: are they equal in all but name, place and
 * conditions?
 */
bool policy_same_effect(const struct policy_rule *a,
                        const struct policy_rule *b);

/* "in", "out"; "normal", ...; "allow", ... */
const char *policy_direction_name(enum policy_direction direction);
const char *policy_mode_name(enum policy_mode mode);
const char *policy_verdict_name(enum policy_verdict verdict);
const char *policy_field_name(enum policy_field field);
const char *policy_timeout_name(enum policy_timeout timeout);

#endif
