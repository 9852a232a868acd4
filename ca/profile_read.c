/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile_internal.h"

#include <stddef.h>

#include "core/ext.h"

/*
 * The language as tables: what docs/profiles.md describes. What a value means
 * beyond its type is in profile_compile.c.
 */

#define YEAR ((int64_t)365 * 24 * 3600)

static const struct config_choice by_choices[] = {
    { "operator", CA_BY_OPERATOR },   { "token", CA_BY_TOKEN },
    { "idevid", CA_BY_IDEVID },       { "current", CA_BY_CURRENT },
    { "authority", CA_BY_AUTHORITY }, { NULL, 0 },
};

static const struct config_choice key_choices[] = {
    { "p256", PROFILE_KEY_P256 },       { "p384", PROFILE_KEY_P384 },
    { "ed25519", PROFILE_KEY_ED25519 }, { "rsa2048", PROFILE_KEY_RSA2048 },
    { "rsa3072", PROFILE_KEY_RSA3072 }, { "rsa4096", PROFILE_KEY_RSA4096 },
    { "mldsa44", PROFILE_KEY_MLDSA44 }, { "mldsa65", PROFILE_KEY_MLDSA65 },
    { "mldsa87", PROFILE_KEY_MLDSA87 }, { NULL, 0 },
};

/* RFC 5280 4.2.1.3 */
static const struct config_choice key_usage_choices[] = {
    { "digitalSignature", BM_KU_DIGITAL_SIGNATURE },
    { "nonRepudiation", BM_KU_CONTENT_COMMITMENT },
    { "contentCommitment", BM_KU_CONTENT_COMMITMENT },
    { "keyEncipherment", BM_KU_KEY_ENCIPHERMENT },
    { "dataEncipherment", BM_KU_DATA_ENCIPHERMENT },
    { "keyAgreement", BM_KU_KEY_AGREEMENT },
    { "keyCertSign", BM_KU_KEY_CERT_SIGN },
    { "cRLSign", BM_KU_CRL_SIGN },
    { "encipherOnly", BM_KU_ENCIPHER_ONLY },
    { "decipherOnly", BM_KU_DECIPHER_ONLY },
    { NULL, 0 },
};

static const struct config_choice identity_choices[] = { { "owner", 0 },
                                                         { "manufacturer", 1 },
                                                         { NULL, 0 } };

static const struct config_choice class_choices[] = { { "any", 0 },
                                                      { "mcu", 1 },
                                                      { NULL, 0 } };

static const struct config_choice fork_choices[] = {
    { "refuse", CA_FORK_REFUSE }, { "suspend", CA_FORK_SUSPEND }, { NULL, 0 }
};

static const struct config_choice attestation_choices[] = {
    { "none", CA_ATTESTATION_NONE },
    { "tpm", CA_ATTESTATION_TPM },
    { "any-tpm", CA_ATTESTATION_ANY_TPM },
    { NULL, 0 }
};

static const struct config_choice wrap_choices[] = { { "single-line", 0 },
                                                     { "wrap64", 1 },
                                                     { NULL, 0 } };

static const struct config_choice binding_choices[] = { { "optional", 0 },
                                                        { "required", 1 },
                                                        { NULL, 0 } };

static const struct config_choice subject_from_choices[] = {
    { "device", PROFILE_DEVICE },
    { "request", PROFILE_REQUEST },
    { "issuer", PROFILE_ISSUER },
    { "fixed", PROFILE_FIXED },
    { "dropped", PROFILE_DROPPED },
    { "others", PROFILE_OTHERS },
    { NULL, 0 },
};

static const struct config_choice san_from_choices[] = {
    { "device", PROFILE_DEVICE },
    { "request", PROFILE_REQUEST },
    { "fixed", PROFILE_FIXED },
    { "others", PROFILE_OTHERS },
    { NULL, 0 },
};

static const struct config_choice others_choices[] = {
    { "optional", PROFILE_OTHERS_OPTIONAL },
    { "any", PROFILE_OTHERS_ANY },
    { NULL, 0 },
};

static const struct config_choice any_choices[] = { { "any", 1 }, { NULL, 0 } };

static const struct config_choice signature_choices[] = {
    { "ecdsa-sha256", 1U << BM_SIG_ECDSA_SHA256 },
    { "ecdsa-sha384", 1U << BM_SIG_ECDSA_SHA384 },
    { "ecdsa-sha512", 1U << BM_SIG_ECDSA_SHA512 },
    { "ed25519", 1U << BM_SIG_ED25519 },
    { "rsa-sha256", 1U << BM_SIG_RSA_SHA256 },
    { "rsa-sha384", 1U << BM_SIG_RSA_SHA384 },
    { "rsa-sha512", 1U << BM_SIG_RSA_SHA512 },
    { "rsa-pss-sha256", 1U << BM_SIG_RSA_PSS_SHA256 },
    { "rsa-pss-sha384", 1U << BM_SIG_RSA_PSS_SHA384 },
    { "rsa-pss-sha512", 1U << BM_SIG_RSA_PSS_SHA512 },
    { "mldsa44", 1U << BM_SIG_MLDSA44 },
    { "mldsa65", 1U << BM_SIG_MLDSA65 },
    { "mldsa87", 1U << BM_SIG_MLDSA87 },
    { NULL, 0 },
};

static const struct config_choice san_kind_choices[] = {
    { "dns", PROFILE_SAN_DNS },
    { "uri", PROFILE_SAN_URI },
    { "ip", PROFILE_SAN_IP },
    { "email", PROFILE_SAN_EMAIL },
    { "hardwareModuleName", PROFILE_SAN_HARDWARE },
    { "permanentIdentifier", PROFILE_SAN_PERMANENT },
    { "directoryName", PROFILE_SAN_DIRECTORY },
    { NULL, 0 },
};

static const struct config_choice subtree_kind_choices[] = {
    { "dns", PROFILE_SAN_DNS },
    { "uri", PROFILE_SAN_URI },
    { "ip", PROFILE_SAN_IP },
    { "email", PROFILE_SAN_EMAIL },
    { "directoryName", PROFILE_SAN_DIRECTORY },
    { NULL, 0 },
};

static const struct config_choice critical_choices[] = {
    { "false", PROFILE_NOT_CRITICAL },
    { "true", PROFILE_CRITICAL },
    { "if_subject_is_empty", PROFILE_CRITICAL_IF_EMPTY },
    { NULL, 0 },
};

static const struct config_choice ski_choices[] = {
    { "none", PROFILE_SKI_NONE },
    { "sha1", PROFILE_SKI_SHA1 },
    { "rfc7093", PROFILE_SKI_RFC7093 },
    { NULL, 0 },
};

#define KEY(kind, key, into, member) \
    .name = (key), .type = (kind), .offset = offsetof(struct into, member)

static const struct config_key device_keys[] = {
    { KEY(CONFIG_STRINGS, "from", profile_device, from), .min = 1,
      .max = PROFILE_LIST_MAX },
    { KEY(CONFIG_STRING, "pattern", profile_device, pattern_text) },
    { KEY(CONFIG_CHOICE, "identity", profile_device, identity),
      .required = true, .choices = identity_choices },
    { KEY(CONFIG_CHOICE, "class", profile_device, mcu),
      .choices = class_choices },
    { KEY(CONFIG_BOOL, "one_active", profile_device, one_active) },
    { KEY(CONFIG_STRINGS, "key_sharing", profile_device, key_sharing),
      .max = PROFILE_LIST_MAX },
    { KEY(CONFIG_CHOICE, "fork", profile_device, fork),
      .choices = fork_choices },
    { .name = NULL },
};

static const struct config_key window_keys[] = {
    { KEY(CONFIG_DURATION, "from", profile_window, from), .min = 1,
      .max = 100 * YEAR },
    { KEY(CONFIG_INTEGER, "from_part", profile_window, from_part), .min = 1,
      .max = 99 },
    { KEY(CONFIG_DURATION, "until", profile_window, until), .min = 1,
      .max = 100 * YEAR },
    { KEY(CONFIG_INTEGER, "until_part", profile_window, until_part), .min = 1,
      .max = 99 },
    { .name = NULL },
};

static const struct config_key renewal_keys[] = {
    { KEY(CONFIG_DURATION, "before", profile_renewal, before), .required = true,
      .min = 1, .max = 100 * YEAR },
    { KEY(CONFIG_DURATION, "grace", profile_renewal, grace),
      .max = 100 * YEAR },
    { KEY(CONFIG_BOOL, "same_key_renewal", profile_renewal, same_key_renewal) },
    { KEY(CONFIG_SECTION, "window", profile_renewal, window),
      .keys = window_keys },
    { .name = NULL },
};

static const struct config_key batch_keys[] = {
    { KEY(CONFIG_DURATION, "keep", profile_batch, keep), .required = true,
      .min = 60, .max = 10 * YEAR },
    { .name = NULL },
};

static const struct config_key est_keys[] = {
    { KEY(CONFIG_BOOL, "enabled", profile_est, enabled) },
    { KEY(CONFIG_BOOL, "serverkeygen", profile_est, serverkeygen) },
    { KEY(CONFIG_CHOICE, "wrap", profile_est, wrap), .choices = wrap_choices },
    { KEY(CONFIG_BOOL, "chain", profile_est, chain) },
    { KEY(CONFIG_CHOICE, "binding", profile_est, binding),
      .choices = binding_choices },
    { KEY(CONFIG_BOOL, "encoding_header", profile_est, encoding_header) },
    { .name = NULL },
};

static const struct config_key rdn_keys[] = {
    { KEY(CONFIG_STRING, "attribute", profile_rdn, attribute),
      .required = true },
    { KEY(CONFIG_CHOICE, "from", profile_rdn, from),
      .choices = subject_from_choices },
    { KEY(CONFIG_STRING, "fixed", profile_rdn, fixed) },
    { KEY(CONFIG_STRING, "template", profile_rdn, template_text) },
    { KEY(CONFIG_STRING, "pattern", profile_rdn, pattern_text) },
    { KEY(CONFIG_BOOL, "optional", profile_rdn, optional) },
    { KEY(CONFIG_BOOL, "as_issuer", profile_rdn, as_issuer) },
    { KEY(CONFIG_CHOICE, "others", profile_rdn, others),
      .choices = others_choices },
    { .name = NULL },
};

static const struct config_key validity_keys[] = {
    { KEY(CONFIG_DURATION, "for", profile_validity, for_seconds), .min = 1,
      .max = 1000 * YEAR },
    { KEY(CONFIG_STRING, "until", profile_validity, until_text) },
    { KEY(CONFIG_DURATION, "at_most", profile_validity, at_most), .min = 1,
      .max = 1000 * YEAR },
    { KEY(CONFIG_BOOL, "nested", profile_validity, nested), .required = true },
    /* RFC 4210 4.4.1: as far back as a root that is followed by another. */
    { KEY(CONFIG_DURATION, "backdate", profile_validity, backdate),
      .max = 100 * YEAR },
    { .name = NULL },
};

static const struct config_key basic_keys[] = {
    { KEY(CONFIG_BOOL, "ca", profile_basic, ca), .required = true },
    { KEY(CONFIG_INTEGER, "path_len", profile_basic, path_len),
      .max = BM_PATH_LEN_MAX },
    { .name = NULL },
};

static const struct config_key eku_keys[] = {
    { KEY(CONFIG_STRINGS, "purposes", profile_eku, purposes), .required = true,
      .min = 1, .max = PROFILE_LIST_MAX },
    { KEY(CONFIG_BOOL, "critical", profile_eku, critical) },
    { .name = NULL },
};

static const struct config_key san_attribute_keys[] = {
    { KEY(CONFIG_STRING, "attribute", profile_rdn, attribute),
      .required = true },
    { KEY(CONFIG_STRING, "pattern", profile_rdn, pattern_text) },
    { .name = NULL },
};

static const struct config_key san_name_keys[] = {
    { KEY(CONFIG_CHOICE, "kind", profile_san, kind), .required = true,
      .choices = san_kind_choices },
    { KEY(CONFIG_CHOICE, "from", profile_san, from),
      .choices = san_from_choices },
    { KEY(CONFIG_STRING, "fixed", profile_san, fixed) },
    { KEY(CONFIG_STRING, "template", profile_san, template_text) },
    { KEY(CONFIG_STRING, "pattern", profile_san, pattern_text) },
    { KEY(CONFIG_STRING, "type", profile_san, type_text) },
    { KEY(CONFIG_STRING, "type_under", profile_san, under_text) },
    { KEY(CONFIG_STRINGS, "within", profile_san, within_text), .min = 1,
      .max = PROFILE_LIST_MAX },
    { KEY(CONFIG_BOOL, "optional", profile_san, optional) },
    { KEY(CONFIG_INTEGER, "max", profile_san, max), .min = 1,
      .max = PROFILE_SAN_NAMES },
    { KEY(CONFIG_CHOICE, "others", profile_san, others),
      .choices = others_choices },
    { KEY(CONFIG_LIST, "attributes", profile_san, attributes), .min = 1,
      .max = PROFILE_LIST_MAX, .keys = san_attribute_keys,
      .size = sizeof(struct profile_rdn) },
    { .name = NULL },
};

static const struct config_key san_keys[] = {
    { KEY(CONFIG_CHOICE, "critical", profile_sans, critical),
      .choices = critical_choices },
    { KEY(CONFIG_BOOL, "optional", profile_sans, optional) },
    { KEY(CONFIG_LIST, "names", profile_sans, names), .required = true,
      .min = 1, .max = PROFILE_SAN_RULES, .keys = san_name_keys,
      .size = sizeof(struct profile_san) },
    { .name = NULL },
};

static const struct config_key subtree_keys[] = {
    { KEY(CONFIG_CHOICE, "kind", profile_subtree, kind), .required = true,
      .choices = subtree_kind_choices },
    { KEY(CONFIG_STRING, "value", profile_subtree, value), .required = true },
    { .name = NULL },
};

static const struct config_key nc_keys[] = {
    { KEY(CONFIG_LIST, "permitted", profile_nc, permitted), .min = 1,
      .max = PROFILE_LIST_MAX, .keys = subtree_keys,
      .size = sizeof(struct profile_subtree) },
    { KEY(CONFIG_LIST, "excluded", profile_nc, excluded), .min = 1,
      .max = PROFILE_LIST_MAX, .keys = subtree_keys,
      .size = sizeof(struct profile_subtree) },
    { .name = NULL },
};

static const struct config_key policy_keys[] = {
    { KEY(CONFIG_STRING, "oid", profile_cert_policy, oid_text),
      .required = true },
    { KEY(CONFIG_STRING, "cps", profile_cert_policy, cps) },
    { .name = NULL },
};

static const struct config_choice ext_from_choices[] = {
    { "fixed", PROFILE_FIXED },
    { "request", PROFILE_REQUEST },
    { "others", PROFILE_OTHERS },
    { NULL, 0 },
};

static const struct config_key ext_keys[] = {
    { KEY(CONFIG_STRING, "oid", profile_ext, oid_text), .required = true },
    { KEY(CONFIG_BOOL, "critical", profile_ext, critical), .required = true },
    { KEY(CONFIG_NODE, "value", profile_ext, value_node), .required = true },
    { KEY(CONFIG_CHOICE, "from", profile_ext, from),
      .choices = ext_from_choices },
    { KEY(CONFIG_BOOL, "optional", profile_ext, optional) },
    { .name = NULL },
};

static const struct config_key accepts_keys[] = {
    { KEY(CONFIG_SET, "keys", profile_accepts, keys), .choices = key_choices },
    { KEY(CONFIG_CHOICE, "validity", profile_accepts, validity),
      .choices = any_choices },
    { KEY(CONFIG_STRINGS, "path_len", profile_accepts, path_len_text), .min = 1,
      .max = PROFILE_LIST_MAX },
    { KEY(CONFIG_SET, "key_usage", profile_accepts, key_usage),
      .choices = key_usage_choices },
    { KEY(CONFIG_STRINGS, "purposes", profile_accepts, purposes_text), .min = 1,
      .max = PROFILE_LIST_MAX },
    { KEY(CONFIG_STRINGS, "any_purpose_but", profile_accepts, but_text),
      .min = 1, .max = PROFILE_LIST_MAX },
    { KEY(CONFIG_STRINGS, "optional", profile_accepts, optional_text), .min = 1,
      .max = PROFILE_EXT_SET_MAX },
    { KEY(CONFIG_STRINGS, "other_values", profile_accepts, values_text),
      .min = 1, .max = PROFILE_EXT_SET_MAX },
    { KEY(CONFIG_STRINGS, "any_criticality", profile_accepts, critical_text),
      .min = 1, .max = PROFILE_EXT_SET_MAX },
    { .name = NULL },
};

static const struct config_key profile_keys[] = {
    { KEY(CONFIG_STRING, "profile", profile_rules, name), .required = true },
    { KEY(CONFIG_STRING, "about", profile_rules, about), .required = true },
    { KEY(CONFIG_STRING, "ca", profile_rules, ca), .required = true },
    { KEY(CONFIG_SET, "by", profile_rules, by), .required = true,
      .choices = by_choices },
    { KEY(CONFIG_STRINGS, "idevid_of", profile_rules, idevid_of), .min = 1,
      .max = PROFILE_LIST_MAX },
    { KEY(CONFIG_STRINGS, "manufacturers", profile_rules, manufacturers),
      .min = 1, .max = PROFILE_LIST_MAX },
    { KEY(CONFIG_SECTION, "device", profile_rules, device),
      .keys = device_keys },
    { KEY(CONFIG_SECTION, "renewal", profile_rules, renewal),
      .keys = renewal_keys },
    { KEY(CONFIG_CHOICE, "attestation", profile_rules, attestation),
      .choices = attestation_choices },
    { KEY(CONFIG_BOOL, "approval", profile_rules, approval) },
    { KEY(CONFIG_BOOL, "expected", profile_rules, expected) },
    { KEY(CONFIG_SECTION, "batch", profile_rules, batch), .keys = batch_keys },
    { KEY(CONFIG_SECTION, "est", profile_rules, est), .keys = est_keys },
    { KEY(CONFIG_SET, "keys", profile_rules, keys), .required = true,
      .choices = key_choices },
    { KEY(CONFIG_SET, "signatures", profile_rules, signatures),
      .choices = signature_choices },
    { KEY(CONFIG_INTEGER, "serial_octets", profile_rules, serial_octets),
      .min = 1, .max = PROFILE_SERIAL_SIZE },
    { KEY(CONFIG_INTEGER, "max_octets", profile_rules, max_octets), .min = 256,
      .max = 65536 },
    { KEY(CONFIG_LIST, "subject", profile_rules, subject), .required = true,
      .max = PROFILE_SUBJECT_MAX, .keys = rdn_keys,
      .size = sizeof(struct profile_rdn) },
    { KEY(CONFIG_SECTION, "validity", profile_rules, validity),
      .required = true, .keys = validity_keys },
    { KEY(CONFIG_SECTION, "basic_constraints", profile_rules, basic),
      .keys = basic_keys },
    { KEY(CONFIG_SET, "key_usage", profile_rules, key_usage),
      .choices = key_usage_choices },
    { KEY(CONFIG_SET, "key_usage_of_rsa", profile_rules, key_usage_of_rsa),
      .choices = key_usage_choices },
    { KEY(CONFIG_SECTION, "extended_key_usage", profile_rules, eku),
      .keys = eku_keys },
    { KEY(CONFIG_SECTION, "subject_alt_name", profile_rules, san),
      .keys = san_keys },
    { KEY(CONFIG_CHOICE, "subject_key_id", profile_rules, ski),
      .required = true, .choices = ski_choices },
    { KEY(CONFIG_BOOL, "authority_key_id", profile_rules, aki),
      .required = true },
    { KEY(CONFIG_SECTION, "name_constraints", profile_rules, nc),
      .keys = nc_keys },
    { KEY(CONFIG_LIST, "policies", profile_rules, policies), .min = 1,
      .max = PROFILE_LIST_MAX, .keys = policy_keys,
      .size = sizeof(struct profile_cert_policy) },
    { KEY(CONFIG_BOOL, "crl", profile_rules, crl) },
    { KEY(CONFIG_BOOL, "ocsp", profile_rules, ocsp) },
    { KEY(CONFIG_BOOL, "ca_issuers", profile_rules, ca_issuers) },
    { KEY(CONFIG_BOOL, "ocsp_nocheck", profile_rules, ocsp_nocheck) },
    { KEY(CONFIG_LIST, "extensions", profile_rules, extensions), .min = 1,
      .max = PROFILE_LIST_MAX, .keys = ext_keys,
      .size = sizeof(struct profile_ext) },
    { KEY(CONFIG_STRINGS, "unique", profile_rules, unique_text), .min = 1,
      .max = PROFILE_LIST_MAX },
    { KEY(CONFIG_STRINGS, "ignored_extensions", profile_rules, ignored_text),
      .min = 1, .max = PROFILE_LIST_MAX },
    { KEY(CONFIG_SECTION, "accepts", profile_rules, accepts),
      .keys = accepts_keys },
    { .name = NULL },
};

bool profile_over_est(const struct profile_rules *rules)
{
    return (rules->by & (CA_BY_TOKEN | CA_BY_IDEVID | CA_BY_CURRENT)) != 0;
}

bm_status profile_read(struct ca_profile *profile, struct config_error *error)
{
    const struct config_node *root = config_root(profile->config);
    struct profile_rules *rules = &profile->rules;

    rules->basic.path_len = BM_PATH_LEN_NONE;
    rules->est.enabled = true; /* where there is a section */
    BM_TRY(config_read(profile->config, root, profile_keys, rules, error));
    rules->has_device = config_get(root, "device") != NULL;
    rules->has_renewal = config_get(root, "renewal") != NULL;
    rules->renewal.has_window =
        rules->has_renewal &&
        config_get(config_get(root, "renewal"), "window") != NULL;
    rules->has_basic = config_get(root, "basic_constraints") != NULL;
    rules->has_san = config_get(root, "subject_alt_name") != NULL;
    rules->has_nc = config_get(root, "name_constraints") != NULL;
    if (config_get(root, "est") == NULL) {
        /* EST is how devices come; others have their own ways. */
        rules->est.enabled = rules->has_device && profile_over_est(rules);
    }
    return BM_OK;
}
