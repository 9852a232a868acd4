/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show.h"

#include "core/oid.h"

json_t *show_attributes(struct tree *t, struct bm_bytes list,
                        bool (*has_member)(struct bm_bytes type))
{
    json_t *all = tree_array(t);
    struct bm_attribute a;

    while (bm_attribute_next(&list, &a)) {
        if (!has_member(a.type)) {
            json_t *o = tree_object(t);

            tree_set(t, o, "attribute_type", tree_oid_name(t, a.type));
            tree_set(t, o, "attribute_values", tree_hex(t, a.values));
            tree_append(t, all, o);
        }
    }
    return all;
}

static bool has_member(struct bm_bytes type)
{
    return bm_oid_is(type, BM_OID_P9_EXTENSIONS) ||
           bm_oid_is(type, BM_OID_P9_CHALLENGE);
}

static const char *possession(const struct show *s, const struct bm_csr *csr)
{
    switch (bm_csr_verify(csr, s->crypto)) {
    case BM_OK:
        return "verified";
    case BM_E_CSR_SIGNATURE:
        return "failed";
    default:
        return "not checked: algorithm not supported";
    }
}

json_t *show_csr(struct show *s, const struct bm_csr *csr)
{
    struct tree *t = &s->t;
    json_t *o = tree_object(t);
    json_t *others;

    tree_set(t, o, "type", tree_str(t, "certification_request"));
    tree_set(t, o, "version", tree_int(t, 1)); /* the only one there is */
    show_set_name(t, o, "subject", csr->subject);
    tree_set(t, o, "subject_public_key_info", show_key(t, &csr->key));
    if (csr->challenge.n != 0) {
        tree_set(t, o, "challenge_password", tree_text(t, csr->challenge));
    }
    if (csr->ext.all.n != 0) {
        tree_set(t, o, "extensions", show_exts(t, &csr->ext));
    }
    others = show_attributes(t, csr->attributes, has_member);
    if (json_array_size(others) != 0) {
        tree_set(t, o, "attributes", others);
    } else {
        json_decref(others);
    }
    tree_set(t, o, "signature_algorithm",
             show_alg(t, csr->sig_alg, csr->sig_alg_id));
    tree_set(t, o, "signature_value", tree_hex(t, csr->signature));
    tree_set(t, o, "proof_of_possession", tree_str(t, possession(s, csr)));
    tree_set(t, o, "fingerprint_sha256", show_fingerprint(s, csr->der));
    return o;
}
