/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_checking.h"

#include <stdio.h>
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

/* RFC 5280 4.1.2.2; parsers of others' certificates may tolerate less. */
static bool is_positive(struct bm_bytes serial)
{
    size_t i = 0;

    while (i < serial.n && serial.p[i] == 0) {
        i++;
    }
    return i < serial.n && serial.p[0] < 0x80;
}

/* Of a foreign one: at least 64 bits, as CA/Browser BR 7.1 wants them, or
 * what the profile says. */
static bm_status check_serial(const struct profile_checking *k)
{
    int64_t least = k->profile->rules.serial_octets;
    struct bm_bytes serial = k->cert->serial;

    least = least != 0 ? least : 8;
    if (!is_positive(serial)) {
        return refuse(k, PROFILE_RULE_SERIAL, BM_E_PROFILE_TBS,
                      "serial number is not positive");
    }
    if (k->foreign ? serial.n >= (size_t)least
                   : serial.n == PROFILE_SERIAL_SIZE && serial.p[0] != 0) {
        return BM_OK;
    }
    return k->foreign
               ? profile_refuse(k->profile, k->why, BM_E_PROFILE_TBS,
                                k->profile->rules.line[PROFILE_RULE_SERIAL],
                                "serial number is shorter than %d bits",
                                8 * (int)least)
               : refuse(k, PROFILE_RULE_SERIAL, BM_E_PROFILE_TBS,
                        "serial number has not 16 octets");
}

static bm_status check_signature(const struct profile_checking *k)
{
    const struct profile_rules *r = &k->profile->rules;
    enum bm_sig_alg alg = k->cert->sig_alg;

    if (!k->foreign && k->profile->bound.is &&
        alg != k->profile->bound.sig_alg) {
        return refuse(k, PROFILE_RULE_SIGNATURE, BM_E_PROFILE_TBS,
                      "signature algorithm is not the issuer's");
    }
    if (alg == BM_SIG_UNKNOWN ||
        (r->device.mcu != 0 && alg != BM_SIG_ECDSA_SHA256) ||
        (r->signatures != 0 && (r->signatures >> alg & 1) == 0)) {
        return refuse(k, PROFILE_RULE_SIGNATURE, BM_E_PROFILE_TBS,
                      "signature algorithm is outside the profile");
    }
    return BM_OK;
}

static bm_status check_constraints(const struct profile_checking *k)
{
    const struct bm_exts *constraints = k->issuer.constraints;
    uint32_t work = CONSTRAINT_WORK;
    const uint8_t *at;
    bm_status rc =
        constraints->present != 0
            ? bm_name_constraints_check(constraints, k->cert, &work, &at)
            : BM_OK;

    if (rc != BM_OK) {
        return refuse(k, PROFILE_RULE_ISSUER, BM_E_PROFILE_ISSUER,
                      rc == BM_E_PATH_WORK
                          ? "the issuer's name constraints are too much work"
                          : "a name is outside the issuer's name constraints");
    }
    return BM_OK;
}

/* RFC 5280 6.1.4 (g): those of each CA of the path hold below it. */
static bm_status check_above(const struct profile_checking *k)
{
    const struct profile_bound *b = &k->profile->bound;
    uint32_t work = CONSTRAINT_WORK;
    const uint8_t *at;

    for (size_t i = 0; i < b->above_n; i++) {
        struct bm_exts exts = { .present = 1U << BM_EXT_NAME_CONSTRAINTS };

        exts.value[BM_EXT_NAME_CONSTRAINTS] = b->above[i];
        if (bm_name_constraints_check(&exts, k->cert, &work, &at) != BM_OK) {
            return refuse(k, PROFILE_RULE_ISSUER, BM_E_PROFILE_ISSUER,
                          "a name is outside the name constraints of a CA "
                          "above the issuer");
        }
    }
    return BM_OK;
}

/* RFC 5280 6.1.3 (a) (1) */
static bm_status check_signed_by(const struct profile_checking *k,
                                 const struct bm_cert *issuer)
{
    const struct bm_cert *cert = k->cert;
    bm_status rc;

    if (k->crypto == NULL) {
        return BM_OK;
    }
    /* And one that is too large would cost as much as somebody likes. */
    if (bm_spki_weak(&issuer->key) != BM_OK) {
        return refuse(k, PROFILE_RULE_ISSUER, BM_E_PROFILE_ISSUER,
                      "the issuer's key is unknown, too small or too large");
    }
    rc = k->crypto->verify(k->crypto->self, &issuer->key, cert->sig_alg,
                           cert->tbs, cert->signature);
    if (rc == BM_OK) {
        return BM_OK;
    }
    return rc == BM_E_SIGNATURE || rc == BM_E_KEY_MISMATCH
               ? refuse(k, PROFILE_RULE_ISSUER, BM_E_PROFILE_ISSUER,
                        "the signature is not by the issuer's key")
               : refuse(k, PROFILE_RULE_ISSUER, rc,
                        "the signature cannot be verified");
}

/* RFC 5280 4.2.1.3, 4.2.1.9, 6.1.4 (l): may that one issue this one? */
static bm_status check_may_issue(const struct profile_checking *k,
                                 const struct bm_cert *issuer)
{
    const char *words = NULL;

    if (!bm_name_equal(k->cert->issuer, issuer->subject)) {
        words = "issuer is another one";
    } else if (issuer->version != 3 || !issuer->ext.ca ||
               (bm_exts_has(&issuer->ext, BM_EXT_KEY_USAGE) &&
                (issuer->ext.key_usage & BM_KU_KEY_CERT_SIGN) == 0)) {
        words = "the issuer's certificate is no CA's";
    } else if (k->profile->rules.basic.ca && issuer->ext.path_len == 0) {
        words = "the issuer's path length leaves no room for a CA";
    }
    return words == NULL
               ? BM_OK
               : refuse(k, PROFILE_RULE_ISSUER, BM_E_PROFILE_ISSUER, words);
}

/* Of lint: by the issuer's certificate, if it is given. */
static bm_status check_foreign_issuer(const struct profile_checking *k)
{
    if (k->profile->policy.self_signed) {
        return check_signed_by(k, k->cert);
    }
    if (!k->issuer.is) {
        return profile_unknown(k, "whether the issuer is right");
    }
    BM_TRY(check_may_issue(k, k->issuer.cert));
    BM_TRY(check_constraints(k));
    return check_signed_by(k, k->issuer.cert);
}

static bm_status check_issuer(const struct profile_checking *k)
{
    if (k->profile->policy.self_signed &&
        !bm_bytes_equal(k->cert->issuer, k->cert->subject)) {
        return refuse(k, PROFILE_RULE_ISSUER, BM_E_PROFILE_ISSUER,
                      "issuer is not the subject");
    }
    if (k->foreign) {
        return check_foreign_issuer(k);
    }
    if (!k->issuer.is) {
        return BM_OK;
    }
    if (!bm_bytes_equal(k->cert->issuer, k->issuer.name)) {
        return refuse(k, PROFILE_RULE_ISSUER, BM_E_PROFILE_ISSUER,
                      "issuer is another one");
    }
    BM_TRY(check_constraints(k));
    return check_above(k);
}

/* How long; NULL if that is right. */
static const char *wrong_length(const struct profile_checking *k)
{
    const struct profile_validity *rule = &k->profile->rules.validity;
    int64_t longest = rule->at_most != 0 ? rule->at_most : rule->for_seconds;
    int64_t to = k->cert->not_after;

    if (k->foreign && k->profile->rules.accepts.validity != 0) {
        return NULL;
    }
    if (rule->until == BM_TIME_NEVER && to != BM_TIME_NEVER) {
        return "notAfter is not 99991231235959Z";
    }
    if (rule->until != 0) {
        return to > rule->until ? "notAfter is later than the profile allows"
                                : NULL;
    }
    return to - k->cert->not_before > longest + rule->backdate
               ? "valid for longer than the profile allows"
               : NULL;
}

static bm_status check_validity(const struct profile_checking *k)
{
    const char *words = wrong_length(k);

    if (words == NULL && k->profile->rules.validity.nested) {
        if (!k->issuer.is) {
            return profile_unknown(k, "whether it is within the issuer's");
        }
        if (k->cert->not_before < k->issuer.not_before ||
            k->cert->not_after > k->issuer.not_after) {
            words = "validity is not within the issuer's";
        }
    }
    return words == NULL
               ? BM_OK
               : refuse(k, PROFILE_RULE_VALIDITY, BM_E_PROFILE_VALIDITY, words);
}

static bm_status check_keys(const struct profile_checking *k)
{
    const struct profile_rules *r = &k->profile->rules;
    const struct bm_spki *key = &k->cert->key;
    unsigned keys = k->foreign ? r->keys | r->accepts.keys : r->keys;

    if ((profile_key_bit(key) & keys) != 0) {
        return BM_OK;
    }
    return profile_refuse(k->profile, k->why, BM_E_PROFILE_KEY,
                          k->profile->rules.line[PROFILE_RULE_KEYS],
                          "%s key of %u bits is not in the profile",
                          bm_key_type_name(key->type), bm_spki_bits(key));
}

/* Before the signature, by the longest that the issuer can make. */
static size_t octets_of(const struct profile_checking *k)
{
    uint8_t buf[128];
    struct bm_wr w;

    if (k->cert->der.n != 0) {
        return k->cert->der.n;
    }
    bm_wr_init(&w, buf, sizeof buf);
    bm_sig_alg_put(&w, k->cert->sig_alg);
    bm_der_put_header(&w, BM_DER_BIT_STRING, k->profile->bound.signature_n + 1);
    bm_wr_u8(&w, 0);
    return 4 + k->cert->tbs.n + w.len + k->profile->bound.signature_n;
}

static bm_status check_size(const struct profile_checking *k)
{
    int64_t max = k->profile->rules.max_octets;
    size_t n;

    if (max == 0) {
        return BM_OK;
    }
    n = octets_of(k);
    return n <= (size_t)max
               ? BM_OK
               : profile_refuse(k->profile, k->why, BM_E_PROFILE_TBS,
                                k->profile->rules.line[PROFILE_RULE_SIZE],
                                "has %zu octets", n);
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
    [PROFILE_RULE_SIZE] = check_size,
};

bm_status ca_profile_check(const struct ca_profile *profile,
                           struct bm_bytes tbs, struct bm_cert *cert,
                           struct ca_refusal *why)
{
    const struct profile_bound *b = &profile->bound;
    const struct profile_checking k = {
        .profile = profile,
        .cert = cert,
        .why = why,
        .crypto = b->crypto,
        .issuer = { .is = b->is && !b->self_signed,
                    .name = b->issuer,
                    .key_id = b->key_id,
                    .constraints = &b->constraints,
                    .not_before = b->not_before,
                    .not_after = b->not_after },
    };
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

/* ---- Lint */

static void set_issuer(struct profile_checking *k, const struct bm_cert *cert)
{
    if (cert != NULL) {
        k->issuer =
            (struct profile_authority){ .is = true,
                                        .name = cert->subject,
                                        .key_id = bm_exts_ski(&cert->ext),
                                        .constraints = &cert->ext,
                                        .not_before = cert->not_before,
                                        .not_after = cert->not_after,
                                        .cert = cert };
    }
}

/* Hold the certificate against one rule, and tell. */
static bm_status lint_rule(const struct profile_checking *checking, size_t i,
                           const struct ca_profile_lint *lint)
{
    struct profile_checking k = *checking;
    struct ca_refusal why = { .status = BM_OK };
    const char *unknown = NULL;
    char name[CA_REFUSAL_WORDS_MAX];
    bm_status rc;

    k.why = &why;
    k.unknown = &unknown;
    rc = checks[i](&k);
    profile_rule_place(k.profile, (enum profile_rule)i, name);
    if (rc != BM_OK) {
        rc = ca_refuse_plain(&why, rc);
        lint->rule(lint->arg, name, CA_PROFILE_BROKEN, &why);
    } else if (unknown != NULL) {
        (void)snprintf(why.words, sizeof why.words, "%s", unknown);
        lint->rule(lint->arg, name, CA_PROFILE_UNKNOWN, &why);
    } else {
        lint->rule(lint->arg, name, CA_PROFILE_HOLDS, NULL);
    }
    return rc;
}

bm_status ca_profile_lint(const struct ca_profile *profile,
                          const struct bm_cert *cert,
                          const struct ca_profile_lint *lint)
{
    struct profile_checking k = { .profile = profile,
                                  .cert = cert,
                                  .foreign = true,
                                  .crypto = lint->crypto };
    bm_status first = BM_OK;

    set_issuer(&k, lint->issuer);
    for (size_t i = 0; i < PROFILE_RULES; i++) {
        bm_status rc = lint_rule(&k, i, lint);

        first = first == BM_OK ? rc : first;
    }
    return first;
}
