/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_INTERNAL_H
#define BM_POLICY_INTERNAL_H

#include "policy/policy.h"

/* Between the files that read a policy. */

/*
 * Ranges of all conditions together: groups are written once and stand in many
 * rules, so a small text can ask for a great deal of memory.
 */
#define POLICY_RANGES_MAX 262144

/* Boxes of a rule: every protocol by every form of peer. */
#define POLICY_BOXES_MAX 64

struct policy_reader {
    struct policy *policy;
    struct config_error *error;
    const struct config_node *groups; /* a mapping, or NULL */
    size_t ranges;                    /* so far */
    size_t cap;                       /* room for rules */
};

/* A rule as it is written: NULL where a key is absent. */
struct policy_words {
    const struct config_node *at; /* to blame */
    const char *builtin;
    const char *name;
    const struct config_node *direction;
    const struct config_node *protocol;
    const struct config_node *ethernet;
    const struct config_node *port;
    const struct config_node *kind;
    const struct config_node *source_port;
    const struct config_node *peer;
    const struct config_node *mac;
    const struct config_node *flows;
    const struct config_node *rate;
    const struct config_node *threshold;
    const struct config_node *modbus;
    unsigned family; /* bits: 1 IPv4, 2 IPv6; 0: both */
    unsigned verdict;
    int64_t priority;
    unsigned modes;
    int64_t connections;
    unsigned log; /* LOG_UNSAID: by the verdict */
    int64_t sample;
};

#define POLICY_FAMILY_4 1u
#define POLICY_FAMILY_6 2u

/* ---- rule.c: a rule, or both of one with two directions */

BM_MUST_CHECK bm_status policy_words_read(struct policy_reader *r,
                                          const struct config_node *node,
                                          struct policy_words *words);
BM_MUST_CHECK bm_status policy_rule_add(struct policy_reader *r,
                                        const struct policy_words *words);

/* ---- effect.c: what a rule does, once its boxes are known */

BM_MUST_CHECK bm_status policy_effect_read(struct policy_reader *r,
                                           const struct policy_words *words,
                                           struct policy_rule *rule);

/* ---- box.c: what a rule is about */

BM_MUST_CHECK bm_status policy_boxes_read(struct policy_reader *r,
                                          const struct policy_words *words,
                                          struct policy_rule *rule);

/* ---- words.c: sets of values */

/* What a peer may be. */
struct policy_peers {
    bool any; /* nothing said */
    bool subnet;
    bool outside;
    struct policy_set ipv4; /* without ranges: none */
    struct policy_set ipv6;
};

/* Room for `n` more ranges; NULL: there is none, and `*r->error` says so. */
struct policy_range *policy_ranges(struct policy_reader *r,
                                   const struct config_node *node, size_t n);

/* Are the groups, which `r` has, well-formed? */
BM_MUST_CHECK bm_status policy_groups_check(struct policy_reader *r);
BM_MUST_CHECK bm_status policy_peers_read(struct policy_reader *r,
                                          const struct config_node *node,
                                          struct policy_peers *peers);
BM_MUST_CHECK bm_status policy_macs_read(struct policy_reader *r,
                                         const struct config_node *node,
                                         struct policy_set *set);
BM_MUST_CHECK bm_status policy_numbers_read(struct policy_reader *r,
                                            const struct config_node *node,
                                            uint64_t max,
                                            struct policy_set *set);

/* The one value there is, or the first of a sequence, which has one or more;
 * NULL: it is neither. */
const struct config_node *policy_items(const struct config_node *node);
/* The one behind it of the same sequence. */
const struct config_node *policy_items_next(const struct config_node *node,
                                            const struct config_node *item);

/* ---- kinds.c: names of ICMP and ARP */

enum policy_kinds {
    POLICY_KINDS_ARP,
    POLICY_KINDS_ICMP,
    POLICY_KINDS_ICMPV6
};

/* "echo-request", "3/4", "3": into ports. */
bool policy_kind_parse(enum policy_kinds kinds, const char *text,
                       struct policy_range *range);
/* The name of a kind, or NULL. */
const char *policy_kind_name(enum policy_kinds kinds, uint16_t port);
BM_MUST_CHECK bm_status policy_kinds_read(struct policy_reader *r,
                                          const struct config_node *node,
                                          enum policy_kinds kinds,
                                          struct policy_set *set);

/* ---- builtin.c */

/* Rules that one service makes at most, for room. */
#define POLICY_BUILTIN_RULES 4
BM_MUST_CHECK bm_status policy_builtin_read(struct policy_reader *r,
                                            const struct config_node *node);

#endif
