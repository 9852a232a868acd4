/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_checking.h"

#include <string.h>

#include "ca/lists.h"

/* Extensions with URLs: where a CA publishes what it has to say. */

static bm_status refuse(const struct profile_checking *k,
                        enum profile_rule rule, const char *words)
{
    return profile_refuse_ext(k, rule,
                              rule == PROFILE_RULE_CRL ? "cRLDistributionPoints"
                                                       : "authorityInfoAccess",
                              words);
}

static bool is_url(const struct profile_checking *k,
                   const struct bm_general_name *gn, const char *url)
{
    return gn->kind == BM_GN_URI && (k->foreign || !k->profile->bound.is ||
                                     bm_bytes_are(gn->value, url, strlen(url)));
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
    const struct profile_frame frame = { PROFILE_RULE_CRL, BM_EXT_CRL_DP,
                                         k->profile->rules.crl, false };
    struct bm_dist_point dp;
    struct bm_general_name gn;
    bool look;

    BM_TRY(profile_check_frame(k, &frame, &look));
    if (!look) {
        return BM_OK;
    }
    if (!bm_dist_point_next(&list, &dp) || list.n != 0 ||
        dp.relative_name.n != 0 || dp.crl_issuer.n != 0 || dp.has_reasons ||
        !bm_general_name_next(&dp.full_name, &gn) || dp.full_name.n != 0 ||
        (!is_url(k, &gn, b->crl_url) && !is_shard(b, &gn))) {
        return refuse(k, PROFILE_RULE_CRL, "is not the CA's URL alone");
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

/* A method of authorityInfoAccess: its rule, and whether it is to be there. */
struct method {
    enum profile_rule rule;
    struct bm_bytes oid;
    bool wanted;
    const char *url;
};

/* The one entry of a method, which must be there or not. */
static bm_status check_access(const struct profile_checking *k,
                              const struct method *m)
{
    const struct profile_accepts *a = &k->profile->rules.accepts;
    bool optional = profile_accepts_rule(k, &a->optional, m->rule);
    bool any = profile_accepts_rule(k, &a->values, m->rule);
    struct bm_bytes list = bm_exts_list(&k->cert->ext, BM_EXT_AIA);
    struct bm_access access;
    unsigned found = 0;

    while (bm_access_next(&list, &access)) {
        if (!bm_bytes_equal(access.method, m->oid)) {
            continue;
        }
        found++;
        if (!m->wanted && !optional) {
            return refuse(k, m->rule,
                          "has an entry that is not in the profile");
        }
        if (m->wanted && !any && !is_url(k, &access.location, m->url)) {
            return refuse(k, m->rule, "has another URL");
        }
    }
    if (!m->wanted || found == 1 || (found == 0 ? optional : any)) {
        return BM_OK;
    }
    return refuse(k, m->rule,
                  found == 0 ? "lacks an entry" : "has an entry twice");
}

/* Also for the extension as such, and what it has of other methods. */
bm_status profile_check_ocsp(const struct profile_checking *k)
{
    const struct method m = { PROFILE_RULE_OCSP, BM_LIT(BM_OID_AD_OCSP),
                              k->profile->rules.ocsp,
                              k->profile->bound.ocsp_url };
    struct bm_bytes list = bm_exts_list(&k->cert->ext, BM_EXT_AIA);
    struct bm_access access;

    if (bm_exts_is_critical(&k->cert->ext, BM_EXT_AIA)) {
        return refuse(k, PROFILE_RULE_OCSP, "is critical");
    }
    while (bm_access_next(&list, &access)) {
        if (!bm_oid_is(access.method, BM_OID_AD_OCSP) &&
            !bm_oid_is(access.method, BM_OID_AD_CA_ISSUERS)) {
            return refuse(k, PROFILE_RULE_OCSP,
                          "has an entry that is not in the profile");
        }
    }
    return check_access(k, &m);
}

bm_status profile_check_ca_issuers(const struct profile_checking *k)
{
    const struct method m = { PROFILE_RULE_CA_ISSUERS,
                              BM_LIT(BM_OID_AD_CA_ISSUERS),
                              k->profile->rules.ca_issuers,
                              k->profile->bound.ca_url };

    return check_access(k, &m);
}
