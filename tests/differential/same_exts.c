/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "core/ext_parts.h"
#include "tests/differential/same.h"

static bool same_names(struct bm_bytes list, const GENERAL_NAMES *theirs)
{
    struct bm_general_name gn;
    int i = 0;

    while (bm_general_name_next(&list, &gn)) {
        if (i >= sk_GENERAL_NAME_num(theirs) ||
            !same_general_name(&gn, sk_GENERAL_NAME_value(theirs, i++))) {
            return false;
        }
    }
    return i == (theirs == NULL ? 0 : sk_GENERAL_NAME_num(theirs));
}

static bool same_san(const struct bm_exts *e, const void *theirs)
{
    return same_names(bm_exts_list(e, BM_EXT_SAN), theirs);
}

static bool same_ian(const struct bm_exts *e, const void *theirs)
{
    return same_names(bm_exts_list(e, BM_EXT_IAN), theirs);
}

static bool same_ski(const struct bm_exts *e, const void *theirs)
{
    return same_string(bm_exts_ski(e), theirs);
}

static bool same_aki(const struct bm_exts *e, const void *theirs)
{
    const AUTHORITY_KEYID *a = theirs;
    struct bm_aki aki;

    bm_exts_aki(e, &aki);
    return (a->keyid == NULL ? aki.key_id.p == NULL
                             : same_string(aki.key_id, a->keyid)) &&
           same_names(aki.issuer, a->issuer) &&
           (a->serial == NULL ? aki.serial.n == 0
                              : same_integer(aki.serial, a->serial));
}

/* Bit 0 of the ASN.1 is bit 0 of ours. */
static bool same_bits(uint16_t ours, const ASN1_BIT_STRING *theirs)
{
    for (int i = 0; i < 16; i++) {
        if (ASN1_BIT_STRING_get_bit(theirs, i) != (ours >> i & 1)) {
            return false;
        }
    }
    return true;
}

static bool same_key_usage(const struct bm_exts *e, const void *theirs)
{
    return same_bits(e->key_usage, theirs);
}

static bool same_basic(const struct bm_exts *e, const void *theirs)
{
    const BASIC_CONSTRAINTS *bc = theirs;
    long len = bc->pathlen == NULL ? -1 : ASN1_INTEGER_get(bc->pathlen);

    return e->ca == (bc->ca != 0) &&
           (len > BM_PATH_LEN_MAX ? e->path_len == BM_PATH_LEN_MAX
                                  : e->path_len == len);
}

static bool same_eku(const struct bm_exts *e, const void *theirs)
{
    const EXTENDED_KEY_USAGE *eku = theirs;
    struct bm_bytes list = bm_exts_list(e, BM_EXT_EKU);
    struct bm_bytes oid;
    int i = 0;

    while (bm_eku_next(&list, &oid)) {
        if (i >= sk_ASN1_OBJECT_num(eku) ||
            !same_oid(oid, sk_ASN1_OBJECT_value(eku, i++))) {
            return false;
        }
    }
    return i == sk_ASN1_OBJECT_num(eku);
}

static bool same_policies(const struct bm_exts *e, const void *theirs)
{
    const CERTIFICATEPOLICIES *policies = theirs;
    struct bm_bytes list = bm_exts_list(e, BM_EXT_POLICIES);
    struct bm_policy policy;
    int i = 0;

    while (bm_policy_next(&list, &policy)) {
        const POLICYINFO *info = sk_POLICYINFO_value(policies, i++);

        if (info == NULL || !same_oid(policy.id, info->policyid) ||
            (info->qualifiers != NULL) != (policy.qualifiers.n != 0)) {
            return false;
        }
    }
    return i == sk_POLICYINFO_num(policies);
}

static bool same_mappings(const struct bm_exts *e, const void *theirs)
{
    const POLICY_MAPPINGS *mappings = theirs;
    struct bm_bytes list = bm_exts_list(e, BM_EXT_MAPPINGS);
    struct bm_policy_mapping m;
    int i = 0;

    while (bm_policy_mapping_next(&list, &m)) {
        const POLICY_MAPPING *other = sk_POLICY_MAPPING_value(mappings, i++);

        if (other == NULL ||
            !same_oid(m.issuer_domain, other->issuerDomainPolicy) ||
            !same_oid(m.subject_domain, other->subjectDomainPolicy)) {
            return false;
        }
    }
    return i == sk_POLICY_MAPPING_num(mappings);
}

/* SkipCerts. Ours is clamped far above any path. */
static bool same_skip(int32_t ours, const ASN1_INTEGER *theirs)
{
    int64_t value = -1;

    if (theirs != NULL && ASN1_INTEGER_get_int64(&value, theirs) != 1) {
        value = BM_SKIP_MAX;
    }
    return ours == (value > BM_SKIP_MAX ? BM_SKIP_MAX : value);
}

static bool same_policy_constraints(const struct bm_exts *e, const void *theirs)
{
    const POLICY_CONSTRAINTS *other = theirs;
    struct bm_policy_constraints pc;

    bm_exts_policy_constraints(e, &pc);
    return same_skip(pc.require_explicit, other->requireExplicitPolicy) &&
           same_skip(pc.inhibit_mapping, other->inhibitPolicyMapping);
}

static bool same_inhibit_any(const struct bm_exts *e, const void *theirs)
{
    return same_skip(bm_exts_inhibit_any(e), theirs);
}

static bool same_subtrees(struct bm_bytes list,
                          const STACK_OF(GENERAL_SUBTREE) * theirs)
{
    struct bm_general_name gn;
    int i = 0;

    while (bm_subtree_next(&list, &gn)) {
        if (i >= sk_GENERAL_SUBTREE_num(theirs) ||
            !same_general_name(&gn,
                               sk_GENERAL_SUBTREE_value(theirs, i++)->base)) {
            return false;
        }
    }
    return i == (theirs == NULL ? 0 : sk_GENERAL_SUBTREE_num(theirs));
}

static bool same_name_constraints(const struct bm_exts *e, const void *theirs)
{
    const NAME_CONSTRAINTS *other = theirs;
    struct bm_name_constraints nc;

    bm_exts_name_constraints(e, &nc);
    return same_subtrees(nc.permitted, other->permittedSubtrees) &&
           same_subtrees(nc.excluded, other->excludedSubtrees);
}

static bool same_point(const struct bm_dist_point *ours,
                       const DIST_POINT *theirs)
{
    const GENERAL_NAMES *full = NULL;
    bool relative = false;

    if (theirs->distpoint != NULL) {
        relative = theirs->distpoint->type == 1;
        full = relative ? NULL : theirs->distpoint->name.fullname;
    }
    return same_names(ours->full_name, full) &&
           relative == (ours->relative_name.n != 0) &&
           same_names(ours->crl_issuer, theirs->CRLissuer) &&
           ours->has_reasons == (theirs->reasons != NULL) &&
           (theirs->reasons == NULL ||
            same_bits(ours->reasons, theirs->reasons));
}

static bool same_points(struct bm_bytes list, const CRL_DIST_POINTS *theirs)
{
    struct bm_dist_point dp;
    int i = 0;

    while (bm_dist_point_next(&list, &dp)) {
        if (i >= sk_DIST_POINT_num(theirs) ||
            !same_point(&dp, sk_DIST_POINT_value(theirs, i++))) {
            return false;
        }
    }
    return i == sk_DIST_POINT_num(theirs);
}

static bool same_crl_dp(const struct bm_exts *e, const void *theirs)
{
    return same_points(bm_exts_list(e, BM_EXT_CRL_DP), theirs);
}

static bool same_freshest(const struct bm_exts *e, const void *theirs)
{
    return same_points(bm_exts_list(e, BM_EXT_FRESHEST), theirs);
}

static bool same_access(struct bm_bytes list, const AUTHORITY_INFO_ACCESS *aia)
{
    struct bm_access access;
    int i = 0;

    while (bm_access_next(&list, &access)) {
        const ACCESS_DESCRIPTION *other = sk_ACCESS_DESCRIPTION_value(aia, i++);

        if (other == NULL || !same_oid(access.method, other->method) ||
            !same_general_name(&access.location, other->location)) {
            return false;
        }
    }
    return i == sk_ACCESS_DESCRIPTION_num(aia);
}

static bool same_aia(const struct bm_exts *e, const void *theirs)
{
    return same_access(bm_exts_list(e, BM_EXT_AIA), theirs);
}

static bool same_sia(const struct bm_exts *e, const void *theirs)
{
    return same_access(bm_exts_list(e, BM_EXT_SIA), theirs);
}

/* What both of us read; subjectDirectoryAttributes OpenSSL does not. */
static const struct {
    int nid;
    enum bm_ext_id id;
    const char *name;
    bool (*same)(const struct bm_exts *e, const void *theirs);
} known[] = {
    { NID_authority_key_identifier, BM_EXT_AKI, "aki", same_aki },
    { NID_subject_key_identifier, BM_EXT_SKI, "ski", same_ski },
    { NID_key_usage, BM_EXT_KEY_USAGE, "keyUsage", same_key_usage },
    { NID_certificate_policies, BM_EXT_POLICIES, "policies", same_policies },
    { NID_policy_mappings, BM_EXT_MAPPINGS, "mappings", same_mappings },
    { NID_subject_alt_name, BM_EXT_SAN, "san", same_san },
    { NID_issuer_alt_name, BM_EXT_IAN, "ian", same_ian },
    { NID_basic_constraints, BM_EXT_BASIC_CONSTRAINTS, "bc", same_basic },
    { NID_name_constraints, BM_EXT_NAME_CONSTRAINTS, "nc",
      same_name_constraints },
    { NID_policy_constraints, BM_EXT_POLICY_CONSTRAINTS, "pc",
      same_policy_constraints },
    { NID_ext_key_usage, BM_EXT_EKU, "eku", same_eku },
    { NID_crl_distribution_points, BM_EXT_CRL_DP, "crldp", same_crl_dp },
    { NID_inhibit_any_policy, BM_EXT_INHIBIT_ANY, "iap", same_inhibit_any },
    { NID_freshest_crl, BM_EXT_FRESHEST, "freshest", same_freshest },
    { NID_info_access, BM_EXT_AIA, "aia", same_aia },
    { NID_sinfo_access, BM_EXT_SIA, "sia", same_sia },
    { NID_id_pkix_OCSP_noCheck, BM_EXT_OCSP_NOCHECK, "nocheck", NULL },
    { NID_tlsfeature, BM_EXT_TLS_FEATURE, "tlsfeature", NULL },
};
#define KNOWN (sizeof known / sizeof known[0])

static const char *same_known(const struct bm_exts *ours,
                              const STACK_OF(X509_EXTENSION) * theirs)
{
    for (size_t i = 0; i < KNOWN; i++) {
        int critical = -1;
        void *value = X509V3_get_d2i(theirs, known[i].nid, &critical, NULL);
        bool same = bm_exts_has(ours, known[i].id) == (value != NULL);

        if (same && value != NULL) {
            same = bm_exts_is_critical(ours, known[i].id) == (critical == 1) &&
                   (known[i].same == NULL || known[i].same(ours, value));
        }
        if (value != NULL) {
            const X509V3_EXT_METHOD *m = X509V3_EXT_get_nid(known[i].nid);

            ASN1_item_free(value, ASN1_ITEM_ptr(m->it));
        }
        if (!same) {
            return known[i].name;
        }
    }
    return NULL;
}

const char *same_ext_list(struct bm_bytes all,
                          const STACK_OF(X509_EXTENSION) * theirs)
{
    struct bm_ext ext;
    int i = 0;

    while (bm_ext_next(&all, &ext)) {
        X509_EXTENSION *other = sk_X509_EXTENSION_value(theirs, i++);

        if (other == NULL) {
            return "extensions";
        }
        if (!same_oid(ext.oid, X509_EXTENSION_get_object(other)) ||
            ext.critical != (X509_EXTENSION_get_critical(other) == 1) ||
            !same_string(ext.value, X509_EXTENSION_get_data(other))) {
            return "extension";
        }
    }
    if (i != (theirs == NULL ? 0 : sk_X509_EXTENSION_num(theirs))) {
        return "extensions";
    }
    return NULL;
}

const char *same_exts(const struct bm_exts *ours,
                      const STACK_OF(X509_EXTENSION) * theirs)
{
    const char *field = same_ext_list(ours->all, theirs);

    return field != NULL ? field : same_known(ours, theirs);
}

static bool is_known(int nid)
{
    for (size_t i = 0; i < KNOWN; i++) {
        if (known[i].nid == nid) {
            return true;
        }
    }
    return false;
}

/* The whole value, with nothing behind it: X509V3_EXT_d2i() allows that. */
static bool reads_ext(X509_EXTENSION *ext, int nid)
{
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(ext);
    const uint8_t *p = ASN1_STRING_get0_data(value);
    const uint8_t *end = p + ASN1_STRING_length(value);
    const X509V3_EXT_METHOD *m = X509V3_EXT_get_nid(nid);
    void *read;

    if (m == NULL || m->it == NULL) {
        return true;
    }
    read = ASN1_item_d2i(NULL, &p, end - p, ASN1_ITEM_ptr(m->it));
    if (read != NULL) {
        ASN1_item_free(read, ASN1_ITEM_ptr(m->it));
    }
    return read != NULL && p == end;
}

/* What a revocation list has, and what its entries have. */
static bool is_known_in_crl(int nid)
{
    switch (nid) {
    case NID_crl_number:
    case NID_delta_crl:
    case NID_issuing_distribution_point:
    case NID_authority_key_identifier:
    case NID_issuer_alt_name:
    case NID_freshest_crl:
    case NID_info_access:
        return true;
    default:
        return false;
    }
}

static bool is_known_in_entry(int nid)
{
    return nid == NID_crl_reason || nid == NID_invalidity_date ||
           nid == NID_certificate_issuer;
}

static bool reads_all(const STACK_OF(X509_EXTENSION) * exts,
                      bool (*knows)(int nid), struct diff_why *why)
{
    ERR_clear_error();
    for (int i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
        X509_EXTENSION *ext = sk_X509_EXTENSION_value(exts, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));

        if (X509v3_get_ext_by_OBJ(exts, X509_EXTENSION_get_object(ext), i) >=
            0) {
            *why = (struct diff_why){ "duplicate", OBJ_nid2sn(nid) };
            return false;
        }
        if (knows(nid) && !reads_ext(ext, nid)) {
            *why = openssl_reason(OBJ_nid2sn(nid));
            return false;
        }
    }
    return true;
}

bool openssl_reads_exts(const STACK_OF(X509_EXTENSION) * exts,
                        struct diff_why *why)
{
    return reads_all(exts, is_known, why);
}

bool openssl_reads_crl_exts(const STACK_OF(X509_EXTENSION) * exts,
                            struct diff_why *why)
{
    return reads_all(exts, is_known_in_crl, why);
}

bool openssl_reads_entry_exts(const STACK_OF(X509_EXTENSION) * exts,
                              struct diff_why *why)
{
    return reads_all(exts, is_known_in_entry, why);
}
