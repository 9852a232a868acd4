/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_TEST_POLICY_CHAIN_H
#define BM_CORE_TEST_POLICY_CHAIN_H

#include "core/policy.h"
#include "core/test/path_maker.h"

/* A certificate of a chain, as far as policies go. The last is the leaf. */
struct link {
    const char *policies; /* NULL: no extension */
    const char *mappings;
    uint8_t require_explicit; /* plus 1 */
    uint8_t inhibit_mapping;
    uint8_t inhibit_any;
    bool self_issued;
};

#define LINKS_MAX 5

static struct bm_policies policies;

static struct bm_cert policy_cert;

static inline void policy_make_link(const struct link *l, bool is_leaf)
{
    make(&policy_cert, &(struct spec){ .subject = l->self_issued ? "CA" : "Sub",
                                       .issuer = "CA",
                                       .ca = !is_leaf,
                                       .policies = l->policies,
                                       .mappings = l->mappings,
                                       .require_explicit = l->require_explicit,
                                       .inhibit_mapping = l->inhibit_mapping,
                                       .inhibit_any = l->inhibit_any });
}

static inline bm_status run_chain(const struct link *links, size_t n,
                                  const struct bm_policy_demand *demand)
{
    bm_status rc = BM_OK;

    maker_reset();
    bm_policies_init(&policies, demand);
    for (size_t i = 0; i < n && rc == BM_OK; i++) {
        policy_make_link(&links[i], i + 1 == n);
        rc = bm_policies_step(&policies, &policy_cert, i + 1 == n);
    }
    if (rc == BM_OK) {
        rc = bm_policies_accept(&policies, demand);
    }
    return rc;
}

#endif
