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

#endif
