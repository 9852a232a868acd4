/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/openssl/openssl_sealed.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>

#include "ports/openssl/openssl.h"

/* Octets of salts: PBKDF2, and the MAC of PKCS #12. */
#define SALT_SIZE 16

static const char *text_of(struct bm_bytes secret)
{
    return (const char *)secret.p;
}

/* Takes over `der`; n < 0: there is none. */
static bm_status put_der(struct bm_wr *w, unsigned char *der, int n)
{
    bm_status rc = BM_E_CRYPTO;

    if (n > 0) {
        rc = (size_t)n <= w->cap - w->len ? BM_OK : BM_E_BUFFER;
    }
    if (rc == BM_OK) {
        bm_wr_put(w, (struct bm_bytes){ der, (size_t)n });
    }
    OPENSSL_free(der);
    return rc;
}

/* ---- A key */

bm_status bm_openssl_put_sealed(const struct bm_signer *signer,
                                struct bm_bytes secret, struct bm_wr *w)
{
    EVP_PKEY *pkey = bm_openssl_signer_pkey(signer);
    PKCS8_PRIV_KEY_INFO *info = pkey == NULL ? NULL : EVP_PKEY2PKCS8(pkey);
    X509_SIG *sealed = NULL;
    unsigned char *der = NULL;
    int n = -1;

    if (info != NULL && secret.n <= INT_MAX) {
        sealed = PKCS8_encrypt(NID_hmacWithSHA256, EVP_aes_256_cbc(),
                               text_of(secret), (int)secret.n, NULL, SALT_SIZE,
                               BM_SEALED_ITERATIONS, info);
    }
    if (sealed != NULL) {
        n = i2d_X509_SIG(sealed, &der);
    }
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(info);
    return put_der(w, der, n);
}

static X509_SIG *parse_sealed(struct bm_bytes der)
{
    const unsigned char *p = der.p;
    X509_SIG *sealed = d2i_X509_SIG(NULL, &p, (long)der.n);

    if (sealed != NULL && p != der.p + der.n) {
        X509_SIG_free(sealed);
        sealed = NULL;
    }
    return sealed;
}

/* NULL: it does not open. */
static EVP_PKEY *open_sealed(struct bm_bytes der, struct bm_bytes secret)
{
    X509_SIG *sealed = parse_sealed(der);
    PKCS8_PRIV_KEY_INFO *info = NULL;
    EVP_PKEY *pkey = NULL;

    if (sealed != NULL && secret.n <= INT_MAX) {
        info = PKCS8_decrypt(sealed, text_of(secret), (int)secret.n);
    }
    if (info != NULL) {
        pkey = EVP_PKCS82PKEY(info);
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    X509_SIG_free(sealed);
    return pkey;
}

bm_status bm_openssl_check_sealed(struct bm_bytes sealed,
                                  struct bm_bytes secret, struct bm_bytes spki)
{
    EVP_PKEY *pkey = open_sealed(sealed, secret);
    unsigned char *der = NULL;
    int n = pkey == NULL ? -1 : i2d_PUBKEY(pkey, &der);
    bm_status rc = BM_E_CRYPTO;

    if (n > 0) {
        rc = bm_bytes_equal((struct bm_bytes){ der, (size_t)n }, spki)
                 ? BM_OK
                 : BM_E_KEY_MISMATCH;
    }
    OPENSSL_free(der);
    EVP_PKEY_free(pkey);
    return rc;
}

/* ---- PKCS #12 */

struct parts {
    STACK_OF(PKCS12_SAFEBAG) * keys;
    STACK_OF(PKCS12_SAFEBAG) * certs;
    STACK_OF(PKCS7) * safes;
    PKCS12 *whole;
};

/* What says that a key and a certificate belong together. */
static bool mark(PKCS12_SAFEBAG *bag, const struct bm_openssl_pkcs12 *p)
{
    unsigned char id[SHA_DIGEST_LENGTH];
    unsigned n = 0;

    return EVP_Digest(p->cert.p, p->cert.n, id, &n, EVP_sha1(), NULL) == 1 &&
           PKCS12_add_localkeyid(bag, id, (int)n) == 1 &&
           (p->name[0] == '\0' || PKCS12_add_friendlyname_utf8(
                                      bag, p->name, (int)strlen(p->name)) == 1);
}

static bool add_key(struct parts *parts, const struct bm_openssl_pkcs12 *p)
{
    X509_SIG *sealed = parse_sealed(p->sealed);
    PKCS12_SAFEBAG *bag =
        sealed == NULL ? NULL : PKCS12_SAFEBAG_create0_pkcs8(sealed);

    if (bag == NULL) {
        X509_SIG_free(sealed);
        return false;
    }
    parts->keys = sk_PKCS12_SAFEBAG_new_null();
    if (parts->keys == NULL || sk_PKCS12_SAFEBAG_push(parts->keys, bag) <= 0) {
        PKCS12_SAFEBAG_free(bag);
        return false;
    }
    return mark(bag, p);
}

static PKCS12_SAFEBAG *add_cert(struct parts *parts, const uint8_t **at,
                                const uint8_t *end)
{
    X509 *cert = d2i_X509(NULL, at, end - *at);
    PKCS12_SAFEBAG *bag =
        cert == NULL ? NULL : PKCS12_add_cert(&parts->certs, cert);

    X509_free(cert);
    return bag;
}

static bool add_certs(struct parts *parts, const struct bm_openssl_pkcs12 *p)
{
    const uint8_t *at = p->cert.p;
    const uint8_t *end = at + p->cert.n;
    PKCS12_SAFEBAG *bag = add_cert(parts, &at, end);

    if (bag == NULL || at != end || !mark(bag, p)) {
        return false;
    }
    at = p->chain.p;
    end = at + p->chain.n;
    while (at != end) {
        if (add_cert(parts, &at, end) == NULL) {
            return false;
        }
    }
    return true;
}

static bool make(struct parts *parts, const struct bm_openssl_pkcs12 *p)
{
    if (p->secret.n > INT_MAX || !add_key(parts, p) || !add_certs(parts, p) ||
        PKCS12_add_safe(&parts->safes, parts->certs, -1, 0, NULL) != 1 ||
        PKCS12_add_safe(&parts->safes, parts->keys, -1, 0, NULL) != 1) {
        return false;
    }
    parts->whole = PKCS12_add_safes(parts->safes, 0);
    return parts->whole != NULL &&
           PKCS12_set_mac(parts->whole, text_of(p->secret), (int)p->secret.n,
                          NULL, SALT_SIZE, BM_SEALED_ITERATIONS,
                          EVP_sha256()) == 1;
}

bm_status bm_openssl_put_pkcs12(const struct bm_openssl_pkcs12 *p,
                                struct bm_wr *w)
{
    struct parts parts = { NULL, NULL, NULL, NULL };
    unsigned char *der = NULL;
    int n = make(&parts, p) ? i2d_PKCS12(parts.whole, &der) : -1;

    PKCS12_free(parts.whole);
    sk_PKCS7_pop_free(parts.safes, PKCS7_free);
    sk_PKCS12_SAFEBAG_pop_free(parts.keys, PKCS12_SAFEBAG_free);
    sk_PKCS12_SAFEBAG_pop_free(parts.certs, PKCS12_SAFEBAG_free);
    return put_der(w, der, n);
}
