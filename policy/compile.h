/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_POLICY_COMPILE_H
#define BM_POLICY_COMPILE_H

#include "policy/diagram.h"

/*
 * From a policy to the table that a device has (docs/firewall-table.md). A
 * policy has one table, octet by octet.
 *
 * Rules of equal priority that say different things about some frame are
 * refused, with a frame as witness: so the order of rules means nothing, and
 * every back end computes the same.
 */

/*
 * A table may be so large: some 10,000 rules. Flash of devices is smaller;
 * what a table takes is told, and each device looks at it again.
 */
#define POLICY_TABLE_MAX ((size_t)1 << 20)

struct policy_compiled {
    uint8_t *table;
    size_t n;        /* octets: what it takes of flash */
    size_t ram;      /* octets of room: firewall/firewall.h */
    unsigned probes; /* comparisons of keys, at most, for a frame */
    size_t nodes;
    bool *decides; /* for each rule: does it, for some frame? */
};

/*
 * Compile. On BM_OK the caller wipes `*compiled`; otherwise it is all zero,
 * and `*error` (line, column and words as policy_parse() has them) and
 * `*conflict`, which may both be NULL, say why: BM_E_POLICY_OVERLAP,
 * BM_E_POLICY_SIZE, BM_E_MEMORY.
 */
BM_MUST_CHECK bm_status policy_compile(const struct policy *policy,
                                       struct policy_compiled *compiled,
                                       struct policy_conflict *conflict,
                                       struct config_error *error);
void policy_compiled_wipe(struct policy_compiled *compiled);

#endif
