/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_JUDGE_INTERNAL_H
#define BM_POLICY_JUDGE_INTERNAL_H

#include "policy/judge.h"

/* Between the files of the reference interpreter. */

/* ---- judge_flows.c */

struct judge_flow_entry;

/* Those that are live, in the order in which their lives were last renewed. */
struct judge_flows {
    const struct policy *policy;
    struct judge_flow_entry *flows;
    size_t n;
};

enum judge_flow {
    JUDGE_FLOW_NONE,    /* of no live flow */
    JUDGE_FLOW_ACCEPTS, /* of one, which accepts it */
    JUDGE_FLOW_REFUSES  /* of one, which does not: none takes its place */
};

bool judge_flows_init(struct judge_flows *flows, const struct policy *policy);
void judge_flows_wipe(struct judge_flows *flows);

/* Those are gone whose time is over, resp. whose rule is not in the mode. */
void judge_flows_expire(struct judge_flows *flows, uint64_t now);
void judge_flows_sift(struct judge_flows *flows, enum policy_mode mode);

/* What the opener of a flow has said. */
struct judge_stream {
    uint32_t next;     /* number of the octet that is next */
    uint8_t last[260]; /* its last request, */
    size_t last_n;     /* of so many octets */
    size_t seen;       /* of which so many were in sight */
};

/* The live flow that accepts it from its opener: its rule and its stream, or
 * NULL. */
const struct policy_rule *judge_flows_opener(const struct judge_flows *flows,
                                             const struct bm_fw_packet *packet,
                                             struct judge_stream **stream);

/* Likewise, the one whose SYN it answers. */
const struct policy_rule *
judge_flows_answerer(const struct judge_flows *flows,
                     const struct bm_fw_packet *packet,
                     struct judge_stream **stream);

/* "Order", 2. If one accepts it, `*rule` is its rule. */
enum judge_flow judge_flows_take(struct judge_flows *flows,
                                 const struct bm_fw_packet *packet,
                                 uint64_t now, const struct policy_rule **rule);

/* "Order", 3: the rule of the flow, or NULL. */
const struct policy_rule *judge_flows_quoted(const struct judge_flows *flows,
                                             const struct bm_fw_packet *packet);

/* "May open". */
bool judge_opens(const struct bm_fw_packet *packet);

/* A flow of none that is live: BM_FW_BY_RULE, BM_FW_CAP, BM_FW_FULL. */
enum bm_fw_reason judge_flows_add(struct judge_flows *flows,
                                  const struct policy_rule *rule,
                                  const struct bm_fw_packet *packet,
                                  uint64_t now);

/* ---- judge_limit.c */

struct judge_bucket {
    uint64_t tokens; /* in 1/65536 */
    uint64_t at;     /* when they were so many */
};

struct judge_source {
    bool six;
    bool none; /* of frames without a peer */
    uint32_t peer[4];
    struct judge_bucket bucket;
};

/* What a rule remembers of those that it let through. */
struct judge_limit {
    struct judge_bucket bucket;   /* of all; of those without a place */
    struct judge_source *sources; /* who was heard longest ago first */
    size_t sources_n;
    size_t places;
    bool counting; /* there is an interval */
    bool over;
    uint64_t start;
    uint64_t count;
};

bool judge_limit_init(struct judge_limit *limit, const struct policy *policy,
                      const struct policy_rule *rule);
void judge_limit_wipe(struct judge_limit *limit);

/* Count the frame: is the threshold over? */
bool judge_threshold(struct judge_limit *limit, const struct policy_rule *rule,
                     uint64_t now);

/* Is there a token, which is then taken? */
bool judge_rate(struct judge_limit *limit, const struct policy_rule *rule,
                const struct bm_fw_packet *packet, uint64_t now);

/* ---- judge_modbus.c */

/* Does what a frame of TCP carries fit? */
bool judge_modbus_fits(const struct policy_modbus *modbus,
                       const struct bm_fw_packet *packet);

/* Is it next in the stream, or the last request again? */
bool judge_modbus_is_next(const struct judge_stream *stream,
                          const struct bm_fw_packet *packet);

/* Is what answers a SYN about that of the stream? */
bool judge_modbus_answers(const struct judge_stream *stream,
                          const struct bm_fw_packet *packet);

/* It was said. */
void judge_modbus_say(struct judge_stream *stream,
                      const struct bm_fw_packet *packet);

#endif
