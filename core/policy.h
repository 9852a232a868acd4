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
 * two. When there are more the set is given up as empty, which can refuse a
 * path that demands a policy, and never accept one.
 */
#define BM_POLICY_PAIRS_MAX 16

/* The inputs of 6.1.1 (c), (e), (f), (g). All zero: demands nothing. */
struct bm_policy_demand {
    const struct bm_bytes *set; /* user-initial-policy-set: OID contents */
    size_t set_n;               /* 0: any-policy */
    bool explicit_policy;       /* without it, `set` refuses nothing */
    bool inhibit_mapping;
    bool inhibit_any;
};

struct bm_policy_pair {
    struct bm_bytes root;     /* valid_policy of the node below anyPolicy */
    struct bm_bytes expected; /* what the next certificate must assert */
};

struct bm_policies {
    struct bm_policy_pair pair[BM_POLICY_PAIRS_MAX];
    uint8_t n;
    bool any;  /* the row has a node for anyPolicy */
    bool lost; /* more pairs than there is room for */
    /* Certificates until the rule applies; 0: it does. */
    uint32_t explicit_policy;
    uint32_t inhibit_mapping;
    uint32_t inhibit_any;
};

void bm_policies_init(struct bm_policies *p,
                      const struct bm_policy_demand *demand);

/*
 * The anchor's own policyConstraints and inhibitAnyPolicy, where they are to
 * count (RFC 5937 3.2). Its certificatePolicies do not.
 */
void bm_policies_anchor(struct bm_policies *p, const struct bm_exts *anchor);

/*
 * Each certificate, from the one below the anchor to the leaf. BM_E_PATH_POLICY
 * or BM_E_PATH_MAPPING.
 */
BM_MUST_CHECK bm_status bm_policies_ca(struct bm_policies *p,
                                       const struct bm_cert *cert);
BM_MUST_CHECK bm_status bm_policies_leaf(struct bm_policies *p,
                                         const struct bm_cert *cert,
                                         const struct bm_policy_demand *demand);

/*
 * After bm_policies_leaf() said BM_OK: is `policy` (of the anchor's domain)
 * one that the path was found to be good for?
 */
bool bm_policies_has(const struct bm_policies *p, struct bm_bytes policy);

#endif
