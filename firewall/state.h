/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_STATE_H
#define BM_FIREWALL_STATE_H

#include "firewall/firewall.h"
#include "firewall/modbus.h"

/*
 * What the engine remembers, and the parts of it that remember: flows
 * (flow.c), rates (limit.c), events (report.c). Places in arrays are u16.
 */

#define BM_FW_NONE 0xffff

/* Places of limits begin with 2; before: it allows, and that is all it does;
 * it has no limit. */
#define BM_FW_PLAIN     0
#define BM_FW_UNLIMITED 1

struct bm_fw_rule_state {
    uint32_t passed;
    uint32_t dropped;
    uint16_t live; /* flows */
    uint16_t limit;
    uint16_t judged; /* frames, by the rule itself, since the last sample */
    uint16_t reserved;
};

struct bm_fw_bucket {
    uint32_t tokens; /* in 1/65536 */
    uint32_t at;     /* when they were counted */
};

/* What a rule with a rate or a threshold remembers. */
struct bm_fw_limit {
    struct bm_fw_bucket bucket; /* of all, or of those without a place */
    uint32_t start;             /* of the interval */
    uint32_t count;             /* frames in it */
    uint16_t first;             /* its places for sources begin here */
    uint16_t used;
    uint16_t oldest;
    uint16_t newest;
    uint8_t begun; /* there is an interval */
    uint8_t over;  /* the threshold holds */
    uint16_t reserved;
};

struct bm_fw_source {
    uint32_t peer[4];
    struct bm_fw_bucket bucket;
    uint16_t limit;
    uint16_t chain;
    uint16_t older;
    uint16_t newer;
    uint32_t kind; /* family */
};

struct bm_fw_flow {
    uint32_t peer[4];
    uint32_t own[4];
    uint32_t ports; /* own, peer's; ICMP: identifier, code and who asks */
    uint32_t end;   /* of its life */
    struct bm_fw_stream stream; /* where its rule has a filter */
    uint16_t rule;
    uint16_t chain; /* of the hash, or of free places */
    uint16_t older; /* in its state */
    uint16_t newer;
    uint8_t state; /* enum bm_fw_state */
    uint8_t kind;  /* protocol, and family */
    uint8_t opener;
    uint8_t reserved;
};

/* What a flow is found by. */
struct bm_fw_key {
    const uint32_t *peer;
    const uint32_t *own;
    uint32_t ports;
    uint8_t kind;
};

/* ---- flow.c */

void bm_fw_flows_clear(struct bm_fw *fw);

/* The key of the flow that a frame is of; false: of none, whatever is open. */
bool bm_fw_flow_key(const struct bm_fw_packet *p, struct bm_fw_key *key);

/* The live flow of that key, or NULL. */
struct bm_fw_flow *bm_fw_flow_find(struct bm_fw *fw, const struct bm_fw_key *k,
                                   uint32_t now);

/* May `p` open one? */
bool bm_fw_flow_may_open(const struct bm_fw_packet *p);

/*
 * A new flow of `rule`, for a frame that may open one and is of no live one.
 * BM_FW_BY_RULE: done; else BM_FW_CAP or BM_FW_FULL.
 */
enum bm_fw_reason bm_fw_flow_open(struct bm_fw *fw,
                                  const struct bm_fw_packet *p, unsigned rule,
                                  uint32_t now);

/* Would the flow accept the frame? Nothing comes of asking. */
bool bm_fw_flow_accepts(const struct bm_fw_flow *flow,
                        const struct bm_fw_packet *p);

/*
 * Does the flow accept the frame? In either case it may have ended: do not
 * look at it.
 */
bool bm_fw_flow_take(struct bm_fw *fw, struct bm_fw_flow *flow,
                     const struct bm_fw_packet *p, uint32_t now);

void bm_fw_flows_expire(struct bm_fw *fw, uint32_t now);

/* End flows whose rules are not in the mode. */
void bm_fw_flows_sift(struct bm_fw *fw);

/* ---- filter.c: of rules that have an application filter */

/* Does a frame that opens a flow fit it? */
bool bm_fw_filter_opens(const struct bm_fw *fw, unsigned rule,
                        const struct bm_fw_packet *p);

/* And one of a live flow, if the flow accepts it? Of what an answerer says that
 * is its SYN alone. */
bool bm_fw_filter_hears(const struct bm_fw *fw, struct bm_fw_flow *flow,
                        const struct bm_fw_packet *p);

/* ---- limit.c */

/* A rule's threshold and rate, for a frame that it decides about. */
enum bm_fw_reason bm_fw_limit_judge(struct bm_fw *fw, unsigned rule,
                                    const struct bm_fw_packet *p, uint32_t now);

/* ---- report.c */

void bm_fw_report(struct bm_fw *fw, const struct bm_fw_packet *p,
                  const struct bm_fw_decision *d, uint32_t now);

#endif
