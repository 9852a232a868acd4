/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cert.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "tests/differential/diff.h"
#include "tests/differential/same.h"

static bm_status ours(struct bm_bytes der, struct bm_diag *diag, void *view)
{
    struct bm_cert *cert = view;

    BM_TRY(bm_cert_parse(der, BM_STRICT, diag, cert));
    return ours_has_usable_key(&cert->key) ? BM_OK : BM_E_KEY_POINT;
}

/* RFC 3779 is not ours: what OpenSSL thinks of these does not count. */
static bool has_resources(const X509 *x)
{
    return X509_get_ext_by_NID(x, NID_sbgp_ipAddrBlock, -1) >= 0 ||
           X509_get_ext_by_NID(x, NID_sbgp_autonomousSysNum, -1) >= 0;
}

static bool is_invalid(X509 *x, struct diff_why *why)
{
    *why = (struct diff_why){ "invalid", "-" };
    return (X509_check_purpose(x, -1, 0) != 1 ||
            (X509_get_extension_flags(x) & EXFLAG_INVALID) != 0) &&
           !has_resources(x);
}

/*
 * A certificate is accepted if it is read to its end, its extensions too,
 * OpenSSL's own look at it finds nothing invalid, and its key is one.
 */
static void *theirs(struct bm_bytes der, struct diff_why *why)
{
    const uint8_t *p = der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);

    if (x == NULL) {
        *why = openssl_reason("-");
        return NULL;
    }
    if (p != der.p + der.n) {
        *why = (struct diff_why){ "trailing", "-" };
    } else if (openssl_reads_key(X509_get_X509_PUBKEY(x), why) &&
               openssl_reads_exts(X509_get0_extensions(x), why) &&
               !is_invalid(x, why)) {
        ERR_clear_error();
        return x;
    }
    ERR_clear_error();
    X509_free(x);
    return NULL;
}

static void release(void *object)
{
    X509_free(object);
}

static bool same_version(const struct bm_cert *c, X509 *x)
{
    return X509_get_version(x) + 1 == c->version;
}

static bool same_serial(const struct bm_cert *c, X509 *x)
{
    return same_integer(c->serial, X509_get0_serialNumber(x));
}

static bool same_issuer(const struct bm_cert *c, X509 *x)
{
    return same_name(c->issuer, X509_get_issuer_name(x));
}

static bool same_subject(const struct bm_cert *c, X509 *x)
{
    return same_name(c->subject, X509_get_subject_name(x));
}

static bool same_not_before(const struct bm_cert *c, X509 *x)
{
    return same_time(c->not_before, X509_get0_notBefore(x));
}

static bool same_not_after(const struct bm_cert *c, X509 *x)
{
    return same_time(c->not_after, X509_get0_notAfter(x));
}

/*
 * RFC 5280 7.1 has case and spaces ignored in two string types; OpenSSL does
 * so in all of them. Equal to us must be equal to OpenSSL.
 */
static bool self_issued_to_both(const struct bm_cert *c, X509 *x)
{
    return !bm_cert_is_self_issued(c) ||
           X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) ==
               0;
}

static bool self_issued_to_us(const struct bm_cert *c, X509 *x)
{
    return bm_cert_is_self_issued(c) ||
           X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) !=
               0;
}

static bool same_key(const struct bm_cert *c, X509 *x)
{
    X509_PUBKEY *pub = X509_get_X509_PUBKEY(x);
    uint8_t *der = NULL;
    int n = i2d_X509_PUBKEY(pub, &der);
    bool same = n > 0 && (size_t)n == c->key.der.n &&
                memcmp(der, c->key.der.p, c->key.der.n) == 0;

    OPENSSL_free(der);
    return same;
}

static bool same_key_type(const struct bm_cert *c, X509 *x)
{
    EVP_PKEY *key = X509_get0_pubkey(x);
    unsigned bits = key == NULL ? 0 : (unsigned)EVP_PKEY_get_bits(key);
    char group[32] = "";

    if (key != NULL && EVP_PKEY_is_a(key, "EC")) {
        (void)EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
    }
    switch (c->key.type) {
    case BM_KEY_P256:
        return strcmp(group, "prime256v1") == 0 && bm_spki_bits(&c->key) == 256;
    case BM_KEY_P384:
        return strcmp(group, "secp384r1") == 0 && bm_spki_bits(&c->key) == 384;
    case BM_KEY_ED25519:
        return key != NULL && EVP_PKEY_is_a(key, "ED25519");
    case BM_KEY_RSA:
        return key != NULL && EVP_PKEY_is_a(key, "RSA") &&
               bits == bm_spki_bits(&c->key);
    default:
        return true; /* unknown to us, whatever it is */
    }
}

static bool same_signature(const struct bm_cert *c, X509 *x)
{
    const ASN1_BIT_STRING *sig = NULL;
    const X509_ALGOR *alg = NULL;

    X509_get0_signature(&sig, &alg, x);
    return same_string(c->signature, sig);
}

static bool same_sig_alg(const struct bm_cert *c, X509 *x)
{
    const ASN1_BIT_STRING *sig = NULL;
    const X509_ALGOR *alg = NULL;
    uint8_t *der = NULL;
    bool same;
    int n;

    X509_get0_signature(&sig, &alg, x);
    n = i2d_X509_ALGOR(alg, &der);
    same = n > 0 && (size_t)n == c->sig_alg_id.n &&
           memcmp(der, c->sig_alg_id.p, c->sig_alg_id.n) == 0;
    OPENSSL_free(der);
    return same;
}

static const struct {
    const char *name;
    bool (*same)(const struct bm_cert *c, X509 *x);
} fields[] = {
    { "version", same_version },
    { "serial", same_serial },
    { "issuer", same_issuer },
    { "subject", same_subject },
    { "notBefore", same_not_before },
    { "notAfter", same_not_after },
    { "key", same_key },
    { "keyType", same_key_type },
    { "signature", same_signature },
    { "signatureAlgorithm", same_sig_alg },
    { "selfIssued-ours-only", self_issued_to_both },
};

static const char *compare(const void *view, void *object)
{
    const struct bm_cert *c = view;
    const char *ext;

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!fields[i].same(c, object)) {
            return fields[i].name;
        }
    }
    ext = same_exts(&c->ext, X509_get0_extensions(object));
    if (ext != NULL) {
        return ext;
    }
    if (!self_issued_to_us(c, object)) {
        return "selfIssued-theirs-only"; /* last: it hides nothing else */
    }
    return NULL;
}

const struct diff_kind diff_cert = {
    .name = "cert",
    .ours = ours,
    .view_size = sizeof(struct bm_cert),
    .theirs = theirs,
    .release = release,
    .compare = compare,
};
