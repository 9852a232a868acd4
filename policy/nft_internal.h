/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_NFT_INTERNAL_H
#define BM_POLICY_NFT_INTERNAL_H

#include <stdio.h>

#include "policy/nft.h"

/* Between the files that write rulesets. */

/* Of the mark of a frame, beside POLICY_NFT_RESET: judged on its way out. */
#define NFT_JUDGED UINT32_C(0x20000000)

/*
 * The mark of a connection: 14 bits of the policy's tag, 14 of the rule's
 * number, a bit that says that it is a flow, and what of its state of TCP
 * conntrack does not tell.
 */
#define NFT_TAG_AT  18
#define NFT_RULE_AT 4
#define NFT_FLOW    UINT32_C(8)
#define NFT_STATE   UINT32_C(7)
#define NFT_PART    UINT32_C(0x3fff)

enum {
    NFT_ASKED = 1,
    NFT_OPEN, /* and `answered` */
    NFT_ONE,  /* and `half` */
    NFT_TWO   /* and `done` */
};

struct nft {
    FILE *f;
    const struct policy *policy;
    const struct policy_nft_config *config;
    const size_t *order; /* rules, the highest priority first */
    size_t n;            /* those of the mode */
    bool no_memory;      /* all is void */
};

static inline uint32_t nft_mark(const struct nft *w, size_t rule)
{
    return (w->config->tag & NFT_PART) << NFT_TAG_AT |
           (uint32_t)rule << NFT_RULE_AT | NFT_FLOW;
}

/* nft_flow.c: sets, time-outs, and what becomes of frames of flows. */
void nft_flow_objects(const struct nft *w);
void nft_flow_chains(const struct nft *w);

/* nft_flow.c: how long what is of this family lives, if it becomes a flow, and
 * if it does not. */
void nft_flow_times(const struct nft *w, bool flow);

/*
 * nft_queue.c: what the engine judges in the place of nftables. Has it to, by
 * what the rule says; does it, in this ruleset? The chain that leads to it, and
 * one of a rule; and the line that shows it every frame of the flows of its
 * rules.
 */
bool nft_needs_engine(const struct policy_rule *rule);
bool nft_is_queued(const struct nft *w, const struct policy_rule *rule);
void nft_queue_chain(const struct nft *w);
void nft_queue_rule(const struct nft *w, size_t rule);
void nft_queue_flows(const struct nft *w);

/* nft_shape.c; `notrack`: what is done with what conntrack is not to see. */
void nft_shape_4(const struct nft *w, const char *notrack);
void nft_shape_6(const struct nft *w, const char *notrack);

/* nft_match.c: " CONDITION..." of a box, without its protocol. */
void nft_match(const struct nft *w, const struct policy_rule *rule,
               const struct policy_box *box);
bool nft_has_proto(const struct policy_box *box, unsigned proto);
bool nft_has_others(const struct policy_box *box); /* other than TCP, UDP, ICMP
                                                      of its family */
void nft_match_proto(const struct nft *w, const struct policy_box *box);

/* nft_match.c: how many bits a field has; " A-B", in its words; the address of
 * the other end. */
unsigned nft_bits(enum policy_field field);
void nft_put_range(FILE *f, const struct policy_range *range,
                   enum policy_field field);
const char *nft_peer(enum policy_direction direction, enum policy_kind kind);

/* nft_search.c: the chain `name` that leads frames of this kind to their rules,
 * and those behind it. False: no memory. */
struct nft_search_config {
    const char *name;
    enum policy_direction direction;
    enum policy_kind kind;
    unsigned proto; /* of IP; 0: those that have no chain of their own */
};
bool nft_search(const struct nft *w, const struct nft_search_config *config);

/* nft_rule.c: the chain of a rule, in a table of this family. */
void nft_rule_chain(const struct nft *w, size_t rule, bool netdev);
void nft_rule_name(const struct nft *w, size_t rule);
void nft_rule_objects(const struct nft *w, size_t rule, bool netdev);

/* nft_rule.c: only what may open a flow comes through, and only if there is
 * none. */
void nft_rule_openers(const struct nft *w);

/* Is the rule about IP, about something else? */
bool nft_is_ip(const struct policy_rule *rule);
bool nft_is_other(const struct policy_rule *rule);

#endif
