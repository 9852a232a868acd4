/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

#include <string.h>

#include "ca/lists.h"

/*
 * Extensions of a certificate, each by its own rule: present or absent,
 * critical or not, and the value. Values are compared as what they mean, or,
 * where a profile fixes them whole, octet by octet.
 */

static bm_status refuse(const struct profile_checking *k,
                        enum profile_rule rule, const char *name,
                        const char *words)
{
    return profile_refuse(k->profile, k->why, BM_E_PROFILE_EXTENSION,
                          k->profile->rules.line[rule], "%s %s", name, words);
}

/* Presence and criticality; what is absent and may be is done with. */
static bm_status check_frame(const struct profile_checking *k,
                             enum profile_rule rule, enum bm_ext_id id,
                             int critical)
{
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
    const struct bm_exts *ext = &k->cert->ext;

    if (critical < 0) { /* must be absent */
        return bm_exts_has(ext, id)
                   ? refuse(k, rule, names[id], "is not in the profile")
                   : BM_OK;
    }
    if (!bm_exts_has(ext, id)) {
        return refuse(k, rule, names[id], "is missing");
    }
    if (bm_exts_is_critical(ext, id) != (critical != 0)) {
        return refuse(k, rule, names[id],
                      critical != 0 ? "is not critical" : "is critical");
    }
    return BM_OK;
}

bm_status profile_check_basic(const struct profile_checking *k)
{
    const struct profile_rules *r = &k->profile->rules;
    const struct bm_exts *ext = &k->cert->ext;

    BM_TRY(check_frame(k, PROFILE_RULE_BASIC, BM_EXT_BASIC_CONSTRAINTS,
                       r->has_basic ? 1 : -1));
    if (r->has_basic && ext->ca != r->basic.ca) {
        return refuse(k, PROFILE_RULE_BASIC, "cA", "is another one");
    }
    if (r->has_basic && ext->path_len != r->basic.path_len) {
        return refuse(k, PROFILE_RULE_BASIC, "pathLenConstraint",
                      "is another one");
    }
    return BM_OK;
}

bm_status profile_check_key_usage(const struct profile_checking *k)
{
    const struct profile_rules *r = &k->profile->rules;

    BM_TRY(check_frame(k, PROFILE_RULE_KEY_USAGE, BM_EXT_KEY_USAGE,
                       r->key_usage != 0 ? 1 : -1));
    return k->cert->ext.key_usage == r->key_usage
               ? BM_OK
               : refuse(k, PROFILE_RULE_KEY_USAGE, "keyUsage",
                        "is another one");
}

bm_status profile_check_eku(const struct profile_checking *k)
{
    const struct profile_eku *eku = &k->profile->rules.eku;
    struct bm_bytes list = bm_exts_list(&k->cert->ext, BM_EXT_EKU);
    struct bm_bytes oid;
    size_t found = 0;

    BM_TRY(check_frame(k, PROFILE_RULE_EKU, BM_EXT_EKU,
                       eku->n == 0 ? -1 : (int)eku->critical));
    while (bm_eku_next(&list, &oid)) {
        bool wanted = false;

        for (size_t i = 0; i < eku->n; i++) {
            wanted = wanted || bm_bytes_equal(oid, eku->oids[i]);
        }
        if (!wanted) {
            return refuse(k, PROFILE_RULE_EKU, "extKeyUsage",
                          "has a purpose that is not in the profile");
        }
        found++;
    }
    for (size_t i = 0; i < eku->n; i++) {
        if (!bm_exts_allow_eku(&k->cert->ext, eku->oids[i], false)) {
            return refuse(k, PROFILE_RULE_EKU, "extKeyUsage",
                          "lacks a purpose");
        }
    }
    return found == eku->n ? BM_OK
                           : refuse(k, PROFILE_RULE_EKU, "extKeyUsage",
                                    "has a purpose twice");
}

/* The identifier is that of the key, where its cryptography is at hand. */
bm_status profile_check_ski(const struct profile_checking *k)
{
    const struct profile_rules *r = &k->profile->rules;
    const struct bm_crypto *crypto = k->profile->bound.crypto;
    struct bm_bytes found = bm_exts_ski(&k->cert->ext);
    uint8_t want[BM_SKI_SIZE];

    BM_TRY(check_frame(k, PROFILE_RULE_SKI, BM_EXT_SKI,
                       r->ski == PROFILE_SKI_NONE ? -1 : 0));
    if (r->ski == PROFILE_SKI_NONE) {
        return BM_OK;
    }
    if (found.n != BM_SKI_SIZE) {
        return refuse(k, PROFILE_RULE_SKI, "subjectKeyIdentifier",
                      "has not 20 octets");
    }
    if (crypto == NULL) {
        return BM_OK;
    }
    BM_TRY(bm_ski_make(
        crypto, r->ski == PROFILE_SKI_SHA1 ? BM_SKI_SHA1 : BM_SKI_RFC7093,
        &k->cert->key, want));
    return bm_bytes_equal(found, BM_ARRAY(want))
               ? BM_OK
               : refuse(k, PROFILE_RULE_SKI, "subjectKeyIdentifier",
                        "is not made of the key as the profile says");
}

/* The key identifier alone (RFC 5280 4.2.1.1), and that of the issuer. */
bm_status profile_check_aki(const struct profile_checking *k)
{
    const struct profile_bound *b = &k->profile->bound;
    struct bm_aki aki;

    BM_TRY(check_frame(k, PROFILE_RULE_AKI, BM_EXT_AKI,
                       k->profile->rules.aki ? 0 : -1));
    if (!k->profile->rules.aki) {
        return BM_OK;
    }
    bm_exts_aki(&k->cert->ext, &aki);
    if (aki.key_id.n == 0 || aki.issuer.n != 0 || aki.serial.n != 0) {
        return refuse(k, PROFILE_RULE_AKI, "authorityKeyIdentifier",
                      "is not a key identifier alone");
    }
    return !b->is || bm_bytes_equal(aki.key_id, b->key_id)
               ? BM_OK
               : refuse(k, PROFILE_RULE_AKI, "authorityKeyIdentifier",
                        "is not the issuer's");
}

/* An extension whose value the profile fixes whole. */
static bm_status check_value(const struct profile_checking *k,
                             enum profile_rule rule, enum bm_ext_id id,
                             bool critical, struct bm_bytes value)
{
    BM_TRY(check_frame(k, rule, id, value.n == 0 ? -1 : (int)critical));
    return bm_bytes_equal(k->cert->ext.value[id], value)
               ? BM_OK
               : refuse(k, rule, profile_rule_words(rule),
                        "have another value");
}

bm_status profile_check_nc(const struct profile_checking *k)
{
    return check_value(k, PROFILE_RULE_NAME_CONSTRAINTS,
                       BM_EXT_NAME_CONSTRAINTS, true,
                       k->profile->rules.nc.value);
}

bm_status profile_check_policies(const struct profile_checking *k)
{
    return check_value(k, PROFILE_RULE_POLICIES, BM_EXT_POLICIES, false,
                       k->profile->rules.policies_value);
}

bm_status profile_check_nocheck(const struct profile_checking *k)
{
    return check_frame(k, PROFILE_RULE_NOCHECK, BM_EXT_OCSP_NOCHECK,
                       k->profile->rules.ocsp_nocheck ? 0 : -1);
}

/* ---- URLs */

static bool is_url(const struct profile_checking *k,
                   const struct bm_general_name *gn, const char *url)
{
    return gn->kind == BM_GN_URI &&
           (!k->profile->bound.is || bm_bytes_are(gn->value, url, strlen(url)));
}

/* The number behind the URL of shards; 0: it is none of them. */
static uint32_t shard_of(const struct profile_bound *b,
                         const struct bm_general_name *gn)
{
    size_t base = strlen(b->shard_url);
    uint32_t n = 0;

    if (b->shards != 0 && gn->kind == BM_GN_URI && gn->value.n > base &&
        memcmp(gn->value.p, b->shard_url, base) == 0) {
        n = ca_list_shard(
            (struct bm_bytes){ gn->value.p + base, gn->value.n - base });
    }
    return n <= b->shards ? n : 0;
}

static bool is_shard(const struct profile_bound *b,
                     const struct bm_general_name *gn)
{
    return shard_of(b, gn) != 0;
}

/* One distribution point, of one URL, of all reasons, of the issuer's own. */
bm_status profile_check_crl(const struct profile_checking *k)
{
    const struct profile_bound *b = &k->profile->bound;
    struct bm_bytes list = bm_exts_list(&k->cert->ext, BM_EXT_CRL_DP);
    struct bm_dist_point dp;
    struct bm_general_name gn;

    BM_TRY(check_frame(k, PROFILE_RULE_CRL, BM_EXT_CRL_DP,
                       k->profile->rules.crl ? 0 : -1));
    if (!k->profile->rules.crl) {
        return BM_OK;
    }
    if (!bm_dist_point_next(&list, &dp) || list.n != 0 ||
        dp.relative_name.n != 0 || dp.crl_issuer.n != 0 || dp.has_reasons ||
        !bm_general_name_next(&dp.full_name, &gn) || dp.full_name.n != 0 ||
        (!is_url(k, &gn, b->crl_url) && !is_shard(b, &gn))) {
        return refuse(k, PROFILE_RULE_CRL, "cRLDistributionPoints",
                      "is not the CA's URL alone");
    }
    return BM_OK;
}

uint32_t ca_profile_shard(const struct ca_profile *profile,
                          const struct bm_cert *cert)
{
    struct bm_dist_point dp;
    struct bm_general_name gn;
    struct bm_bytes list;

    if (!profile->bound.is || !bm_exts_has(&cert->ext, BM_EXT_CRL_DP)) {
        return 0;
    }
    list = bm_exts_list(&cert->ext, BM_EXT_CRL_DP);
    return bm_dist_point_next(&list, &dp) &&
                   bm_general_name_next(&dp.full_name, &gn)
               ? shard_of(&profile->bound, &gn)
               : 0;
}

/* The one entry of a method, which must be there or not. */
static bm_status check_access(const struct profile_checking *k,
                              enum profile_rule rule, struct bm_bytes method,
                              bool wanted, const char *url)
{
    struct bm_bytes list = bm_exts_list(&k->cert->ext, BM_EXT_AIA);
    struct bm_access access;
    unsigned found = 0;

    while (bm_access_next(&list, &access)) {
        if (!bm_bytes_equal(access.method, method)) {
            continue;
        }
        found++;
        if (!wanted) {
            return refuse(k, rule, "authorityInfoAccess",
                          "has an entry that is not in the profile");
        }
        if (!is_url(k, &access.location, url)) {
            return refuse(k, rule, "authorityInfoAccess", "has another URL");
        }
    }
    return !wanted || found == 1
               ? BM_OK
               : refuse(k, rule, "authorityInfoAccess",
                        found == 0 ? "lacks an entry" : "has an entry twice");
}

bm_status profile_check_ocsp(const struct profile_checking *k)
{
    const struct profile_rules *r = &k->profile->rules;
    struct bm_bytes list = bm_exts_list(&k->cert->ext, BM_EXT_AIA);
    struct bm_access access;

    BM_TRY(check_frame(k, PROFILE_RULE_OCSP, BM_EXT_AIA,
                       r->ocsp || r->ca_issuers ? 0 : -1));
    while (bm_access_next(&list, &access)) {
        if (!bm_oid_is(access.method, BM_OID_AD_OCSP) &&
            !bm_oid_is(access.method, BM_OID_AD_CA_ISSUERS)) {
            return refuse(k, PROFILE_RULE_OCSP, "authorityInfoAccess",
                          "has an entry that is not in the profile");
        }
    }
    return check_access(k, PROFILE_RULE_OCSP, BM_LIT(BM_OID_AD_OCSP), r->ocsp,
                        k->profile->bound.ocsp_url);
}

bm_status profile_check_ca_issuers(const struct profile_checking *k)
{
    return check_access(k, PROFILE_RULE_CA_ISSUERS,
                        BM_LIT(BM_OID_AD_CA_ISSUERS),
                        k->profile->rules.ca_issuers, k->profile->bound.ca_url);
}

/* ---- All others */

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

bm_status profile_check_extensions(const struct profile_checking *k)
{
    const struct config_list *list = &k->profile->rules.extensions;
    const struct profile_ext *own = list->items;
    char dotted[BM_OID_DOTTED_MAX];
    struct bm_ext ext;

    for (size_t i = 0; i < list->n; i++) {
        const char *name = profile_oid_words(own[i].oid, dotted);

        if (!find_ext(k, own[i].oid, &ext)) {
            return refuse(k, PROFILE_RULE_EXTENSIONS, name, "is missing");
        }
        if (ext.critical != own[i].critical) {
            return refuse(k, PROFILE_RULE_EXTENSIONS, name,
                          ext.critical ? "is critical" : "is not critical");
        }
        if (!bm_bytes_equal(ext.value, own[i].value)) {
            return refuse(k, PROFILE_RULE_EXTENSIONS, name,
                          "has another value");
        }
    }
    return BM_OK;
}

/* What has a rule of its own, by its OID. */
static const struct bm_bytes ruled[] = {
    BM_LIT_INIT(BM_OID_CE_SKI),         BM_LIT_INIT(BM_OID_CE_KEY_USAGE),
    BM_LIT_INIT(BM_OID_CE_SAN),         BM_LIT_INIT(BM_OID_CE_BASIC),
    BM_LIT_INIT(BM_OID_CE_NAME_CONSTR), BM_LIT_INIT(BM_OID_CE_CRL_DP),
    BM_LIT_INIT(BM_OID_CE_POLICIES),    BM_LIT_INIT(BM_OID_CE_AKI),
    BM_LIT_INIT(BM_OID_CE_EKU),         BM_LIT_INIT(BM_OID_PE_AIA),
    BM_LIT_INIT(BM_OID_OCSP_NOCHECK),
};

static bool has_rule(const struct profile_rules *r, struct bm_bytes oid)
{
    const struct profile_ext *own = r->extensions.items;

    for (size_t i = 0; i < sizeof ruled / sizeof ruled[0]; i++) {
        if (bm_bytes_equal(ruled[i], oid)) {
            return true;
        }
    }
    for (size_t i = 0; i < r->extensions.n; i++) {
        if (bm_bytes_equal(own[i].oid, oid)) {
            return true;
        }
    }
    return false;
}

bm_status profile_check_others(const struct profile_checking *k)
{
    struct bm_bytes all = k->cert->ext.all;
    char dotted[BM_OID_DOTTED_MAX];
    struct bm_ext ext;

    while (bm_ext_next(&all, &ext)) {
        if (!has_rule(&k->profile->rules, ext.oid)) {
            return refuse(k, PROFILE_RULE_OTHERS,
                          profile_oid_words(ext.oid, dotted),
                          "is not in the profile");
        }
    }
    return BM_OK;
}
