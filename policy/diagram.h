/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_DIAGRAM_H
#define BM_POLICY_DIAGRAM_H

#include "firewall/table.h"
#include "policy/policy.h"

/*
 * From boxes to a decision diagram: nodes that look at one field each, in the
 * order of the table, and share what is equal (docs/firewall-table.md). It is
 * the only one there is for a policy: reduced, and numbered as the table wants
 * it.
 *
 * Ranges can multiply: n rules about n prefixes and n ports may need n * n
 * ranges. So all that grows is capped, and a policy that reaches a cap is
 * refused.
 */

/* A frame about which two rules of equal priority say different things. */
struct policy_conflict {
    const struct policy_rule *a; /* the first in the text; NULL: none */
    const struct policy_rule *b;
    enum policy_mode mode;
    struct policy_value at[POLICY_FIELDS]; /* of such a frame */
};

struct policy_diagram {
    struct bm_fw_node *nodes;
    size_t n;
    uint16_t roots[BM_FW_ROOTS];
    bool *decides; /* for each rule: does it, for some frame? */
    struct policy_memory *memory;
};

/*
 * Make it. BM_E_LIMIT when it is larger than a table takes, BM_E_POLICY_OVERLAP
 * with `*conflict` when rules contradict each other, BM_E_MEMORY. On error
 * `*d` is all zero; else the caller wipes it.
 */
BM_MUST_CHECK bm_status policy_diagram_make(const struct policy *policy,
                                            struct policy_diagram *d,
                                            struct policy_conflict *conflict);
void policy_diagram_wipe(struct policy_diagram *d);

/* The largest value of a field. */
struct policy_value policy_field_max(enum policy_field field);

#endif
