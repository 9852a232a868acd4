/* SPDX-License-Identifier: Apache-2.0 */
#include "core/policy.h"

#include "core/oid.h"

/* No path is that long. */
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
                        const struct bm_bytes *policy)
{
    size_t i = 0;

    while (i < n && !bm_bytes_equal(p->pair[i].expected, *policy)) {
        i++;
    }
    return i < n;
}

/*
 * certificatePolicies and policyMappings are both lists of SEQUENCEs that
 * begin with a policy of the issuer's domain; the latter have a second one.
 */
static bool next(struct bm_bytes *list, struct bm_policy_mapping *m)
{
    struct bm_der d;
    struct bm_der in;

    bm_der_init(&d, *list, NULL);
    if (bm_der_enter(&d, BM_DER_SEQUENCE, &in) != BM_OK ||
        bm_der_take_oid(&in, &m->issuer_domain) != BM_OK) {
        return false;
    }
    if (bm_der_take_oid(&in, &m->subject_domain) != BM_OK) {
        m->subject_domain = m->issuer_domain;
    }
    *list = (struct bm_bytes){ d.p, bm_der_left(&d) };
    return true;
}

static bool is_in(struct bm_bytes list, struct bm_bytes policy)
{
    struct bm_policy_mapping m;

    while (next(&list, &m)) {
        if (bm_bytes_equal(m.issuer_domain, policy)) {
            return true;
        }
    }
    return false;
}

/*
 * Keep of the first `n` pairs those that expect what is in the list, or
 * those that do not; and all that come behind.
 */
static void filter(struct bm_policies *p, size_t n, struct bm_bytes list,
                   bool keep)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->n; i++) {
        if (i >= n || is_in(list, p->pair[i].expected) == keep) {
            p->pair[kept++] = p->pair[i];
        }
    }
    p->n = (uint8_t)kept;
}

/*
 * 6.1.3 (d): a listed policy continues the pairs that expect it, or else
 * starts from anyPolicy; a listed anyPolicy continues everything. (e): no
 * certificatePolicies, no tree.
 */
static void assert_policies(struct bm_policies *p, struct bm_bytes list,
                            bool any_counts)
{
    bool any = any_counts && is_in(list, BM_LIT(BM_OID_ANY_POLICY));
    struct bm_policy_mapping m;

    if (!any) {
        filter(p, p->n, list, true);
    }
    while (p->any && next(&list, &m)) {
        if (!is_any(m.issuer_domain) &&
            !is_expected(p, p->n, &m.issuer_domain)) {
            add(p, m.issuer_domain, m.issuer_domain);
        }
    }
    p->any = p->any && any;
    if (p->lost) {
        p->n = 0;
        p->any = false;
    }
}

/*
 * 6.1.4 (a), (b): who expects a mapped policy now expects what it is mapped
 * to, or is gone where mapping is inhibited; a mapped policy that nobody
 * expects starts from anyPolicy. Who expects what is told by the pairs as
 * they were, the first `old`, so those that are mapped go last.
 */
static bm_status map_policies(struct bm_policies *p, struct bm_bytes list)
{
    bool allowed = p->until[BM_POLICY_INHIBIT_MAPPING] > 0;
    struct bm_policy_mapping m;
    struct bm_bytes walk = list;
    size_t old = p->n;

    while (next(&walk, &m)) {
        if (is_any(m.issuer_domain) || is_any(m.subject_domain)) {
            return BM_E_PATH_MAPPING;
        }
        for (size_t i = 0; i < old && allowed; i++) {
            if (bm_bytes_equal(p->pair[i].expected, m.issuer_domain)) {
                add(p, p->pair[i].root, m.subject_domain);
            }
        }
        if (allowed && p->any && !is_expected(p, old, &m.issuer_domain)) {
            add(p, m.issuer_domain, m.subject_domain);
        }
    }
    filter(p, old, list, false);
    return BM_OK;
}

void bm_policies_init(struct bm_policies *p,
                      const struct bm_policy_demand *demand)
{
    *p = (struct bm_policies){ .any = true };
    p->until[BM_POLICY_EXPLICIT] = demand->explicit_policy ? 0 : NEVER;
    p->until[BM_POLICY_INHIBIT_MAPPING] = demand->inhibit_mapping ? 0 : NEVER;
    p->until[BM_POLICY_INHIBIT_ANY] = demand->inhibit_any ? 0 : NEVER;
}

void bm_policies_tighten(struct bm_policies *p, const struct bm_exts *ext)
{
    struct bm_policy_constraints pc;
    int32_t skip[BM_POLICY_RULES];

    bm_exts_policy_constraints(ext, &pc);
    skip[BM_POLICY_EXPLICIT] = pc.require_explicit;
    skip[BM_POLICY_INHIBIT_MAPPING] = pc.inhibit_mapping;
    skip[BM_POLICY_INHIBIT_ANY] = bm_exts_inhibit_any(ext);
    for (size_t i = 0; i < BM_POLICY_RULES; i++) {
        /* -1, absent, is as good as NEVER */
        if ((uint32_t)skip[i] < p->until[i]) {
            p->until[i] = (uint32_t)skip[i];
        }
    }
}

static bm_status check(const struct bm_policies *p)
{
    return p->until[BM_POLICY_EXPLICIT] == 0 && p->n == 0 && !p->any
               ? BM_E_PATH_POLICY
               : BM_OK;
}

/*
 * 6.1.3 (d) to (f), 6.1.4 (a), (b), (h) to (j). In the leaf the counters do
 * what 6.1.5 (a) and (b) ask: only requireExplicitPolicy 0 tells from none.
 */
bm_status bm_policies_step(struct bm_policies *p, const struct bm_cert *cert,
                           bool is_leaf)
{
    bool counts = is_leaf || !bm_cert_is_self_issued(cert);

    assert_policies(p, bm_exts_list(&cert->ext, BM_EXT_POLICIES),
                    !counts || p->until[BM_POLICY_INHIBIT_ANY] > 0);
    BM_TRY(check(p));
    if (!is_leaf) {
        BM_TRY(map_policies(p, bm_exts_list(&cert->ext, BM_EXT_MAPPINGS)));
    }
    for (size_t i = 0; i < BM_POLICY_RULES; i++) {
        p->until[i] -= counts && p->until[i] > 0;
    }
    bm_policies_tighten(p, &cert->ext);
    return BM_OK;
}

/* 6.1.5 (g): drop the pairs whose root the user does not want. */
bm_status bm_policies_accept(struct bm_policies *p,
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
    return check(p);
}

bool bm_policies_has(const struct bm_policies *p, struct bm_bytes policy)
{
    size_t i = 0;

    while (i < p->n && !bm_bytes_equal(p->pair[i].root, policy)) {
        i++;
    }
    return i < p->n || p->any;
}
