/* SPDX-License-Identifier: Apache-2.0 */

/* Objects written by OpenSSL, each a little different. */
#include <openssl/asn1.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/openssl/openssl.h"
#include "tests/differential/make.h"
#include "tests/harness/test_crypto.h"

/* Words of which names and values are made; some need care. */
static const char *const words[] = {
    "a",
    "Example",
    "EXAMPLE  two",
    " leading",
    "trailing ",
    "a,b+c\"d\\<e>;f",
    "#hash",
    "Z\xc3\xbcrich",
    "0",
    "x=y",
    "a long value, and longer than the upper bounds of X.520 would have it",
};
#define WORDS (sizeof words / sizeof words[0])

static const char *word(void)
{
    return words[random_below(WORDS)];
}

EVP_PKEY *make_key(void)
{
    static const enum bm_key_type types[] = { BM_KEY_P256, BM_KEY_P256,
                                              BM_KEY_P384, BM_KEY_ED25519,
                                              BM_KEY_RSA };
    enum bm_key_type type = types[random_below(sizeof types / sizeof types[0])];

    return bm_openssl_signer_pkey(bm_test_signer(type));
}

/* Type, encodings to choose from, and fixed values where the type wants it. */
static const struct {
    int nid;
    int kinds[4]; /* of the string, 0 ends */
    const char *value;
} attributes[] = {
    { NID_countryName, { V_ASN1_PRINTABLESTRING }, "CH" },
    { NID_countryName, { V_ASN1_PRINTABLESTRING }, "de" },
    { NID_commonName,
      { V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING, V_ASN1_T61STRING },
      NULL },
    { NID_commonName, { V_ASN1_UTF8STRING }, NULL },
    { NID_organizationName, { V_ASN1_UTF8STRING }, NULL },
    { NID_organizationalUnitName, { V_ASN1_UTF8STRING }, NULL },
    { NID_localityName, { V_ASN1_UTF8STRING }, NULL },
    { NID_pkcs9_emailAddress, { V_ASN1_IA5STRING }, "a@example.com" },
    { NID_domainComponent, { V_ASN1_IA5STRING }, "example" },
    { NID_serialNumber, { V_ASN1_PRINTABLESTRING }, "0123-abc" },
    { NID_dnQualifier, { V_ASN1_PRINTABLESTRING }, "q" },
    { NID_givenName, { V_ASN1_UTF8STRING }, NULL },
};
#define ATTRIBUTES (sizeof attributes / sizeof attributes[0])

static bool is_printable(const char *s)
{
    return s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                       "0123456789 '()+,-./:=?")] == '\0';
}

static void add_attribute(X509_NAME *name, bool first)
{
    size_t i = random_below(ATTRIBUTES);
    const char *value =
        attributes[i].value != NULL ? attributes[i].value : word();
    int kind = attributes[i].kinds[random_below(3)];

    if (kind == 0 || (kind != V_ASN1_UTF8STRING && !is_printable(value))) {
        kind = attributes[i].value != NULL ? attributes[i].kinds[0]
                                           : V_ASN1_UTF8STRING;
    }
    /* -1 joins the relative name before, 0 begins one. */
    (void)X509_NAME_add_entry_by_NID(name, attributes[i].nid, kind,
                                     (const unsigned char *)value, -1, -1,
                                     !first && random_one_in(5) ? -1 : 0);
}

X509_NAME *make_name(void)
{
    X509_NAME *name = X509_NAME_new();
    uint32_t n = 1 + random_below(5);

    for (uint32_t i = 0; i < n; i++) {
        add_attribute(name, i == 0);
    }
    return name;
}

/* As openssl.cnf would say it; the ones that go with a CA separately. */
static const struct {
    int nid;
    const char *value;
} ca_exts[] = {
    { NID_basic_constraints, "critical,CA:TRUE" },
    { NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
    { NID_basic_constraints, "CA:TRUE,pathlen:127" },
    { NID_key_usage, "critical,keyCertSign,cRLSign" },
    { NID_key_usage, "keyCertSign,digitalSignature,decipherOnly" },
    { NID_name_constraints, "critical,permitted;DNS:example.com" },
    { NID_name_constraints,
      "permitted;email:.example.com,excluded;IP:10.0.0.0/255.0.0.0,"
      "excluded;URI:.example.org,permitted;DNS:a" },
    { NID_name_constraints, "critical,excluded;RID:1.2.3" },
    { NID_policy_constraints, "critical,requireExplicitPolicy:0" },
    { NID_policy_constraints,
      "requireExplicitPolicy:3,inhibitPolicyMapping:200" },
    { NID_inhibit_any_policy, "critical,2" },
    { NID_policy_mappings, "critical,1.2.3.4:1.2.3.5,1.2.6:1.2.7" },
}, leaf_exts[] = {
    { NID_basic_constraints, "critical,CA:FALSE" },
    { NID_basic_constraints, "CA:FALSE" },
    { NID_key_usage, "critical,digitalSignature" },
    { NID_key_usage, "keyEncipherment,dataEncipherment,keyAgreement,"
                     "encipherOnly,nonRepudiation" },
}, any_exts[] = {
    { NID_ext_key_usage, "serverAuth,clientAuth" },
    { NID_ext_key_usage, "critical,anyExtendedKeyUsage,1.2.3.4.55555.6" },
    { NID_subject_alt_name, "DNS:example.com,DNS:*.example.org" },
    { NID_subject_alt_name,
      "critical,IP:192.0.2.1,IP:2001:db8::1,email:a@example.com" },
    { NID_subject_alt_name,
      "URI:https://example.com/a?b=c,RID:1.2.840.113549,"
      "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:user" },
    { NID_issuer_alt_name, "DNS:ca.example.com,URI:urn:x:y" },
    { NID_certificate_policies, "1.2.3.4" },
    { NID_certificate_policies, "critical,2.5.29.32.0,1.2.3.4,2.23.140.1.2.1" },
    { NID_crl_distribution_points, "URI:http://example.com/crl" },
    { NID_crl_distribution_points, "critical,URI:http://a.test,URI:ldap://b" },
    { NID_freshest_crl, "URI:http://example.com/delta" },
    { NID_info_access, "OCSP;URI:http://ocsp.example.com" },
    { NID_info_access,
      "caIssuers;URI:http://example.com/ca,1.2.3.4;DNS:example.com" },
    { NID_sinfo_access, "1.3.6.1.5.5.7.48.5;URI:http://example.com/repo" },
    { NID_tlsfeature, "status_request,17" },
    { NID_id_pkix_OCSP_noCheck, "yes" },
    { NID_subject_key_identifier, "0102030405060708090a0b0c0d0e0f1011121314" },
    { NID_subject_key_identifier, "ff" },
    { NID_authority_key_identifier, "keyid,issuer" },
    { NID_authority_key_identifier, "issuer:always" },
};

void make_add_ext(struct ext_list *list, int nid, const char *value)
{
    X509_EXTENSION *ext;

    if (X509v3_get_ext_by_NID(list->exts, nid, -1) >= 0) {
        return;
    }
    ext = X509V3_EXT_nconf_nid(NULL, &list->ctx, nid, value);
    if (ext != NULL) {
        (void)X509v3_add_ext(&list->exts, ext, -1);
        X509_EXTENSION_free(ext);
    }
}

void make_add_private(struct ext_list *list)
{
    ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.55555.9.1", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    uint8_t octets[20];
    X509_EXTENSION *ext;

    random_fill(octets, sizeof octets);
    (void)ASN1_OCTET_STRING_set(value, octets, (int)random_below(20));
    ext = X509_EXTENSION_create_by_OBJ(NULL, oid, (int)random_below(2), value);
    (void)X509v3_add_ext(&list->exts, ext, -1);
    X509_EXTENSION_free(ext);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(oid);
}

#define PICK(list, table)                                         \
    do {                                                          \
        size_t i_ = random_below(sizeof table / sizeof table[0]); \
        make_add_ext(list, table[i_].nid, table[i_].value);       \
    } while (0)

static void add_exts(struct ext_list *list)
{
    bool ca = random_one_in(2);

    if (ca) { /* what the rest of a CA's extensions rest on */
        make_add_ext(list, NID_basic_constraints,
                     ca_exts[random_below(3)].value);
        make_add_ext(list, NID_key_usage, ca_exts[3 + random_below(2)].value);
    }
    for (uint32_t n = random_below(9); n > 0; n--) {
        if (random_one_in(12)) {
            if (X509v3_get_ext_by_NID(list->exts, NID_undef, -1) < 0) {
                make_add_private(list);
            }
        } else if (random_one_in(3)) {
            if (ca) {
                PICK(list, ca_exts);
            } else {
                PICK(list, leaf_exts);
            }
        } else {
            PICK(list, any_exts);
        }
    }
}

void make_set_serial(X509 *x)
{
    uint8_t octets[20];
    int n = 1 + (int)random_below(sizeof octets);
    BIGNUM *bn;

    random_fill(octets, sizeof octets);
    octets[0] = (uint8_t)((octets[0] & 0x7f) | 1);
    bn = BN_bin2bn(octets, n, NULL);
    (void)BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x));
    BN_free(bn);
}

static void set_validity(X509 *x)
{
    static const char *const starts[] = { "19500101000000Z", "19700101000000Z",
                                          "20240229235959Z", "20380119031407Z",
                                          "20491231235959Z" };
    static const char *const ends[] = { "20500101000000Z", "20500228120000Z",
                                        "21000301000000Z", "99991231235959Z",
                                        "20491231235959Z" };

    (void)ASN1_TIME_set_string_X509(X509_getm_notBefore(x),
                                    starts[random_below(5)]);
    (void)ASN1_TIME_set_string_X509(X509_getm_notAfter(x),
                                    ends[random_below(5)]);
}

const EVP_MD *make_md(EVP_PKEY *signer)
{
    static const EVP_MD *(*const mds[])(void) = { EVP_sha256, EVP_sha384,
                                                  EVP_sha512 };

    return EVP_PKEY_is_a(signer, "ED25519") ? NULL : mds[random_below(3)]();
}

/* A few RSA signatures are PSS, whose identifier has parameters. */
static int sign_cert(X509 *x, EVP_PKEY *signer)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    int ok = EVP_DigestSignInit(ctx, &pctx, make_md(signer), NULL, signer);

    if (ok == 1 && EVP_PKEY_is_a(signer, "RSA") && random_one_in(2)) {
        (void)EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
        (void)EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
    }
    ok = ok == 1 ? X509_sign_ctx(x, ctx) : 0;
    EVP_MD_CTX_free(ctx);
    return ok;
}

struct bm_bytes make_written(uint8_t *der, int n)
{
    if (n <= 0) {
        printf("Bail out! OpenSSL did not write what was asked for\n");
        exit(1);
    }
    return (struct bm_bytes){ der, (size_t)n };
}

struct bm_bytes make_cert(void)
{
    X509 *x = X509_new();
    X509_NAME *subject = make_name();
    X509_NAME *issuer = random_one_in(4) ? X509_NAME_dup(subject) : make_name();
    EVP_PKEY *signer = make_key();
    struct ext_list list = { .exts = NULL };
    uint8_t *der = NULL;
    bool v3 = !random_one_in(10);

    (void)X509_set_version(x, v3 ? X509_VERSION_3 : X509_VERSION_1);
    make_set_serial(x);
    (void)X509_set_issuer_name(x, issuer);
    (void)X509_set_subject_name(x, subject);
    set_validity(x);
    (void)X509_set_pubkey(x, make_key());
    if (v3) {
        /* Its own subject stands in for the issuer's identifiers. */
        X509V3_set_ctx(&list.ctx, x, x, NULL, NULL, 0);
        add_exts(&list);
        for (int i = 0; i < sk_X509_EXTENSION_num(list.exts); i++) {
            (void)X509_add_ext(x, sk_X509_EXTENSION_value(list.exts, i), -1);
        }
        sk_X509_EXTENSION_pop_free(list.exts, X509_EXTENSION_free);
        if (X509_get_ext_count(x) == 0) {
            (void)X509_set_version(x, X509_VERSION_1);
        }
    }
    if (sign_cert(x, signer) > 0) {
        (void)i2d_X509(x, &der);
    }
    {
        struct bm_bytes out =
            make_written(der, der == NULL ? 0 : i2d_X509(x, NULL));

        X509_NAME_free(subject);
        X509_NAME_free(issuer);
        X509_free(x);
        return out;
    }
}

struct bm_bytes make_csr(void)
{
    X509_REQ *req = X509_REQ_new();
    X509_NAME *subject = make_name();
    EVP_PKEY *signer = make_key();
    struct ext_list list = { .exts = NULL };
    uint8_t *der = NULL;
    struct bm_bytes out;

    (void)X509_REQ_set_version(req, X509_REQ_VERSION_1);
    (void)X509_REQ_set_subject_name(req, subject);
    (void)X509_REQ_set_pubkey(req, signer);
    if (random_one_in(2)) {
        X509V3_set_ctx(&list.ctx, NULL, NULL, req, NULL, 0);
        add_exts(&list);
        if (list.exts != NULL) {
            (void)X509_REQ_add_extensions(req, list.exts);
        }
        sk_X509_EXTENSION_pop_free(list.exts, X509_EXTENSION_free);
    }
    if (random_one_in(3)) {
        (void)X509_REQ_add1_attr_by_NID(
            req, NID_pkcs9_challengePassword, V_ASN1_UTF8STRING,
            (const unsigned char *)"channel-binding", 15);
    }
    if (random_one_in(4)) {
        (void)X509_REQ_add1_attr_by_txt(req, "1.3.6.1.4.1.55555.9.2",
                                        V_ASN1_OCTET_STRING,
                                        (const unsigned char *)"private", 7);
    }
    if (X509_REQ_sign(req, signer, make_md(signer)) > 0) {
        (void)i2d_X509_REQ(req, &der);
    }
    out = make_written(der, der == NULL ? 0 : i2d_X509_REQ(req, NULL));
    X509_NAME_free(subject);
    X509_REQ_free(req);
    return out;
}

void make_free(struct bm_bytes der)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } unconst = { .in = der.p };

    OPENSSL_free(unconst.out);
}
