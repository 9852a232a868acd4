/* SPDX-License-Identifier: Apache-2.0 */

/* Certificates of a chain: root, issuing CA, leaf, by test keys 0, 1, 2. */
#include "tests/differential/make.h"

#include "ports/openssl/openssl.h"
#include "tests/harness/test_crypto.h"

/* Extensions that meet the ones above or below them in a chain. */
static const struct {
    int nid;
    const char *value;
} chain_exts[] = {
    { NID_basic_constraints, "critical,CA:TRUE" },
    { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
    { NID_basic_constraints, "critical,CA:FALSE" },
    { NID_basic_constraints, "CA:TRUE" },
    { NID_key_usage, "critical,keyCertSign,cRLSign" },
    { NID_key_usage, "critical,digitalSignature" },
    { NID_key_usage, "critical,keyCertSign" },
    { NID_name_constraints, "critical,permitted;DNS:example.com" },
    { NID_name_constraints, "critical,excluded;DNS:a.example.com" },
    { NID_name_constraints, "critical,permitted;email:example.com" },
    { NID_name_constraints, "critical,excluded;email:.example.com" },
    { NID_name_constraints, "critical,permitted;IP:192.0.2.0/255.255.255.0" },
    { NID_name_constraints, "critical,excluded;URI:.example.com" },
    { NID_name_constraints, "permitted;URI:example.com" },
    { NID_subject_alt_name, "DNS:example.com" },
    { NID_subject_alt_name, "DNS:a.example.com,DNS:example.org" },
    { NID_subject_alt_name, "email:a@example.com" },
    { NID_subject_alt_name, "email:a@b.example.com,IP:192.0.2.7" },
    { NID_subject_alt_name, "IP:198.51.100.1" },
    { NID_subject_alt_name, "URI:https://example.com/x" },
    { NID_subject_alt_name, "URI:https://a.example.com:8443/" },
    { NID_certificate_policies, "1.2.3.4" },
    { NID_certificate_policies, "critical,1.2.3.5,1.2.3.4" },
    { NID_certificate_policies, "2.5.29.32.0" },
    { NID_policy_constraints, "critical,requireExplicitPolicy:0" },
    { NID_policy_constraints, "critical,requireExplicitPolicy:1" },
    { NID_policy_constraints, "critical,inhibitPolicyMapping:0" },
    { NID_policy_mappings, "critical,1.2.3.4:1.2.3.5" },
    { NID_inhibit_any_policy, "critical,0" },
    { NID_inhibit_any_policy, "critical,1" },
    { NID_ext_key_usage, "serverAuth" },
};

/*
 * OpenSSL leaves an anchor's policies out, we go by RFC 5937: chains with
 * such an anchor would differ always, and hide the rest.
 */
static bool is_about_policies(int nid)
{
    return nid == NID_policy_constraints || nid == NID_inhibit_any_policy ||
           nid == NID_policy_mappings || nid == NID_certificate_policies;
}

static void add_chain_exts(struct ext_list *list, size_t i)
{
    if (i < 2 && !random_one_in(12)) {
        make_add_ext(list, NID_basic_constraints, "critical,CA:TRUE");
        make_add_ext(list, NID_key_usage, "critical,keyCertSign,cRLSign");
    }
    if (!random_one_in(20)) {
        make_add_ext(list, NID_subject_key_identifier, "hash");
    }
    if (i > 0 && !random_one_in(20)) {
        make_add_ext(list, NID_authority_key_identifier, "keyid");
    }
    if (random_one_in(15)) {
        make_add_private(list);
    }
    for (uint32_t n = random_below(4); n > 0; n--) {
        size_t k = random_below(sizeof chain_exts / sizeof chain_exts[0]);

        if (i > 0 || !is_about_policies(chain_exts[k].nid)) {
            make_add_ext(list, chain_exts[k].nid, chain_exts[k].value);
        }
    }
}

static X509_NAME *chain_name(size_t i)
{
    static const char *const names[] = { "Root", "Issuing CA", "Leaf" };
    X509_NAME *name = X509_NAME_new();
    bool again = random_one_in(30);

    (void)X509_NAME_add_entry_by_NID(
        name, NID_organizationName, V_ASN1_UTF8STRING,
        (const unsigned char *)(again ? "other" : "Example"), -1, -1, 0);
    (void)X509_NAME_add_entry_by_NID(
        name, NID_commonName,
        random_one_in(3) ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING,
        (const unsigned char *)names[i], -1, -1, 0);
    return name;
}

static EVP_PKEY *chain_key(size_t i)
{
    return bm_openssl_signer_pkey(bm_test_signer_nth(BM_KEY_P256, i));
}

/* Most are valid at CHAIN_TIME, some just so, some just not. */
static void set_chain_validity(X509 *x)
{
    int64_t from = CHAIN_TIME - 1000;
    int64_t to = CHAIN_TIME + 1000;

    if (random_one_in(25)) {
        from = CHAIN_TIME + (int64_t)random_below(2);
    }
    if (random_one_in(25)) {
        to = CHAIN_TIME - (int64_t)random_below(2);
    }
    (void)ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from);
    (void)ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(to < from ? from : to));
}

/* What a key identifier is taken from: a certificate of the key alone. */
static X509 *key_holder(size_t i)
{
    X509 *x = X509_new();
    X509_EXTENSION *ski;
    X509V3_CTX ctx;

    (void)X509_set_pubkey(x, chain_key(i));
    X509V3_set_ctx(&ctx, NULL, x, NULL, NULL, 0);
    ski = X509V3_EXT_nconf_nid(NULL, &ctx, NID_subject_key_identifier, "hash");
    (void)X509_add_ext(x, ski, -1);
    X509_EXTENSION_free(ski);
    return x;
}

struct bm_bytes make_chain_cert(size_t i)
{
    size_t up = i == 0 ? 0 : i - 1;
    X509 *x = X509_new();
    X509 *issuer = key_holder(up);
    X509_NAME *subject = chain_name(i);
    X509_NAME *name = i == 0 ? X509_NAME_dup(subject) : chain_name(up);
    struct ext_list list = { .exts = NULL };
    uint8_t *der = NULL;
    struct bm_bytes out;
    (void)X509_set_version(x, X509_VERSION_3);
    make_set_serial(x);
    (void)X509_set_issuer_name(x, name);
    (void)X509_set_subject_name(x, subject);
    set_chain_validity(x);
    (void)X509_set_pubkey(x, chain_key(i));
    X509V3_set_ctx(&list.ctx, issuer, x, NULL, NULL, 0);
    add_chain_exts(&list, i);
    for (int k = 0; k < sk_X509_EXTENSION_num(list.exts); k++) {
        (void)X509_add_ext(x, sk_X509_EXTENSION_value(list.exts, k), -1);
    }
    if (list.exts == NULL) {
        (void)X509_set_version(x, X509_VERSION_1);
    }
    sk_X509_EXTENSION_pop_free(list.exts, X509_EXTENSION_free);
    if (X509_sign(x, chain_key(up), EVP_sha256()) > 0) {
        (void)i2d_X509(x, &der);
    }
    out = make_written(der, der == NULL ? 0 : i2d_X509(x, NULL));
    X509_NAME_free(subject);
    X509_NAME_free(name);
    X509_free(issuer);
    X509_free(x);
    return out;
}
