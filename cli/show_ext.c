/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show.h"

#include "core/oid.h"

/* RFC 7633: TLS extension numbers, status_request and its successor. */
#define TLS_STATUS_REQUEST    5
#define TLS_STATUS_REQUEST_V2 17

/* id-qt-cps and id-qt-unotice (RFC 5280 4.2.1.4). */
#define OID_QT_CPS    "\x2b\x06\x01\x05\x05\x07\x02\x01"
#define OID_QT_NOTICE "\x2b\x06\x01\x05\x05\x07\x02\x02"

/* Names of the bits of a BIT STRING, in their order. */
static json_t *flags(struct tree *t, const char *const *names, size_t n,
                     uint16_t set)
{
    json_t *all = tree_array(t);

    for (size_t i = 0; i < n; i++) {
        if ((set >> i & 1) != 0) {
            tree_append(t, all, tree_str(t, names[i]));
        }
    }
    return all;
}

json_t *show_reasons(struct tree *t, uint16_t reasons)
{
    static const char *const names[] = {
        "unused",          "keyCompromise",
        "cACompromise",    "affiliationChanged",
        "superseded",      "cessationOfOperation",
        "certificateHold", "privilegeWithdrawn",
        "aACompromise",
    };

    return flags(t, names, sizeof names / sizeof names[0], reasons);
}

json_t *show_aki(struct tree *t, const struct bm_exts *e)
{
    json_t *o = tree_object(t);
    struct bm_aki aki;

    bm_exts_aki(e, &aki);
    if (aki.key_id.n != 0) {
        tree_set(t, o, "key_identifier", tree_hex(t, aki.key_id));
    }
    if (aki.issuer.n != 0) {
        tree_set(t, o, "authority_cert_issuer",
                 show_general_names(t, aki.issuer));
    }
    if (aki.serial.n != 0) {
        tree_set(t, o, "authority_cert_serial_number", tree_hex(t, aki.serial));
    }
    return o;
}

static json_t *ski(struct tree *t, const struct bm_exts *e)
{
    return tree_hex(t, bm_exts_ski(e));
}

static json_t *key_usage(struct tree *t, const struct bm_exts *e)
{
    static const char *const names[] = {
        "digitalSignature", "contentCommitment", "keyEncipherment",
        "dataEncipherment", "keyAgreement",      "keyCertSign",
        "cRLSign",          "encipherOnly",      "decipherOnly",
    };

    return flags(t, names, sizeof names / sizeof names[0], e->key_usage);
}

/*
 * RFC 5280 4.2.1.4
 *   NoticeReference ::= SEQUENCE { organization DisplayText,
 *                                  noticeNumbers SEQUENCE OF INTEGER }
 */
static json_t *notice_ref(struct tree *t, struct bm_der *ref)
{
    json_t *o = tree_object(t);
    json_t *numbers = tree_array(t);
    struct bm_der list;
    struct bm_bytes text;
    uint32_t number;
    uint8_t tag;

    if (bm_der_take_any(ref, &tag, &text) == BM_OK) {
        tree_set(t, o, "organization", show_string(t, tag, text));
    }
    if (bm_der_enter(ref, BM_DER_SEQUENCE, &list) == BM_OK) {
        while (bm_der_left(&list) != 0 &&
               bm_der_take_u32(&list, &number) == BM_OK) {
            tree_append(t, numbers, tree_int(t, number));
        }
    }
    tree_set(t, o, "notice_numbers", numbers);
    return o;
}

/*
 *   UserNotice ::= SEQUENCE { noticeRef NoticeReference OPTIONAL,
 *                             explicitText DisplayText OPTIONAL }
 */
static json_t *user_notice(struct tree *t, struct bm_der *notice)
{
    json_t *o = tree_object(t);
    struct bm_der ref;
    struct bm_bytes text;
    uint8_t tag;

    if (bm_der_enter(notice, BM_DER_SEQUENCE, &ref) == BM_OK) {
        tree_set(t, o, "notice_ref", notice_ref(t, &ref));
    }
    if (bm_der_left(notice) != 0 &&
        bm_der_take_any(notice, &tag, &text) == BM_OK) {
        tree_set(t, o, "explicit_text", show_string(t, tag, text));
    }
    return o;
}

/*
 *   PolicyQualifierInfo ::= SEQUENCE { policyQualifierId OBJECT IDENTIFIER,
 *                                      qualifier ANY }
 */
static json_t *qualifier(struct tree *t, struct bm_der *info)
{
    json_t *o = tree_object(t);
    struct bm_bytes id = { NULL, 0 };
    struct bm_bytes uri;
    struct bm_der notice;

    if (bm_der_take_oid(info, &id) != BM_OK) {
        return o;
    }
    if (bm_oid_is(id, OID_QT_CPS) &&
        bm_der_take(info, BM_DER_IA5_STRING, &uri) == BM_OK) {
        tree_set(t, o, "cps_uri", tree_text(t, uri));
    } else if (bm_oid_is(id, OID_QT_NOTICE) &&
               bm_der_enter(info, BM_DER_SEQUENCE, &notice) == BM_OK) {
        tree_set(t, o, "user_notice", user_notice(t, &notice));
    } else {
        tree_set(t, o, "policy_qualifier_id", tree_oid_name(t, id));
        tree_set(t, o, "qualifier",
                 tree_hex(t, (struct bm_bytes){ info->p, bm_der_left(info) }));
    }
    return o;
}

static json_t *qualifiers(struct tree *t, struct bm_bytes list)
{
    json_t *all = tree_array(t);
    struct bm_der d;
    struct bm_der info;

    bm_der_init(&d, list, NULL);
    while (bm_der_left(&d) != 0 &&
           bm_der_enter(&d, BM_DER_SEQUENCE, &info) == BM_OK) {
        tree_append(t, all, qualifier(t, &info));
    }
    return all;
}

static json_t *policies(struct tree *t, const struct bm_exts *e)
{
    json_t *all = tree_array(t);
    struct bm_bytes list = bm_exts_list(e, BM_EXT_POLICIES);
    struct bm_policy policy;

    while (bm_policy_next(&list, &policy)) {
        json_t *o = tree_object(t);

        tree_set(t, o, "policy_identifier", tree_oid_name(t, policy.id));
        if (policy.qualifiers.n != 0) {
            tree_set(t, o, "policy_qualifiers",
                     qualifiers(t, policy.qualifiers));
        }
        tree_append(t, all, o);
    }
    return all;
}

static json_t *mappings(struct tree *t, const struct bm_exts *e)
{
    json_t *all = tree_array(t);
    struct bm_bytes list = bm_exts_list(e, BM_EXT_MAPPINGS);
    struct bm_policy_mapping m;

    while (bm_policy_mapping_next(&list, &m)) {
        json_t *o = tree_object(t);

        tree_set(t, o, "issuer_domain_policy",
                 tree_oid_name(t, m.issuer_domain));
        tree_set(t, o, "subject_domain_policy",
                 tree_oid_name(t, m.subject_domain));
        tree_append(t, all, o);
    }
    return all;
}

static json_t *san(struct tree *t, const struct bm_exts *e)
{
    return show_general_names(t, bm_exts_list(e, BM_EXT_SAN));
}

static json_t *ian(struct tree *t, const struct bm_exts *e)
{
    return show_general_names(t, bm_exts_list(e, BM_EXT_IAN));
}

/* RFC 5280 4.2.1.8: SEQUENCE OF Attribute { type, values SET OF ANY }. */
static json_t *directory_attributes(struct tree *t, const struct bm_exts *e)
{
    json_t *all = tree_array(t);
    struct bm_bytes list = bm_exts_list(e, BM_EXT_SDA);
    struct bm_attribute a;

    while (bm_attribute_next(&list, &a)) {
        json_t *o = tree_object(t);

        tree_set(t, o, "attribute_type", tree_oid_name(t, a.type));
        tree_set(t, o, "attribute_values", tree_hex(t, a.values));
        tree_append(t, all, o);
    }
    return all;
}

static json_t *basic_constraints(struct tree *t, const struct bm_exts *e)
{
    json_t *o = tree_object(t);

    tree_set(t, o, "ca", tree_bool(t, e->ca));
    if (e->path_len != BM_PATH_LEN_NONE) {
        tree_set(t, o, "path_len_constraint", tree_int(t, e->path_len));
    }
    return o;
}

static json_t *subtrees(struct tree *t, struct bm_bytes list)
{
    json_t *all = tree_array(t);
    struct bm_general_name base;

    while (bm_subtree_next(&list, &base)) {
        tree_append(t, all, show_general_name(t, &base));
    }
    return all;
}

static json_t *name_constraints(struct tree *t, const struct bm_exts *e)
{
    json_t *o = tree_object(t);
    struct bm_name_constraints nc;

    bm_exts_name_constraints(e, &nc);
    if (nc.permitted.n != 0) {
        tree_set(t, o, "permitted_subtrees", subtrees(t, nc.permitted));
    }
    if (nc.excluded.n != 0) {
        tree_set(t, o, "excluded_subtrees", subtrees(t, nc.excluded));
    }
    return o;
}

static json_t *policy_constraints(struct tree *t, const struct bm_exts *e)
{
    json_t *o = tree_object(t);
    struct bm_policy_constraints pc;

    bm_exts_policy_constraints(e, &pc);
    if (pc.require_explicit >= 0) {
        tree_set(t, o, "require_explicit_policy",
                 tree_int(t, pc.require_explicit));
    }
    if (pc.inhibit_mapping >= 0) {
        tree_set(t, o, "inhibit_policy_mapping",
                 tree_int(t, pc.inhibit_mapping));
    }
    return o;
}

static json_t *eku(struct tree *t, const struct bm_exts *e)
{
    json_t *all = tree_array(t);
    struct bm_bytes list = bm_exts_list(e, BM_EXT_EKU);
    struct bm_bytes oid;

    while (bm_eku_next(&list, &oid)) {
        tree_append(t, all, tree_oid_name(t, oid));
    }
    return all;
}

json_t *show_dist_points(struct tree *t, struct bm_bytes list)
{
    json_t *all = tree_array(t);
    struct bm_dist_point dp;

    while (bm_dist_point_next(&list, &dp)) {
        json_t *o = tree_object(t);

        if (dp.full_name.n != 0 || dp.relative_name.n != 0) {
            tree_set(t, o, "distribution_point",
                     show_dist_point_name(t, dp.full_name, dp.relative_name));
        }
        if (dp.has_reasons) {
            tree_set(t, o, "reasons", show_reasons(t, dp.reasons));
        }
        if (dp.crl_issuer.n != 0) {
            tree_set(t, o, "crl_issuer", show_general_names(t, dp.crl_issuer));
        }
        tree_append(t, all, o);
    }
    return all;
}

static json_t *crl_dp(struct tree *t, const struct bm_exts *e)
{
    return show_dist_points(t, bm_exts_list(e, BM_EXT_CRL_DP));
}

static json_t *freshest(struct tree *t, const struct bm_exts *e)
{
    return show_dist_points(t, bm_exts_list(e, BM_EXT_FRESHEST));
}

static json_t *inhibit_any(struct tree *t, const struct bm_exts *e)
{
    return tree_int(t, bm_exts_inhibit_any(e));
}

static json_t *accesses(struct tree *t, struct bm_bytes list)
{
    json_t *all = tree_array(t);
    struct bm_access access;

    while (bm_access_next(&list, &access)) {
        json_t *o = tree_object(t);

        tree_set(t, o, "access_method", tree_oid_name(t, access.method));
        tree_set(t, o, "access_location",
                 show_general_name(t, &access.location));
        tree_append(t, all, o);
    }
    return all;
}

static json_t *aia(struct tree *t, const struct bm_exts *e)
{
    return accesses(t, bm_exts_list(e, BM_EXT_AIA));
}

static json_t *sia(struct tree *t, const struct bm_exts *e)
{
    return accesses(t, bm_exts_list(e, BM_EXT_SIA));
}

/* RFC 6960 4.2.2.2.1: that it is there is all it says. */
static json_t *nocheck(struct tree *t, const struct bm_exts *e)
{
    return tree_bool(t, bm_exts_has(e, BM_EXT_OCSP_NOCHECK));
}

/* RFC 7633 4.1: Features ::= SEQUENCE OF INTEGER. */
static json_t *tls_feature(struct tree *t, const struct bm_exts *e)
{
    json_t *all = tree_array(t);
    struct bm_der d;
    uint32_t feature;

    bm_der_init(&d, bm_exts_list(e, BM_EXT_TLS_FEATURE), NULL);
    while (bm_der_left(&d) != 0 && bm_der_take_u32(&d, &feature) == BM_OK) {
        tree_append(t, all,
                    feature == TLS_STATUS_REQUEST
                        ? tree_str(t, "status_request")
                    : feature == TLS_STATUS_REQUEST_V2
                        ? tree_str(t, "status_request_v2")
                        : tree_int(t, feature));
    }
    return all;
}

static json_t *(*const values[BM_EXT_COUNT])(struct tree *,
                                             const struct bm_exts *) = {
    [BM_EXT_AKI] = show_aki,
    [BM_EXT_SKI] = ski,
    [BM_EXT_KEY_USAGE] = key_usage,
    [BM_EXT_POLICIES] = policies,
    [BM_EXT_MAPPINGS] = mappings,
    [BM_EXT_SAN] = san,
    [BM_EXT_IAN] = ian,
    [BM_EXT_SDA] = directory_attributes,
    [BM_EXT_BASIC_CONSTRAINTS] = basic_constraints,
    [BM_EXT_NAME_CONSTRAINTS] = name_constraints,
    [BM_EXT_POLICY_CONSTRAINTS] = policy_constraints,
    [BM_EXT_EKU] = eku,
    [BM_EXT_CRL_DP] = crl_dp,
    [BM_EXT_INHIBIT_ANY] = inhibit_any,
    [BM_EXT_FRESHEST] = freshest,
    [BM_EXT_AIA] = aia,
    [BM_EXT_SIA] = sia,
    [BM_EXT_OCSP_NOCHECK] = nocheck,
    [BM_EXT_TLS_FEATURE] = tls_feature,
};

json_t *show_ext_head(struct tree *t, const struct bm_ext *ext)
{
    json_t *o = tree_object(t);
    const char *name = bm_oid_name(ext->oid);

    tree_set(t, o, "extn_id", tree_oid(t, ext->oid));
    if (name != NULL) {
        tree_set(t, o, "name", tree_str(t, name));
    }
    tree_set(t, o, "critical", tree_bool(t, ext->critical));
    return o;
}

json_t *show_exts(struct tree *t, const struct bm_exts *e)
{
    json_t *all = tree_array(t);
    struct bm_bytes left = e->all;
    struct bm_ext ext;

    while (bm_ext_next(&left, &ext)) {
        json_t *o = show_ext_head(t, &ext);
        unsigned id = 0;

        while (id < BM_EXT_COUNT && e->value[id].p != ext.value.p) {
            id++;
        }
        if (id < BM_EXT_COUNT) {
            tree_set(t, o, "value", values[id](t, e));
        } else {
            tree_set(t, o, "extn_value", tree_hex(t, ext.value));
        }
        tree_append(t, all, o);
    }
    return all;
}
