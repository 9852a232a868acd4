/* SPDX-License-Identifier: Apache-2.0 */
#include "core/policy.h"

#include "core/oid.h"

/* A skip count that never runs out: no path is that long. */
#define NEVER UINT32_MAX

static bool is_any(struct bm_bytes policy)
{
    return bm_oid_is(policy, BM_OID_ANY_POLICY);
}

static void add(struct bm_policies *p, struct bm_bytes root,
                struct bm_bytes expected)
{
    if (p->n < BM_POLICY_PAIRS_MAX) {
        p->pair[p->n++] = (struct bm_policy_pair){ root, expected };
    } else {
        p->lost = true;
    }
}

/* Is `policy` expected by one of the first `n` pairs? */
static bool is_expected(const struct bm_policies *p, size_t n,
                        struct bm_bytes policy)
{
    size_t i = 0;

    while (i < n && !bm_bytes_equal(p->pair[i].expected, policy)) {
        i++;
    }
    return i < n;
}

static bool is_listed(struct bm_bytes list, struct bm_bytes id)
{
    struct bm_policy policy;

    while (bm_policy_next(&list, &policy)) {
        if (bm_bytes_equal(policy.id, id)) {
            return true;
        }
    }
    return false;
}

static bool is_mapped(struct bm_bytes list, struct bm_bytes id)
{
    struct bm_policy_mapping mapping;

    while (bm_policy_mapping_next(&list, &mapping)) {
        if (bm_bytes_equal(mapping.issuer_domain, id)) {
            return true;
        }
    }
    return false;
}

/* Keep the pairs that expect what is listed, or is mapped, or is not. */
static void filter(struct bm_policies *p, struct bm_bytes list,
                   bool (*in)(struct bm_bytes list, struct bm_bytes id),
                   bool keep)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->n; i++) {
        if (in(list, p->pair[i].expected) == keep) {
            p->pair[kept++] = p->pair[i];
        }
    }
    p->n = (uint8_t)kept;
}

static void clear(struct bm_policies *p)
{
    p->n = 0;
    p->any = false;
}

/*
 * 6.1.3 (d): a listed policy continues the pairs that expect it, or else
 * starts from anyPolicy; a listed anyPolicy continues everything. (e): no
 * certificatePolicies, no tree.
 */
static void assert_policies(struct bm_policies *p, const struct bm_exts *ext,
                            bool any_counts)
{
    struct bm_bytes list = bm_exts_list(ext, BM_EXT_POLICIES);
    struct bm_bytes walk = list;
    struct bm_policy policy;
    bool any = any_counts && is_listed(list, BM_LIT(BM_OID_ANY_POLICY));

    if (!any) {
        filter(p, list, is_listed, true);
    }
    while (p->any && bm_policy_next(&walk, &policy)) {
        if (!is_any(policy.id) && !is_expected(p, p->n, policy.id)) {
            add(p, policy.id, policy.id);
        }
    }
    p->any = p->any && any;
}

/* 6.1.4 (a) */
static bm_status check_mappings(struct bm_bytes list)
{
    struct bm_policy_mapping m;

    while (bm_policy_mapping_next(&list, &m)) {
        if (is_any(m.issuer_domain) || is_any(m.subject_domain)) {
            return BM_E_PATH_MAPPING;
        }
    }
    return BM_OK;
}

/*
 * 6.1.4 (b)(1): who expects a mapped policy now expects what it is mapped
 * to; a mapped policy nobody expects starts from anyPolicy. The pairs as
 * they were, the first `old`, say who expects what, so those that are
 * mapped go last.
 */
static void map_policies(struct bm_policies *p, struct bm_bytes list)
{
    struct bm_policy_mapping m;
    struct bm_bytes walk = list;
    size_t old = p->n;
    size_t kept = 0;

    while (bm_policy_mapping_next(&walk, &m)) {
        for (size_t i = 0; i < old; i++) {
            if (bm_bytes_equal(p->pair[i].expected, m.issuer_domain)) {
                add(p, p->pair[i].root, m.subject_domain);
            }
        }
        if (p->any && !is_expected(p, old, m.issuer_domain)) {
            add(p, m.issuer_domain, m.subject_domain);
        }
    }
    for (size_t i = 0; i < p->n; i++) {
        if (i >= old || !is_mapped(list, p->pair[i].expected)) {
            p->pair[kept++] = p->pair[i];
        }
    }
    p->n = (uint8_t)kept;
}

static uint32_t less_one(uint32_t n)
{
    return n > 0 ? n - 1 : 0;
}

/* Skip counts are -1 where absent. */
static void tighten(uint32_t *n, int32_t skip)
{
    if (skip >= 0 && (uint32_t)skip < *n) {
        *n = (uint32_t)skip;
    }
}

void bm_policies_init(struct bm_policies *p,
                      const struct bm_policy_demand *demand)
{
    *p = (struct bm_policies){ .any = true };
    p->explicit_policy = demand->explicit_policy ? 0 : NEVER;
    p->inhibit_mapping = demand->inhibit_mapping ? 0 : NEVER;
    p->inhibit_any = demand->inhibit_any ? 0 : NEVER;
}

void bm_policies_anchor(struct bm_policies *p, const struct bm_exts *anchor)
{
    struct bm_policy_constraints pc;

    bm_exts_policy_constraints(anchor, &pc);
    tighten(&p->explicit_policy, pc.require_explicit);
    tighten(&p->inhibit_mapping, pc.inhibit_mapping);
    tighten(&p->inhibit_any, bm_exts_inhibit_any(anchor));
}

/* 6.1.3 (d), (e), (f) */
static bm_status step(struct bm_policies *p, const struct bm_cert *cert,
                      bool self_issued_ca)
{
    assert_policies(p, &cert->ext, p->inhibit_any > 0 || self_issued_ca);
    if (p->lost) {
        clear(p);
    }
    if (p->explicit_policy == 0 && p->n == 0 && !p->any) {
        return BM_E_PATH_POLICY;
    }
    return BM_OK;
}

bm_status bm_policies_ca(struct bm_policies *p, const struct bm_cert *cert)
{
    struct bm_bytes mappings = bm_exts_list(&cert->ext, BM_EXT_MAPPINGS);
    bool self_issued = bm_cert_is_self_issued(cert);

    BM_TRY(step(p, cert, self_issued));
    BM_TRY(check_mappings(mappings));
    if (p->inhibit_mapping > 0) {
        map_policies(p, mappings);
    } else {
        filter(p, mappings, is_mapped, false);
    }
    if (!self_issued) {
        p->explicit_policy = less_one(p->explicit_policy);
        p->inhibit_mapping = less_one(p->inhibit_mapping);
        p->inhibit_any = less_one(p->inhibit_any);
    }
    bm_policies_anchor(p, &cert->ext); /* 6.1.4 (i), (j) */
    return BM_OK;
}

/* 6.1.5 (g): drop the pairs whose root the user does not want. */
static void intersect(struct bm_policies *p,
                      const struct bm_policy_demand *demand)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->n; i++) {
        bool wanted = demand->set_n == 0;

        for (size_t j = 0; j < demand->set_n && !wanted; j++) {
            wanted = is_any(demand->set[j]) ||
                     bm_bytes_equal(demand->set[j], p->pair[i].root);
        }
        if (wanted) {
            p->pair[kept++] = p->pair[i];
        }
    }
    p->n = (uint8_t)kept;
}

bm_status bm_policies_leaf(struct bm_policies *p, const struct bm_cert *cert,
                           const struct bm_policy_demand *demand)
{
    struct bm_policy_constraints pc;

    BM_TRY(step(p, cert, false));
    bm_exts_policy_constraints(&cert->ext, &pc);
    p->explicit_policy = less_one(p->explicit_policy); /* 6.1.5 (a), (b) */
    if (pc.require_explicit == 0) {
        p->explicit_policy = 0;
    }
    intersect(p, demand);
    if (p->explicit_policy == 0 && p->n == 0 && !p->any) {
        return BM_E_PATH_POLICY;
    }
    return BM_OK;
}

bool bm_policies_has(const struct bm_policies *p, struct bm_bytes policy)
{
    size_t i = 0;

    while (i < p->n && !bm_bytes_equal(p->pair[i].root, policy)) {
        i++;
    }
    return i < p->n || p->any;
}
