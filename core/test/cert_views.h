/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_TEST_CERT_VIEWS_H
#define BM_CORE_TEST_CERT_VIEWS_H

/*
 * The property of a certificate that was accepted, for the unit test and the
 * fuzz target: every view that can be had from it lies inside the input, and
 * every walk comes to the end of its list.
 */
#include "core/cert.h"

static inline bool view_in(struct bm_bytes outer, struct bm_bytes inner)
{
    return inner.n == 0 || (inner.p >= outer.p && inner.n <= outer.n &&
                            (size_t)(inner.p - outer.p) <= outer.n - inner.n);
}

static inline bool view_general_name(struct bm_bytes in,
                                     const struct bm_general_name *gn)
{
    return view_in(in, gn->value) && view_in(in, gn->type);
}

static inline bool views_in_names(struct bm_bytes in, struct bm_bytes names)
{
    struct bm_general_name gn;

    while (bm_general_name_next(&names, &gn)) {
        if (!view_general_name(in, &gn)) {
            return false;
        }
    }
    return names.n == 0 && view_in(in, names);
}

static inline bool views_in_subtrees(struct bm_bytes in, struct bm_bytes list)
{
    struct bm_general_name gn;

    while (bm_subtree_next(&list, &gn)) {
        if (!view_general_name(in, &gn)) {
            return false;
        }
    }
    return list.n == 0 && view_in(in, list);
}

static inline bool views_in_dist_points(struct bm_bytes in,
                                        struct bm_bytes list)
{
    struct bm_dist_point dp;

    while (bm_dist_point_next(&list, &dp)) {
        if (!views_in_names(in, dp.full_name) ||
            !views_in_names(in, dp.crl_issuer) ||
            !view_in(in, dp.relative_name)) {
            return false;
        }
    }
    return list.n == 0;
}

static inline bool views_in_access(struct bm_bytes in, struct bm_bytes list)
{
    struct bm_access access;

    while (bm_access_next(&list, &access)) {
        if (!view_in(in, access.method) ||
            !view_general_name(in, &access.location)) {
            return false;
        }
    }
    return list.n == 0;
}

static inline bool views_in_policies(struct bm_bytes in,
                                     const struct bm_exts *e)
{
    struct bm_bytes list = bm_exts_list(e, BM_EXT_POLICIES);
    struct bm_policy_mapping mapping;
    struct bm_policy policy;

    while (bm_policy_next(&list, &policy)) {
        if (!view_in(in, policy.id) || !view_in(in, policy.qualifiers)) {
            return false;
        }
    }
    if (list.n != 0) {
        return false;
    }
    list = bm_exts_list(e, BM_EXT_MAPPINGS);
    while (bm_policy_mapping_next(&list, &mapping)) {
        if (!view_in(in, mapping.issuer_domain) ||
            !view_in(in, mapping.subject_domain)) {
            return false;
        }
    }
    return list.n == 0;
}

static inline bool views_in_lists(struct bm_bytes in, const struct bm_exts *e)
{
    struct bm_bytes eku = bm_exts_list(e, BM_EXT_EKU);
    struct bm_bytes oid;

    while (bm_eku_next(&eku, &oid)) {
        if (!view_in(in, oid)) {
            return false;
        }
    }
    return eku.n == 0 && views_in_policies(in, e) &&
           views_in_names(in, bm_exts_list(e, BM_EXT_SAN)) &&
           views_in_names(in, bm_exts_list(e, BM_EXT_IAN)) &&
           views_in_dist_points(in, bm_exts_list(e, BM_EXT_CRL_DP)) &&
           views_in_dist_points(in, bm_exts_list(e, BM_EXT_FRESHEST)) &&
           views_in_access(in, bm_exts_list(e, BM_EXT_AIA)) &&
           views_in_access(in, bm_exts_list(e, BM_EXT_SIA));
}

/* The values of the known extensions, and the list of all. */
static inline bool views_in_exts(struct bm_bytes in, const struct bm_exts *e)
{
    struct bm_bytes all = e->all;
    struct bm_name_constraints nc;
    struct bm_aki aki;
    struct bm_ext ext;

    while (bm_ext_next(&all, &ext)) {
        if (!view_in(in, ext.oid) || !view_in(in, ext.value)) {
            return false;
        }
    }
    for (unsigned id = 0; id < BM_EXT_COUNT; id++) {
        if (!view_in(in, e->value[id]) ||
            bm_exts_has(e, (enum bm_ext_id)id) != (e->value[id].p != NULL) ||
            (bm_exts_is_critical(e, (enum bm_ext_id)id) &&
             !bm_exts_has(e, (enum bm_ext_id)id))) {
            return false;
        }
    }
    bm_exts_aki(e, &aki);
    bm_exts_name_constraints(e, &nc);
    return all.n == 0 && view_in(in, e->unknown_critical) &&
           view_in(in, bm_exts_ski(e)) && view_in(in, aki.key_id) &&
           view_in(in, aki.serial) && views_in_names(in, aki.issuer) &&
           views_in_subtrees(in, nc.permitted) &&
           views_in_subtrees(in, nc.excluded) && views_in_lists(in, e);
}

static inline bool views_in_key(struct bm_bytes in, const struct bm_spki *key)
{
    return view_in(in, key->der) && view_in(key->der, key->alg) &&
           view_in(key->der, key->key) && view_in(key->key, key->rsa_n) &&
           view_in(key->key, key->rsa_e) &&
           (key->type == BM_KEY_RSA) == (key->rsa_n.n != 0);
}

static inline bool views_in_name(struct bm_bytes in, struct bm_bytes name)
{
    struct bm_name_walk walk;
    struct bm_attr attr;

    bm_name_walk(&walk, name);
    while (bm_name_next(&walk, &attr)) {
        if (!view_in(name, attr.type) || !view_in(name, attr.value)) {
            return false;
        }
    }
    return view_in(in, name) && bm_name_equal(name, name);
}

static inline bool views_in_cert(struct bm_bytes in, const struct bm_cert *c)
{
    return view_in(in, c->der) && view_in(in, c->tbs) &&
           view_in(c->tbs, c->serial) && c->serial.n != 0 &&
           view_in(in, c->sig_alg_id) && view_in(in, c->signature) &&
           views_in_name(c->tbs, c->issuer) &&
           views_in_name(c->tbs, c->subject) && views_in_key(c->tbs, &c->key) &&
           views_in_exts(c->tbs, &c->ext) && c->not_before <= c->not_after &&
           c->version >= 1 && c->version <= 3 &&
           (c->version == 3 || c->ext.present == 0);
}

#endif
