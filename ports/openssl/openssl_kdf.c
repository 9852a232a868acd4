/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Everything with a secret key but signatures. Contexts that held a key are
 * not kept: OpenSSL wipes them when they are released or reset.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <limits.h>
#include <string.h>

#include "ports/openssl/internal.h"

/* RFC 5869 2.3: L <= 255 * HashLen */
#define HKDF_BLOCKS_MAX 255

#define NONCE_SIZE 12

/* OpenSSL takes parameters without const and only reads them. */
static void *unconst(const void *p)
{
    union {
        const void *in;
        void *out;
    } u = { .in = p };

    return u.out;
}

OSSL_PARAM openssl_octets(const char *name, struct bm_bytes b)
{
    return OSSL_PARAM_construct_octet_string(
        name, unconst(b.n == 0 ? (const uint8_t *)"" : b.p), b.n);
}

bm_status openssl_hmac(void *self, enum bm_hash hash, struct bm_bytes key,
                       struct bm_bytes message, uint8_t *out)
{
    struct bm_openssl *o = self;
    const char *name = openssl_hash_name(hash);
    const uint8_t *k = key.n == 0 ? (const uint8_t *)"" : key.p;
    EVP_MAC_CTX *ctx = NULL;
    OSSL_PARAM params[2];
    size_t n = 0;
    bm_status rc = BM_E_CRYPTO;

    if (name == NULL) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 unconst(name), 0);
    params[1] = OSSL_PARAM_construct_end();
    ctx = EVP_MAC_CTX_new(o->hmac);
    if (ctx == NULL || EVP_MAC_init(ctx, k, key.n, params) != 1 ||
        (message.n != 0 && EVP_MAC_update(ctx, message.p, message.n) != 1) ||
        EVP_MAC_final(ctx, out, &n, bm_hash_len(hash)) != 1) {
        ERR_clear_error();
        goto out;
    }
    rc = BM_OK;

out:
    EVP_MAC_CTX_free(ctx);
    return rc;
}

bm_status openssl_hkdf(void *self, const struct bm_hkdf_config *config,
                       uint8_t *out, size_t n)
{
    struct bm_openssl *o = self;
    const char *name = openssl_hash_name(config->hash);
    EVP_KDF_CTX *ctx = NULL;
    OSSL_PARAM params[5];
    bm_status rc = BM_E_CRYPTO;

    if (name == NULL) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    if (n == 0 || n > HKDF_BLOCKS_MAX * bm_hash_len(config->hash) ||
        config->secret.n == 0) {
        return BM_E_ARGUMENT;
    }
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                                 unconst(name), 0);
    params[1] = openssl_octets(OSSL_KDF_PARAM_KEY, config->secret);
    params[2] = openssl_octets(OSSL_KDF_PARAM_SALT, config->salt);
    params[3] = openssl_octets(OSSL_KDF_PARAM_INFO, config->info);
    params[4] = OSSL_PARAM_construct_end();
    ctx = EVP_KDF_CTX_new(o->hkdf);
    if (ctx == NULL || EVP_KDF_derive(ctx, out, n, params) != 1) {
        ERR_clear_error();
        OPENSSL_cleanse(out, n);
        goto out;
    }
    rc = BM_OK;

out:
    EVP_KDF_CTX_free(ctx);
    return rc;
}

static bm_status aead_check(const struct bm_openssl *o,
                            const struct bm_aead_config *config)
{
    const EVP_CIPHER *cipher;

    if ((unsigned)config->alg >= AEAD_COUNT || o->cipher[config->alg] == NULL) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    cipher = o->cipher[config->alg];
    if (config->key.n != (size_t)EVP_CIPHER_get_key_length(cipher) ||
        config->nonce.n != NONCE_SIZE || config->aad.n > INT_MAX) {
        return BM_E_ARGUMENT;
    }
    return BM_OK;
}

static bool feed(EVP_CIPHER_CTX *ctx, uint8_t *out, struct bm_bytes in)
{
    int n = 0;

    return in.n == 0 || (EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) == 1 &&
                         (size_t)n == in.n);
}

bm_status openssl_seal(void *self, const struct bm_aead_config *config,
                       struct bm_bytes plain, uint8_t *out)
{
    struct bm_openssl *o = self;
    EVP_CIPHER_CTX *ctx = o->cipher_ctx;
    uint8_t none[1];
    int n = 0;
    bm_status rc;

    BM_TRY(aead_check(o, config));
    if (plain.n > INT_MAX - BM_AEAD_TAG_SIZE) {
        return BM_E_LIMIT;
    }
    rc = BM_E_CRYPTO;
    if (EVP_EncryptInit_ex2(ctx, o->cipher[config->alg], config->key.p,
                            config->nonce.p, NULL) == 1 &&
        feed(ctx, NULL, config->aad) && feed(ctx, out, plain) &&
        EVP_EncryptFinal_ex(ctx, none, &n) == 1 && n == 0 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, BM_AEAD_TAG_SIZE,
                            out + plain.n) == 1) {
        rc = BM_OK;
    } else {
        ERR_clear_error();
        OPENSSL_cleanse(out, plain.n + BM_AEAD_TAG_SIZE);
    }
    (void)EVP_CIPHER_CTX_reset(ctx);
    return rc;
}

bm_status openssl_open(void *self, const struct bm_aead_config *config,
                       struct bm_bytes sealed, uint8_t *out)
{
    struct bm_openssl *o = self;
    EVP_CIPHER_CTX *ctx = o->cipher_ctx;
    uint8_t tag[BM_AEAD_TAG_SIZE];
    uint8_t none[1];
    struct bm_bytes body;
    int n = 0;
    bm_status rc;

    BM_TRY(aead_check(o, config));
    if (sealed.n < sizeof tag) {
        return BM_E_AEAD;
    }
    if (sealed.n > INT_MAX) {
        return BM_E_LIMIT;
    }
    body = (struct bm_bytes){ sealed.p, sealed.n - sizeof tag };
    memcpy(tag, sealed.p + body.n, sizeof tag);
    rc = BM_E_AEAD;
    if (EVP_DecryptInit_ex2(ctx, o->cipher[config->alg], config->key.p,
                            config->nonce.p, NULL) == 1 &&
        feed(ctx, NULL, config->aad) && feed(ctx, out, body) &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1 &&
        EVP_DecryptFinal_ex(ctx, none, &n) == 1 && n == 0) {
        rc = BM_OK;
    } else {
        ERR_clear_error();
        OPENSSL_cleanse(out, body.n);
    }
    (void)EVP_CIPHER_CTX_reset(ctx);
    return rc;
}
