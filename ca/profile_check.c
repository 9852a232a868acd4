/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

#include <string.h>

#include "core/name_constraints.h"

/*
 * From the octets of a certificate back to the rules. One table of rules
 * serves the last check before a signature, which stops at the first that is
 * broken, and lint, which tells all.
 */

/* Names in one of our certificates against constraints: more than enough. */
#define CONSTRAINT_WORK 100000

static bm_status refuse(const struct profile_checking *k,
                        enum profile_rule rule, bm_status status,
                        const char *words)
{
    return profile_refuse(k->profile, k->why, status,
                          k->profile->rules.line[rule], "%s", words);
}

static bm_status check_version(const struct profile_checking *k)
{
    return k->cert->version == 3 ? BM_OK
                                 : refuse(k, PROFILE_RULE_VERSION,
                                          BM_E_PROFILE_TBS, "version is not 3");
}

/* Of a foreign one: at least 64 bits, as CA/Browser BR 7.1 wants them. */
static bm_status check_serial(const struct profile_checking *k)
{
    struct bm_bytes serial = k->cert->serial;

    if (k->foreign ? serial.n >= 8
                   : serial.n == PROFILE_SERIAL_SIZE && serial.p[0] != 0) {
        return BM_OK;
    }
    return refuse(k, PROFILE_RULE_SERIAL, BM_E_PROFILE_TBS,
                  k->foreign ? "serial number is shorter than 64 bits"
                             : "serial number has not 16 octets");
}

static bm_status check_signature(const struct profile_checking *k)
{
    enum bm_sig_alg alg = k->cert->sig_alg;

    if (k->profile->bound.is && alg != k->profile->bound.sig_alg) {
        return refuse(k, PROFILE_RULE_SIGNATURE, BM_E_PROFILE_TBS,
                      "signature algorithm is not the issuer's");
    }
    if (alg == BM_SIG_UNKNOWN ||
        (k->profile->rules.device.mcu != 0 && alg != BM_SIG_ECDSA_SHA256)) {
        return refuse(k, PROFILE_RULE_SIGNATURE, BM_E_PROFILE_TBS,
                      "signature algorithm is outside the profile");
    }
    return BM_OK;
}

static bm_status check_issuer(const struct profile_checking *k)
{
    const struct profile_bound *b = &k->profile->bound;
    const uint8_t *at;
    uint32_t work = CONSTRAINT_WORK;

    if (k->profile->policy.self_signed &&
        !bm_bytes_equal(k->cert->issuer, k->cert->subject)) {
        return refuse(k, PROFILE_RULE_ISSUER, BM_E_PROFILE_ISSUER,
                      "issuer is not the subject");
    }
    if (!b->is || b->self_signed) {
        return BM_OK;
    }
    if (!bm_bytes_equal(k->cert->issuer, b->issuer)) {
        return refuse(k, PROFILE_RULE_ISSUER, BM_E_PROFILE_ISSUER,
                      "issuer is another one");
    }
    if (b->constraints.present != 0 &&
        bm_name_constraints_check(&b->constraints, k->cert, &work, &at) !=
            BM_OK) {
        return refuse(k, PROFILE_RULE_ISSUER, BM_E_PROFILE_ISSUER,
                      "a name is outside the issuer's name constraints");
    }
    return BM_OK;
}

static bm_status check_validity(const struct profile_checking *k)
{
    const struct profile_validity *rule = &k->profile->rules.validity;
    const struct profile_bound *b = &k->profile->bound;
    int64_t from = k->cert->not_before;
    int64_t to = k->cert->not_after;
    const char *words = NULL;

    if (rule->until == BM_TIME_NEVER && to != BM_TIME_NEVER) {
        words = "notAfter is not 99991231235959Z";
    } else if (rule->until != 0 && to > rule->until) {
        words = "notAfter is later than the profile allows";
    } else if (rule->until == 0 &&
               to - from > rule->for_seconds + rule->backdate) {
        words = "valid for longer than the profile allows";
    } else if (rule->nested && b->is &&
               (from < b->not_before || to > b->not_after)) {
        words = "validity is not within the issuer's";
    }
    return words == NULL
               ? BM_OK
               : refuse(k, PROFILE_RULE_VALIDITY, BM_E_PROFILE_VALIDITY, words);
}

static bm_status check_keys(const struct profile_checking *k)
{
    const struct bm_spki *key = &k->cert->key;

    if ((profile_key_bit(key) & k->profile->rules.keys) != 0) {
        return BM_OK;
    }
    return profile_refuse(k->profile, k->why, BM_E_PROFILE_KEY,
                          k->profile->rules.line[PROFILE_RULE_KEYS],
                          "%s key of %u bits is not in the profile",
                          bm_key_type_name(key->type), bm_spki_bits(key));
}

/* In the order of enum profile_rule. */
static bm_status (*const checks[PROFILE_RULES])(
    const struct profile_checking *k) = {
    [PROFILE_RULE_VERSION] = check_version,
    [PROFILE_RULE_SERIAL] = check_serial,
    [PROFILE_RULE_SIGNATURE] = check_signature,
    [PROFILE_RULE_ISSUER] = check_issuer,
    [PROFILE_RULE_VALIDITY] = check_validity,
    [PROFILE_RULE_SUBJECT] = profile_check_subject,
    [PROFILE_RULE_KEYS] = check_keys,
    [PROFILE_RULE_BASIC] = profile_check_basic,
    [PROFILE_RULE_KEY_USAGE] = profile_check_key_usage,
    [PROFILE_RULE_EKU] = profile_check_eku,
    [PROFILE_RULE_SAN] = profile_check_san,
    [PROFILE_RULE_SKI] = profile_check_ski,
    [PROFILE_RULE_AKI] = profile_check_aki,
    [PROFILE_RULE_NAME_CONSTRAINTS] = profile_check_nc,
    [PROFILE_RULE_POLICIES] = profile_check_policies,
    [PROFILE_RULE_CRL] = profile_check_crl,
    [PROFILE_RULE_OCSP] = profile_check_ocsp,
    [PROFILE_RULE_CA_ISSUERS] = profile_check_ca_issuers,
    [PROFILE_RULE_NOCHECK] = profile_check_nocheck,
    [PROFILE_RULE_EXTENSIONS] = profile_check_extensions,
    [PROFILE_RULE_OTHERS] = profile_check_others,
    [PROFILE_RULE_DEVICE] = profile_check_device,
};

bm_status ca_profile_check(const struct ca_profile *profile,
                           struct bm_bytes tbs, struct bm_cert *cert,
                           struct ca_refusal *why)
{
    const struct profile_checking k = { .profile = profile,
                                        .cert = cert,
                                        .why = why };
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    bm_status rc = bm_cert_parse_tbs(tbs, &diag, cert);

    if (rc != BM_OK) {
        return ca_refuse(why, rc, "the certificate is malformed, at %zu",
                         bm_diag_offset(&diag, tbs.p, tbs.n));
    }
    for (size_t i = 0; i < PROFILE_RULES; i++) {
        rc = checks[i](&k);
        if (rc != BM_OK) {
            memset(cert, 0, sizeof *cert);
            return ca_refuse_plain(why, rc);
        }
    }
    return BM_OK;
}

bm_status ca_profile_lint(const struct ca_profile *profile,
                          const struct bm_cert *cert,
                          const struct ca_profile_lint *lint)
{
    struct ca_refusal why;
    const struct profile_checking k = {
        .profile = profile, .cert = cert, .why = &why, .foreign = true
    };
    char name[CA_REFUSAL_WORDS_MAX];
    bm_status first = BM_OK;

    for (size_t i = 0; i < PROFILE_RULES; i++) {
        bm_status rc;

        why = (struct ca_refusal){ .status = BM_OK };
        rc = checks[i](&k);
        if (rc != BM_OK && first == BM_OK) {
            first = rc;
        }
        profile_rule_place(profile, (enum profile_rule)i, name);
        lint->rule(lint->arg, name, rc == BM_OK ? NULL : &why);
    }
    return first;
}
