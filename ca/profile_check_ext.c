/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_checking.h"

#include <string.h>

/*
 * Extensions of a certificate, each by its own rule: present or absent,
 * critical or not, and the value. Values are compared as what they mean, or,
 * where a profile fixes them whole, octet by octet.
 */

bm_status profile_refuse_ext(const struct profile_checking *k,
                             enum profile_rule rule, const char *name,
                             const char *words)
{
    return profile_refuse(k->profile, k->why, BM_E_PROFILE_EXTENSION,
                          k->profile->rules.line[rule], "%s %s", name, words);
}

static const char *const names[BM_EXT_COUNT] = {
    [BM_EXT_AKI] = "authorityKeyIdentifier",
    [BM_EXT_SKI] = "subjectKeyIdentifier",
    [BM_EXT_KEY_USAGE] = "keyUsage",
    [BM_EXT_POLICIES] = "certificatePolicies",
    [BM_EXT_BASIC_CONSTRAINTS] = "basicConstraints",
    [BM_EXT_NAME_CONSTRAINTS] = "nameConstraints",
    [BM_EXT_EKU] = "extKeyUsage",
    [BM_EXT_CRL_DP] = "cRLDistributionPoints",
    [BM_EXT_AIA] = "authorityInfoAccess",
    [BM_EXT_OCSP_NOCHECK] = "ocsp-nocheck",
};

bm_status profile_check_frame(const struct profile_checking *k,
                              const struct profile_frame *f, bool *look)
{
    const struct profile_accepts *a = &k->profile->rules.accepts;
    const struct bm_exts *ext = &k->cert->ext;
    bool optional = profile_accepts_rule(k, &a->optional, f->rule);

    *look = false;
    if (!bm_exts_has(ext, f->id)) {
        return !f->wanted || optional
                   ? BM_OK
                   : profile_refuse_ext(k, f->rule, names[f->id], "is missing");
    }
    if (!f->wanted) {
        if (!optional) {
            return profile_refuse_ext(k, f->rule, names[f->id],
                                      "is not in the profile");
        }
        /* May be there, but nobody has to understand it. */
        return f->critical || !bm_exts_is_critical(ext, f->id) ||
                       profile_accepts_rule(k, &a->critical, f->rule)
                   ? BM_OK
                   : profile_refuse_ext(k, f->rule, names[f->id],
                                        "is critical");
    }
    if (bm_exts_is_critical(ext, f->id) != f->critical &&
        !profile_accepts_rule(k, &a->critical, f->rule)) {
        return profile_refuse_ext(k, f->rule, names[f->id],
                                  f->critical ? "is not critical"
                                              : "is critical");
    }
    *look = !profile_accepts_rule(k, &a->values, f->rule);
    return BM_OK;
}

static bool has_path_len(const struct profile_checking *k)
{
    const struct profile_accepts *a = &k->profile->rules.accepts;
    unsigned n;

    if (k->cert->ext.path_len == k->profile->rules.basic.path_len) {
        return true;
    }
    if (!k->foreign || a->any_path_len) {
        return k->foreign;
    }
    if (k->cert->ext.path_len < 0) {
        return a->no_path_len;
    }
    n = (uint8_t)k->cert->ext.path_len;
    return (a->path_len[n / 64] >> n % 64 & 1) != 0;
}

/* RFC 5280 4.2.1.9: self-issued certificates, as the links of a rollover, are
 * not counted. */
static bool fits_below_issuer(const struct profile_checking *k)
{
    const struct profile_bound *b = &k->profile->bound;

    return k->foreign || !b->is || b->self_signed || !k->cert->ext.ca ||
           b->path_len == BM_PATH_LEN_NONE ||
           k->cert->ext.path_len < b->path_len ||
           bm_name_equal(k->cert->subject, k->cert->issuer);
}

bm_status profile_check_basic(const struct profile_checking *k)
{
    const struct profile_rules *r = &k->profile->rules;
    const struct profile_frame frame = { PROFILE_RULE_BASIC,
                                         BM_EXT_BASIC_CONSTRAINTS, r->has_basic,
                                         true };
    bool look;

    BM_TRY(profile_check_frame(k, &frame, &look));
    /* Of others, where the profile has none: no CA is let in by that. */
    if (!r->has_basic && k->cert->ext.ca &&
        !profile_accepts_rule(k, &r->accepts.values, PROFILE_RULE_BASIC)) {
        return profile_refuse_ext(k, PROFILE_RULE_BASIC, "cA",
                                  "is not in the profile");
    }
    if (look && k->cert->ext.ca != r->basic.ca) {
        return profile_refuse_ext(k, PROFILE_RULE_BASIC, "cA",
                                  "is another one");
    }
    if (look && !has_path_len(k)) {
        return profile_refuse_ext(k, PROFILE_RULE_BASIC, "pathLenConstraint",
                                  "is another one");
    }
    if (look && !fits_below_issuer(k)) {
        return profile_refuse_ext(k, PROFILE_RULE_BASIC, "pathLenConstraint",
                                  "must be less than the issuer's");
    }
    return BM_OK;
}

bm_status profile_check_key_usage(const struct profile_checking *k)
{
    const struct profile_rules *r = &k->profile->rules;
    const struct profile_frame frame = { PROFILE_RULE_KEY_USAGE,
                                         BM_EXT_KEY_USAGE, r->key_usage != 0,
                                         true };
    unsigned may = k->foreign ? r->accepts.key_usage : 0;
    unsigned usage = profile_key_usage(r, &k->cert->key);
    bool look;

    BM_TRY(profile_check_frame(k, &frame, &look));
    return !look || ((k->cert->ext.key_usage ^ usage) & ~may) == 0
               ? BM_OK
               : profile_refuse_ext(k, PROFILE_RULE_KEY_USAGE, "keyUsage",
                                    "is another one");
}

static bool is_in(struct bm_bytes oid, const struct bm_bytes *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bm_bytes_equal(oid, list[i])) {
            return true;
        }
    }
    return false;
}

static bool may_have_purpose(const struct profile_checking *k,
                             struct bm_bytes oid)
{
    const struct profile_eku *eku = &k->profile->rules.eku;
    const struct profile_accepts *a = &k->profile->rules.accepts;

    return is_in(oid, eku->oids, eku->n) ||
           (k->foreign && (is_in(oid, a->purposes, a->purposes_n) ||
                           (a->but_n != 0 && !is_in(oid, a->but, a->but_n))));
}

/* Each purpose of the profile, and each that it accepts, once. */
static bm_status check_purpose(const struct profile_checking *k,
                               struct bm_bytes purpose)
{
    const struct profile_accepts *a = &k->profile->rules.accepts;
    struct bm_bytes list = bm_exts_list(&k->cert->ext, BM_EXT_EKU);
    struct bm_bytes oid;
    size_t n = 0;

    while (bm_eku_next(&list, &oid)) {
        n += bm_bytes_equal(oid, purpose) ? 1 : 0;
    }
    if (n == 0 && !(k->foreign && is_in(purpose, a->purposes, a->purposes_n))) {
        return profile_refuse_ext(k, PROFILE_RULE_EKU, "extKeyUsage",
                                  "lacks a purpose");
    }
    return n <= 1 ? BM_OK
                  : profile_refuse_ext(k, PROFILE_RULE_EKU, "extKeyUsage",
                                       "has a purpose twice");
}

bm_status profile_check_eku(const struct profile_checking *k)
{
    const struct profile_eku *eku = &k->profile->rules.eku;
    const struct profile_accepts *a = &k->profile->rules.accepts;
    const struct profile_frame frame = { PROFILE_RULE_EKU, BM_EXT_EKU,
                                         eku->n != 0, eku->critical };
    struct bm_bytes list = bm_exts_list(&k->cert->ext, BM_EXT_EKU);
    struct bm_bytes oid;
    bool look;

    BM_TRY(profile_check_frame(k, &frame, &look));
    while (look && bm_eku_next(&list, &oid)) {
        if (!may_have_purpose(k, oid)) {
            return profile_refuse_ext(
                k, PROFILE_RULE_EKU, "extKeyUsage",
                "has a purpose that is not in the profile");
        }
    }
    for (size_t i = 0; look && i < eku->n; i++) {
        BM_TRY(check_purpose(k, eku->oids[i]));
    }
    for (size_t i = 0; look && k->foreign && i < a->purposes_n; i++) {
        BM_TRY(check_purpose(k, a->purposes[i]));
    }
    return BM_OK;
}

/* The identifier is that of the key, where its cryptography is at hand. */
bm_status profile_check_ski(const struct profile_checking *k)
{
    const struct profile_rules *r = &k->profile->rules;
    const struct profile_frame frame = { PROFILE_RULE_SKI, BM_EXT_SKI,
                                         r->ski != PROFILE_SKI_NONE, false };
    struct bm_bytes found = bm_exts_ski(&k->cert->ext);
    uint8_t want[BM_SKI_SIZE];
    bool look;

    BM_TRY(profile_check_frame(k, &frame, &look));
    if (!look) {
        return BM_OK;
    }
    if (found.n != BM_SKI_SIZE) {
        return profile_refuse_ext(k, PROFILE_RULE_SKI, "subjectKeyIdentifier",
                                  "has not 20 octets");
    }
    if (k->crypto == NULL) {
        return BM_OK;
    }
    BM_TRY(bm_ski_make(
        k->crypto, r->ski == PROFILE_SKI_SHA1 ? BM_SKI_SHA1 : BM_SKI_RFC7093,
        &k->cert->key, want));
    return bm_bytes_equal(found, BM_ARRAY(want))
               ? BM_OK
               : profile_refuse_ext(
                     k, PROFILE_RULE_SKI, "subjectKeyIdentifier",
                     "is not made of the key as the profile says");
}

/* The key identifier alone (RFC 5280 4.2.1.1), and that of the issuer. */
bm_status profile_check_aki(const struct profile_checking *k)
{
    const struct profile_frame frame = { PROFILE_RULE_AKI, BM_EXT_AKI,
                                         k->profile->rules.aki, false };
    struct bm_aki aki;
    bool look;

    BM_TRY(profile_check_frame(k, &frame, &look));
    if (!look) {
        return BM_OK;
    }
    bm_exts_aki(&k->cert->ext, &aki);
    if (aki.key_id.n == 0 || aki.issuer.n != 0 || aki.serial.n != 0) {
        return profile_refuse_ext(k, PROFILE_RULE_AKI, "authorityKeyIdentifier",
                                  "is not a key identifier alone");
    }
    if (!k->issuer.is) {
        return profile_unknown(k, "whether it is the issuer's");
    }
    return bm_bytes_equal(aki.key_id, k->issuer.key_id)
               ? BM_OK
               : profile_refuse_ext(k, PROFILE_RULE_AKI,
                                    "authorityKeyIdentifier",
                                    "is not the issuer's");
}

/* An extension whose value the profile fixes whole. */
static bm_status check_value(const struct profile_checking *k,
                             const struct profile_frame *frame,
                             struct bm_bytes value)
{
    bool look;

    BM_TRY(profile_check_frame(k, frame, &look));
    return !look || bm_bytes_equal(k->cert->ext.value[frame->id], value)
               ? BM_OK
               : profile_refuse_ext(k, frame->rule,
                                    profile_rule_words(frame->rule),
                                    "have another value");
}

bm_status profile_check_nc(const struct profile_checking *k)
{
    struct bm_bytes value = k->profile->rules.nc.value;
    const struct profile_frame frame = { PROFILE_RULE_NAME_CONSTRAINTS,
                                         BM_EXT_NAME_CONSTRAINTS, value.n != 0,
                                         true };

    return check_value(k, &frame, value);
}

bm_status profile_check_policies(const struct profile_checking *k)
{
    struct bm_bytes value = k->profile->rules.policies_value;
    const struct profile_frame frame = { PROFILE_RULE_POLICIES, BM_EXT_POLICIES,
                                         value.n != 0, false };

    return check_value(k, &frame, value);
}

bm_status profile_check_nocheck(const struct profile_checking *k)
{
    const struct profile_frame frame = { PROFILE_RULE_NOCHECK,
                                         BM_EXT_OCSP_NOCHECK,
                                         k->profile->rules.ocsp_nocheck,
                                         false };
    bool look;

    return profile_check_frame(k, &frame, &look);
}

/* ---- All others */

bool profile_accepts_oid(const struct profile_checking *k,
                         const struct profile_ext_set *set, struct bm_bytes oid)
{
    return k->foreign && is_in(oid, set->oids, set->n);
}

static bool find_ext(const struct profile_checking *k, struct bm_bytes oid,
                     struct bm_ext *ext)
{
    struct bm_bytes all = k->cert->ext.all;

    while (bm_ext_next(&all, ext)) {
        if (bm_bytes_equal(ext->oid, oid)) {
            return true;
        }
    }
    return false;
}

static bm_status check_own(const struct profile_checking *k,
                           const struct profile_ext *own)
{
    const struct profile_accepts *a = &k->profile->rules.accepts;
    char dotted[BM_OID_DOTTED_MAX];
    const char *name = profile_oid_words(own->oid, dotted);
    bool optional = own->optional || own->from == PROFILE_OTHERS ||
                    profile_accepts_oid(k, &a->optional, own->oid);
    struct bm_ext ext;

    if (own->from == PROFILE_OTHERS && !k->foreign) {
        return BM_OK; /* see profile_check_others() */
    }
    if (!find_ext(k, own->oid, &ext)) {
        return optional ? BM_OK
                        : profile_refuse_ext(k, PROFILE_RULE_EXTENSIONS, name,
                                             "is missing");
    }
    if (ext.critical != own->critical &&
        !profile_accepts_oid(k, &a->critical, own->oid)) {
        return profile_refuse_ext(k, PROFILE_RULE_EXTENSIONS, name,
                                  ext.critical ? "is critical"
                                               : "is not critical");
    }
    return (own->from == PROFILE_FIXED
                ? bm_bytes_equal(ext.value, own->value)
                : profile_shape_matches(own->shape, ext.value)) ||
                   profile_accepts_oid(k, &a->values, own->oid)
               ? BM_OK
               : profile_refuse_ext(k, PROFILE_RULE_EXTENSIONS, name,
                                    "has another value");
}

bm_status profile_check_extensions(const struct profile_checking *k)
{
    const struct config_list *list = &k->profile->rules.extensions;
    const struct profile_ext *own = list->items;

    for (size_t i = 0; i < list->n; i++) {
        BM_TRY(check_own(k, &own[i]));
    }
    return BM_OK;
}

/* What has a rule of its own: its id, and its OID. */
#define RULED(X)                        \
    X(AKI, CE_AKI)                      \
    X(SKI, CE_SKI)                      \
    X(KEY_USAGE, CE_KEY_USAGE)          \
    X(POLICIES, CE_POLICIES)            \
    X(SAN, CE_SAN)                      \
    X(BASIC_CONSTRAINTS, CE_BASIC)      \
    X(NAME_CONSTRAINTS, CE_NAME_CONSTR) \
    X(EKU, CE_EKU)                      \
    X(CRL_DP, CE_CRL_DP)                \
    X(AIA, PE_AIA)                      \
    X(OCSP_NOCHECK, OCSP_NOCHECK)

static const struct bm_bytes ruled_oids[] = {
#define X(id, oid) BM_LIT_INIT(BM_OID_##oid),
    RULED(X)
#undef X
};

/* As bits of struct bm_exts. */
static const uint32_t ruled =
#define X(id, oid) UINT32_C(1) << BM_EXT_##id |
    RULED(X)
#undef X
        0;

static bool has_rule(const struct profile_checking *k, struct bm_bytes oid)
{
    const struct profile_rules *r = &k->profile->rules;
    const struct profile_ext *own = r->extensions.items;

    for (size_t i = 0; i < sizeof ruled_oids / sizeof ruled_oids[0]; i++) {
        if (bm_bytes_equal(ruled_oids[i], oid)) {
            return true;
        }
    }
    for (size_t i = 0; i < r->extensions.n; i++) {
        if ((k->foreign || own[i].from != PROFILE_OTHERS) &&
            bm_bytes_equal(own[i].oid, oid)) {
            return true;
        }
    }
    return false;
}

/* One of others that has no rule: named, or any that is not critical. */
static bool accepts_other(const struct profile_checking *k,
                          const struct bm_ext *ext)
{
    const struct profile_ext_set *set = &k->profile->rules.accepts.optional;

    return profile_accepts_oid(k, set, ext->oid) ||
           (!ext->critical &&
            profile_accepts_rule(k, set, PROFILE_RULE_OTHERS));
}

/* As nearly all certificates are: as many as there are have their bits. */
static bool are_all_ruled(const struct bm_exts *exts)
{
    struct bm_bytes body;
    unsigned known = 0;
    unsigned n = 0;
    struct bm_der d;

    bm_der_init(&d, exts->all, NULL);
    while (bm_der_left(&d) != 0 &&
           bm_der_take(&d, BM_DER_SEQUENCE, &body) == BM_OK) {
        n++;
    }
    for (uint32_t left = exts->present; left != 0; left &= left - 1) {
        known++;
    }
    return bm_der_left(&d) == 0 && n == known && (exts->present & ~ruled) == 0;
}

bm_status profile_check_others(const struct profile_checking *k)
{
    struct bm_bytes all = k->cert->ext.all;
    char dotted[BM_OID_DOTTED_MAX];
    struct bm_ext ext;

    if (are_all_ruled(&k->cert->ext)) {
        return BM_OK;
    }
    while (bm_ext_next(&all, &ext)) {
        if (!has_rule(k, ext.oid) && !accepts_other(k, &ext)) {
            return profile_refuse_ext(k, PROFILE_RULE_OTHERS,
                                      profile_oid_words(ext.oid, dotted),
                                      "is not in the profile");
        }
    }
    return BM_OK;
}
