/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_POLICY_H
#define BM_CORE_POLICY_H

#include "core/cert.h"

/*
 * Certificate policies along a path (RFC 5280 6.1.2 to 6.1.5), a part of
 * path.h.
 *
 * RFC 5280 draws a tree that an attacker can make exponential (RFC 9618 1).
 * Only two facts of a node decide anything: the policy in the anchor's domain
 * that it descends from, and the policy that the next certificate must
 * assert to continue it. So the tree's deepest row is kept as a set of such
 * pairs, and anyPolicy as a flag; rows above are never looked at again.
 */

/*
 * Pairs at once. Federal bridges map some ten policies; a device sees one or
 * two. When it is reached the set is given up as empty, which can refuse a
 * path that demands a policy, and never accept one.
 */
#define BM_POLICY_PAIRS_MAX 20

/* The inputs of 6.1.1 (c), (e), (f), (g). All zero: demands nothing. */
struct bm_policy_demand {
    const struct bm_bytes *set; /* user-initial-policy-set: OID contents */
    size_t set_n;               /* 0: any-policy */
    bool explicit_policy;       /* without it, `set` refuses nothing */
    bool inhibit_mapping;
    bool inhibit_any;
};

/* Both are DER, header included, of at most 127 octets of contents. */
struct bm_policy_pair {
    const uint8_t *root;     /* valid_policy of the node below anyPolicy */
    const uint8_t *expected; /* what the next certificate must assert */
};

/* Rules that begin to apply after so many certificates; 0: it does apply. */
enum bm_policy_rule {
    BM_POLICY_EXPLICIT,
    BM_POLICY_INHIBIT_MAPPING,
    BM_POLICY_INHIBIT_ANY,
    BM_POLICY_RULES
};

struct bm_policies {
    uint32_t until[BM_POLICY_RULES];
    bool any; /* the row has a node for anyPolicy */
    uint8_t n;
    struct bm_policy_pair pair[BM_POLICY_PAIRS_MAX];
};

void bm_policies_init(struct bm_policies *p,
                      const struct bm_policy_demand *demand);

/*
 * Let the policyConstraints and inhibitAnyPolicy in `ext` count from the next
 * certificate on. For the anchor (RFC 5937 3.2), whose certificatePolicies do
 * not count.
 */
void bm_policies_tighten(struct bm_policies *p, const struct bm_exts *ext);

/*
 * Each certificate, from the one below the anchor to the leaf. BM_E_PATH_POLICY
 * or BM_E_PATH_MAPPING.
 */
BM_MUST_CHECK bm_status bm_policies_step(struct bm_policies *p,
                                         const struct bm_cert *cert,
                                         bool is_leaf);

/* After the leaf: is there a policy that the user accepts, if one must be? */
BM_MUST_CHECK bm_status bm_policies_accept(
    struct bm_policies *p, const struct bm_policy_demand *demand);

/*
 * After bm_policies_accept() said BM_OK: is `policy` (of the anchor's domain)
 * one that the path was found to be good for?
 */
bool bm_policies_has(const struct bm_policies *p, struct bm_bytes policy);

#endif
