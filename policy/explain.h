/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_EXPLAIN_H
#define BM_POLICY_EXPLAIN_H

#include "policy/judge.h"

/*
 * Why a frame is judged as it is: what the rules of its direction have to do
 * with it. All of this comes from the reference interpreter.
 */

enum policy_part {
    POLICY_PART_DECIDES, /* the one rule that counts */
    POLICY_PART_LOWER,   /* it holds, and another has a higher priority */
    POLICY_PART_SAME,    /* it holds, and says the same as the one before it */
    POLICY_PART_MODE,    /* it would hold, and is not in this mode */
    POLICY_PART_NEARLY   /* it would, but for one field */
};

struct policy_match {
    const struct policy_rule *rule;
    enum policy_part part;
    enum policy_field field; /* of NEARLY */
};

struct policy_explanation {
    struct policy_match *matches; /* in the order of enum policy_part */
    size_t n;
};

/*
 * Explain. On BM_OK the caller wipes `*e`; otherwise it is all zero:
 * BM_E_MEMORY.
 */
BM_MUST_CHECK bm_status policy_explain(const struct policy *policy,
                                       enum policy_mode mode,
                                       const struct policy_facts *facts,
                                       struct policy_explanation *e);
void policy_explanation_wipe(struct policy_explanation *e);

/* "priority 5 is higher than its own", ...: for people. */
const char *policy_part_words(enum policy_part part);

/* What a reason means, in a sentence. */
const char *policy_reason_words(enum bm_fw_reason reason);

#endif
