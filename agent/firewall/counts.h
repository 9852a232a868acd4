/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_COUNTS_H
#define BM_AGENT_FIREWALL_COUNTS_H

#include "agent/firewall/message.h"
#include "policy/policy.h"

/*
 * What has moved since the agent heard it last. Counters of the kernel begin
 * at zero with each ruleset; here they go on. What a rule's `log` says is not
 * told of is not counted; drops that are no rule's verdict always are
 * (docs/firewall.md, "Events").
 */
struct counts;

BM_MUST_CHECK bm_status counts_new(struct counts **counts);
void counts_free(struct counts *counts); /* NULL is fine */

/*
 * A ruleset of this policy is loaded: its counters are at zero. What was
 * counted before stays until it is heard. counts_reserve(), before that, makes
 * the room that counts_begin() takes, so that the latter cannot fail.
 */
BM_MUST_CHECK bm_status counts_reserve(struct counts *counts,
                                       const struct policy *policy);
void counts_begin(struct counts *counts, const struct policy *policy,
                  enum policy_mode mode);

/* Counters of the kernel in JSON (ruleset.h), of this table alone.
 * BM_E_AGENT_RULESET: not what nftables says. */
BM_MUST_CHECK bm_status counts_read(struct counts *counts, const char *json,
                                    const char *table);

/* So many more frames for the counter of this name, which the kernel does not
 * count (inspect.h); of one that is not told of, nothing comes. */
void counts_add(struct counts *counts, const char *counter, uint64_t frames);

/* Write FIREWALL_COUNTS of those that were not heard, in turn. counts_heard():
 * what was written last was heard. */
void counts_put(struct counts *counts, struct bm_wr *w);
void counts_heard(struct counts *counts);

#endif
