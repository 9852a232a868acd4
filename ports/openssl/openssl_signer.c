/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Private keys held by OpenSSL in this process. ECDSA and RSA sign a digest
 * through a context that is prepared once: 20 us for P-256, where a fresh
 * EVP_DigestSign costs 25.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <limits.h>

#include "ports/openssl/internal.h"

struct openssl_signer {
    struct bm_signer signer;
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *ctx;  /* prepared to sign digests; NULL for Ed25519... */
    EVP_MD_CTX *digest; /* hashes messages, or signs them whole */
    EVP_MD *md;         /* of signer.alg; NULL for Ed25519... */
    uint8_t *spki;      /* what signer.key points into */
};

static bm_status sign_hash(void *self, struct bm_bytes digest,
                           struct bm_wr *sig)
{
    struct openssl_signer *s = self;
    uint8_t buf[BM_SIGNATURE_MAX];
    size_t n = sizeof buf;

    if (digest.n != bm_hash_len(bm_sig_alg_hash(s->signer.alg))) {
        return BM_E_ARGUMENT;
    }
    if (EVP_PKEY_sign(s->ctx, buf, &n, digest.p, digest.n) != 1) {
        ERR_clear_error();
        return BM_E_CRYPTO;
    }
    bm_wr_put(sig, (struct bm_bytes){ buf, n });
    return BM_OK;
}

static bm_status sign(void *self, struct bm_bytes message, struct bm_wr *sig)
{
    struct openssl_signer *s = self;
    uint8_t digest[BM_HASH_MAX];
    unsigned n = 0;

    if (EVP_DigestInit_ex2(s->digest, s->md, NULL) != 1 ||
        EVP_DigestUpdate(s->digest, message.p, message.n) != 1 ||
        EVP_DigestFinal_ex(s->digest, digest, &n) != 1) {
        ERR_clear_error();
        return BM_E_CRYPTO;
    }
    return sign_hash(self, (struct bm_bytes){ digest, n }, sig);
}

/* Ed25519 and ML-DSA take the message, not a hash of it. */
static bm_status sign_whole(void *self, struct bm_bytes message,
                            struct bm_wr *sig)
{
    struct openssl_signer *s = self;
    uint8_t buf[BM_SIGNATURE_MAX];
    size_t n = sizeof buf;
    bm_status rc = BM_E_CRYPTO;

    if (EVP_DigestSignInit_ex(s->digest, NULL, NULL, NULL, NULL, s->pkey,
                              NULL) != 1 ||
        EVP_DigestSign(s->digest, buf, &n, message.p, message.n) != 1) {
        ERR_clear_error();
        goto out;
    }
    bm_wr_put(sig, (struct bm_bytes){ buf, n });
    rc = BM_OK;

out:
    (void)EVP_MD_CTX_reset(s->digest);
    return rc;
}

bm_status bm_openssl_signer_use(struct bm_signer *signer, enum bm_sig_alg alg)
{
    struct openssl_signer *s = signer->self;
    enum bm_hash hash = bm_sig_alg_hash(alg);
    EVP_PKEY_CTX *ctx = NULL;
    EVP_MD *md = NULL;
    bm_status rc = BM_E_CRYPTO;

    if (!bm_sig_alg_fits(alg, s->signer.key.type)) {
        return BM_E_KEY_MISMATCH;
    }
    if (hash != BM_HASH_NONE) {
        md = EVP_MD_fetch(NULL, openssl_hash_name(hash), NULL);
        ctx = EVP_PKEY_CTX_new_from_pkey(NULL, s->pkey, NULL);
        if (md == NULL || ctx == NULL ||
            openssl_prepare(ctx, OPENSSL_SIGN, alg) != BM_OK) {
            ERR_clear_error();
            goto out;
        }
    }
    EVP_MD_free(s->md);
    EVP_PKEY_CTX_free(s->ctx);
    s->md = md;
    s->ctx = ctx;
    md = NULL;
    ctx = NULL;
    s->signer.alg = alg;
    s->signer.sign = s->md != NULL ? sign : sign_whole;
    s->signer.sign_hash = s->md != NULL ? sign_hash : NULL;
    rc = BM_OK;

out:
    EVP_MD_free(md);
    EVP_PKEY_CTX_free(ctx);
    return rc;
}

/* RFC 5480 2.2: only the uncompressed form must be understood by everybody. */
static bm_status read_public_key(struct openssl_signer *s)
{
    struct bm_bytes der;
    int n;

    if (EVP_PKEY_is_a(s->pkey, "EC") &&
        EVP_PKEY_set_utf8_string_param(
            s->pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
            OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) != 1) {
        return BM_E_CRYPTO;
    }
    n = i2d_PUBKEY(s->pkey, &s->spki);
    if (n <= 0) {
        return BM_E_CRYPTO;
    }
    der = (struct bm_bytes){ s->spki, (size_t)n };
    BM_TRY(bm_spki_parse(der, NULL, &s->signer.key));
    return s->signer.key.type == BM_KEY_UNKNOWN ? BM_E_KEY_UNSUPPORTED : BM_OK;
}

bm_status bm_openssl_signer_from_pkey(EVP_PKEY *pkey, struct bm_signer **signer)
{
    struct openssl_signer *s = OPENSSL_zalloc(sizeof *s);
    bm_status rc = BM_E_CRYPTO;

    *signer = NULL;
    if (s == NULL) {
        goto out;
    }
    s->signer.self = s;
    if (EVP_PKEY_up_ref(pkey) != 1) {
        goto out;
    }
    s->pkey = pkey;
    s->digest = EVP_MD_CTX_new();
    if (s->digest == NULL) {
        goto out;
    }
    rc = read_public_key(s);
    if (rc != BM_OK) {
        goto out;
    }
    rc = bm_openssl_signer_use(&s->signer, bm_sig_alg_for(s->signer.key.type));
    if (rc != BM_OK) {
        goto out;
    }
    *signer = &s->signer;
    s = NULL;

out:
    if (rc != BM_OK) {
        ERR_clear_error();
    }
    bm_openssl_signer_free(s == NULL ? NULL : &s->signer);
    return rc;
}

static EVP_PKEY *generate(enum bm_key_type type, unsigned rsa_bits)
{
    size_t bits = rsa_bits;

    switch (type) {
    case BM_KEY_P256:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    case BM_KEY_P384:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    case BM_KEY_RSA:
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
    default: {
        EVP_PKEY_CTX *ctx =
            EVP_PKEY_CTX_new_from_name(NULL, openssl_key_name(type), NULL);
        EVP_PKEY *pkey = NULL;

        if (ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1) {
            (void)EVP_PKEY_generate(ctx, &pkey);
        }
        EVP_PKEY_CTX_free(ctx);
        return pkey;
    }
    }
}

bm_status bm_openssl_signer_generate(enum bm_key_type type, unsigned rsa_bits,
                                     struct bm_signer **signer)
{
    EVP_PKEY *pkey;
    bm_status rc;

    *signer = NULL;
    if (openssl_key_name(type) == NULL) {
        return BM_E_KEY_UNSUPPORTED;
    }
    if (type == BM_KEY_RSA &&
        (rsa_bits < BM_RSA_BITS_MIN || rsa_bits > BM_RSA_BITS_MAX)) {
        return BM_E_ARGUMENT;
    }
    pkey = generate(type, rsa_bits);
    if (pkey == NULL) {
        ERR_clear_error();
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    rc = bm_openssl_signer_from_pkey(pkey, signer);
    EVP_PKEY_free(pkey);
    return rc;
}

/* OpenSSL's own callback would ask on the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)arg;
    return -1;
}

bm_status bm_openssl_signer_from_pem(struct bm_bytes pem,
                                     struct bm_signer **signer)
{
    BIO *bio = NULL;
    EVP_PKEY *pkey = NULL;
    bm_status rc = BM_E_CRYPTO;

    *signer = NULL;
    if (pem.n > INT_MAX) {
        return BM_E_LIMIT;
    }
    bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    if (bio == NULL) {
        goto out;
    }
    pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    if (pkey == NULL) {
        ERR_clear_error();
        rc = BM_E_KEY_UNSUPPORTED;
        goto out;
    }
    rc = bm_openssl_signer_from_pkey(pkey, signer);

out:
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    return rc;
}

bm_status bm_openssl_signer_put_pem(const struct bm_signer *signer,
                                    struct bm_wr *w)
{
    const struct openssl_signer *s = signer->self;
    BIO *bio = BIO_new(BIO_s_secmem());
    char *p = NULL;
    long n;
    bm_status rc = BM_E_CRYPTO;

    if (bio == NULL || PEM_write_bio_PKCS8PrivateKey(bio, s->pkey, NULL, NULL,
                                                     0, NULL, NULL) != 1) {
        ERR_clear_error();
        goto out;
    }
    n = BIO_get_mem_data(bio, &p);
    bm_wr_put(w, (struct bm_bytes){ (const uint8_t *)p, (size_t)n });
    rc = BM_OK;

out:
    BIO_free(bio); /* secure memory buffers are wiped when released */
    return rc;
}

EVP_PKEY *bm_openssl_signer_pkey(const struct bm_signer *signer)
{
    const struct openssl_signer *s = signer->self;

    return s->pkey;
}

void bm_openssl_signer_free(struct bm_signer *signer)
{
    struct openssl_signer *s;

    if (signer == NULL) {
        return;
    }
    s = signer->self;
    EVP_PKEY_CTX_free(s->ctx);
    EVP_MD_CTX_free(s->digest);
    EVP_MD_free(s->md);
    EVP_PKEY_free(s->pkey);
    OPENSSL_free(s->spki);
    OPENSSL_free(s);
}
