/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_JUDGE_H
#define BM_POLICY_JUDGE_H

#include "firewall/packet.h"
#include "policy/policy.h"

/*
 * The reference interpreter: what docs/firewall.md says, straight from the
 * rules. It is slow and obvious, with lists where the engine has tables, and
 * shares with it nothing but what a frame is (firewall/packet.h). The others
 * are held against it.
 */

/* ---- Rules */

/* The fields of a frame of good shape, as values. */
struct policy_facts {
    enum policy_kind kind;
    enum policy_direction direction;
    bool has[POLICY_FIELDS];
    struct policy_value at[POLICY_FIELDS];
};

void policy_facts_of(const struct bm_fw_packet *packet,
                     struct policy_facts *facts);

/* Do the conditions of the rule hold, whatever its modes? */
bool policy_rule_holds(const struct policy_rule *rule,
                       const struct policy_facts *facts);

/* The rule that decides, or NULL. */
const struct policy_rule *policy_decide(const struct policy *policy,
                                        enum policy_mode mode,
                                        const struct policy_facts *facts);

/* ---- Frames, one after another */

struct policy_judgement {
    enum policy_verdict verdict; /* allow and observe: through */
    enum bm_fw_reason reason;
    const struct policy_rule *rule; /* that decided, or NULL */
};

struct policy_judge;

/* Begins in mode normal, without subnets. The policy is the caller's, and
 * outlives it. NULL without memory. */
struct policy_judge *policy_judge_new(const struct policy *policy);
void policy_judge_free(struct policy_judge *judge); /* NULL is fine */

/* Flows end whose rule is not in `mode`. */
void policy_judge_set_mode(struct policy_judge *judge, enum policy_mode mode);
void policy_judge_set_subnets(struct policy_judge *judge,
                              const struct bm_fw_subnets *subnets);

/*
 * Judge a frame of `length` octets, of which `head` are the first: all of it,
 * or at least BM_FW_LOOK. `now` is in milliseconds and never goes back. What
 * filters look for is not looked for here.
 */
struct policy_judgement policy_judge_frame(struct policy_judge *judge,
                                           enum bm_fw_direction direction,
                                           struct bm_bytes head, size_t length,
                                           uint64_t now);

/* "default", "state", ...: as docs/firewall.md calls them. */
const char *policy_reason_name(enum bm_fw_reason reason);

#endif
