/* SPDX-License-Identifier: Apache-2.0 */
#include "core/policy.h"

#include <string.h>

/* No path is that long. */
#define NEVER UINT32_MAX

static const uint8_t any_policy[] = { BM_DER_OID, 4, 0x55, 0x1d, 0x20, 0x00 };

/* Two identifiers, header included; short lengths only, see next(). */
static bool same(const uint8_t *a, const uint8_t *b)
{
    return a[1] == b[1] && memcmp(a + 2, b + 2, a[1]) == 0;
}

static void add(struct bm_policies *p, const uint8_t *root,
                const uint8_t *expected)
{
    if (p->n < BM_POLICY_PAIRS_MAX) {
        p->pair[p->n++] = (struct bm_policy_pair){ root, expected };
    }
}

/* Nobody knows how many more there would have been. */
static void give_up_if_full(struct bm_policies *p)
{
    if (p->n == BM_POLICY_PAIRS_MAX) {
        p->n = 0;
        p->any = false;
    }
}

/*
 * certificatePolicies and policyMappings are both lists of SEQUENCEs that
 * begin with a policy of the issuer's domain; `*to` is what stands behind
 * it. An identifier of 128 octets, which nobody has, ends the list: policies
 * behind it are not asserted, and mappings behind it refuse the path.
 */
static const uint8_t *next(struct bm_bytes *list, const uint8_t **to)
{
    struct bm_bytes oid;
    struct bm_der d;
    struct bm_der in;
    const uint8_t *from;

    bm_der_init(&d, *list, NULL);
    if (bm_der_enter(&d, BM_DER_SEQUENCE, &in) != BM_OK) {
        return NULL;
    }
    from = in.p;
    if (bm_der_take_oid(&in, &oid) != BM_OK || oid.n > 127) {
        return NULL;
    }
    *to = in.p;
    *list = (struct bm_bytes){ d.p, bm_der_left(&d) };
    return from;
}

static bool is_in(struct bm_bytes list, const uint8_t *policy)
{
    const uint8_t *id;
    const uint8_t *to;

    do {
        id = next(&list, &to);
    } while (id != NULL && !same(id, policy));
    return id != NULL;
}

/*
 * Keep of the first `n` pairs those that expect what is in the list, or
 * those that do not; and all that come behind.
 */
static void filter(struct bm_policies *p, size_t n, struct bm_bytes list,
                   bool keep)
{
    size_t kept = 0;

    give_up_if_full(p);
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
    bool any = any_counts && is_in(list, any_policy);
    const uint8_t *id;
    const uint8_t *to;

    if (!any) {
        filter(p, p->n, list, true);
    }
    while (p->any && (id = next(&list, &to)) != NULL) {
        size_t i = 0;

        while (i < p->n && !same(p->pair[i].expected, id)) {
            i++;
        }
        if (i == p->n && !same(id, any_policy)) {
            add(p, id, id);
        }
    }
    p->any = p->any && any;
    give_up_if_full(p);
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
    struct bm_bytes walk = list;
    const uint8_t *from;
    const uint8_t *to;
    size_t old = p->n;

    while ((from = next(&walk, &to)) != NULL) {
        bool unexpected = p->any;

        if (to[1] > 127 || same(from, any_policy) || same(to, any_policy)) {
            return BM_E_PATH_MAPPING;
        }
        if (!allowed) {
            continue;
        }
        for (size_t i = 0; i < old; i++) {
            if (same(p->pair[i].expected, from)) {
                add(p, p->pair[i].root, to);
                unexpected = false;
            }
        }
        if (unexpected) {
            add(p, from, to);
        }
    }
    filter(p, old, list, false);
    return walk.n == 0 ? BM_OK : BM_E_PATH_MAPPING; /* all have been seen */
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
    bool counts = !bm_cert_is_self_issued(cert) || is_leaf;

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

static bool is_policy(const uint8_t *der, const struct bm_bytes *oid)
{
    return bm_bytes_equal((struct bm_bytes){ der + 2, der[1] }, *oid);
}

/* 6.1.5 (g): drop the pairs whose root the user does not want. */
bm_status bm_policies_accept(struct bm_policies *p,
                             const struct bm_policy_demand *demand)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->n; i++) {
        bool wanted = demand->set_n == 0;

        for (size_t j = 0; j < demand->set_n && !wanted; j++) {
            wanted = is_policy(any_policy, &demand->set[j]) ||
                     is_policy(p->pair[i].root, &demand->set[j]);
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

    while (i < p->n && !is_policy(p->pair[i].root, &policy)) {
        i++;
    }
    return i < p->n || p->any;
}
