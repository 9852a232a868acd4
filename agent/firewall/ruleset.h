/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_RULESET_H
#define BM_AGENT_FIREWALL_RULESET_H

#include "agent/firewall/links.h"
#include "policy/policy.h"

/*
 * What the kernel has: the ruleset of a policy (policy/nft.h) in two tables of
 * the name RULESET_TABLE, replaced by libnftables in one transaction each time.
 * No other table is looked at, or touched.
 */
#define RULESET_TABLE "birthmark"

struct ruleset; /* a connection to nftables */

BM_MUST_CHECK bm_status ruleset_open(struct ruleset **ruleset);
void ruleset_close(struct ruleset *ruleset); /* NULL is fine; all stays */

/* What is to be in force. */
struct ruleset_config {
    const struct policy *policy; /* of the table whose tag this is */
    enum policy_mode mode;
    uint16_t tag; /* policy_nft_tag() */
    const struct links *links;
};

/*
 * Put it in force, with the settings of conntrack that it needs, which are made
 * before: nothing can fail behind the one transaction. On error the rules are
 * what they were: BM_E_POLICY_NFT, BM_E_AGENT_RULESET, and an event says why;
 * or what the settings' files say.
 */
BM_MUST_CHECK bm_status ruleset_load(struct ruleset *ruleset,
                                     const struct ruleset_config *config);

/* Other subnets, for what is in force. */
BM_MUST_CHECK bm_status ruleset_subnets(struct ruleset *ruleset,
                                        const struct links *links);

/*
 * Everything is dropped but what stays on the machine: IP wherever it comes
 * from and goes to, and every other frame at each interface that is there now.
 */
BM_MUST_CHECK bm_status ruleset_block(struct ruleset *ruleset);

/* Is it still there? Somebody else may have flushed all tables. */
bool ruleset_there(struct ruleset *ruleset);

/* All counters of the kernel, as nftables tells them in JSON: on BM_OK the
 * caller frees `*json`. */
BM_MUST_CHECK bm_status ruleset_counters(struct ruleset *ruleset, char **json);

#endif
