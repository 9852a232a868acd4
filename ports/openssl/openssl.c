/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/openssl/openssl.h"

#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "ports/openssl/internal.h"

/* A running hash is a context of OpenSSL's. */
_Static_assert(sizeof(void *) <= BM_HASH_STATE_SIZE, "no room for a pointer");

bm_status openssl_hash(void *self, enum bm_hash hash, struct bm_bytes message,
                       uint8_t *out)
{
    struct bm_openssl *o = self;
    EVP_MD_CTX *ctx;

    if (openssl_hash_name(hash) == NULL || o->digest[hash] == NULL) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    ctx = o->digest[hash];
    if (EVP_DigestInit_ex2(ctx, o->md[hash], NULL) != 1 ||
        EVP_DigestUpdate(ctx, message.p, message.n) != 1 ||
        EVP_DigestFinal_ex(ctx, out, NULL) != 1) {
        ERR_clear_error();
        return BM_E_CRYPTO;
    }
    return BM_OK;
}

static EVP_MD_CTX *take_spare(struct bm_openssl *o)
{
    for (size_t i = 0; i < HASH_SPARE; i++) {
        EVP_MD_CTX *ctx = o->spare[i];

        if (ctx != NULL) {
            o->spare[i] = NULL;
            return ctx;
        }
    }
    return EVP_MD_CTX_new();
}

/* Keep the context for the next hash; what it hashed may be a secret. */
static void give_spare(struct bm_openssl *o, EVP_MD_CTX *ctx)
{
    (void)EVP_MD_CTX_reset(ctx);
    for (size_t i = 0; i < HASH_SPARE; i++) {
        if (o->spare[i] == NULL) {
            o->spare[i] = ctx;
            return;
        }
    }
    EVP_MD_CTX_free(ctx);
}

static bm_status hash_begin(void *self, struct bm_hash_state *state,
                            enum bm_hash hash)
{
    struct bm_openssl *o = self;
    EVP_MD_CTX *ctx;

    state->hash = BM_HASH_NONE;
    if (openssl_hash_name(hash) == NULL || o->md[hash] == NULL) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    ctx = take_spare(o);
    if (ctx == NULL || EVP_DigestInit_ex2(ctx, o->md[hash], NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        ERR_clear_error();
        return BM_E_CRYPTO;
    }
    state->u.pointer = ctx;
    state->hash = hash;
    return BM_OK;
}

static bm_status hash_more(void *self, struct bm_hash_state *state,
                           struct bm_bytes data)
{
    (void)self;
    if (state->hash == BM_HASH_NONE) {
        return BM_E_ARGUMENT;
    }
    if (EVP_DigestUpdate(state->u.pointer, data.p, data.n) != 1) {
        ERR_clear_error();
        return BM_E_CRYPTO;
    }
    return BM_OK;
}

static bm_status hash_end(void *self, struct bm_hash_state *state, uint8_t *out)
{
    bm_status rc = BM_OK;

    if (state->hash == BM_HASH_NONE) {
        return out == NULL ? BM_OK : BM_E_ARGUMENT;
    }
    if (out != NULL && EVP_DigestFinal_ex(state->u.pointer, out, NULL) != 1) {
        ERR_clear_error();
        rc = BM_E_CRYPTO;
    }
    give_spare(self, state->u.pointer);
    state->u.pointer = NULL;
    state->hash = BM_HASH_NONE;
    return rc;
}

static bm_status random_octets(void *self, uint8_t *out, size_t n)
{
    (void)self;
    if (n != 0 && RAND_bytes_ex(NULL, out, n, 0) != 1) {
        ERR_clear_error();
        bm_wipe(out, n);
        return BM_E_RANDOM;
    }
    return BM_OK;
}

/*
 * A library in FIPS mode may lack some of these: what is missing is reported
 * when it is asked for.
 */
static bm_status fetch(struct bm_openssl *o)
{
    static const char *const ciphers[AEAD_COUNT] = {
        [BM_AEAD_AES128_GCM] = "AES-128-GCM",
        [BM_AEAD_AES256_GCM] = "AES-256-GCM",
        [BM_AEAD_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
    };

    for (size_t i = BM_HASH_SHA1; i < HASH_COUNT; i++) {
        o->md[i] = EVP_MD_fetch(NULL, openssl_hash_name((enum bm_hash)i), NULL);
        if (o->md[i] != NULL) {
            o->digest[i] = EVP_MD_CTX_new();
        }
    }
    for (size_t i = 0; i < AEAD_COUNT; i++) {
        o->cipher[i] = EVP_CIPHER_fetch(NULL, ciphers[i], NULL);
    }
    o->cipher_ctx = EVP_CIPHER_CTX_new();
    o->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    o->hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    ERR_clear_error();
    if (o->digest[BM_HASH_SHA256] == NULL || o->cipher_ctx == NULL ||
        o->hmac == NULL || o->hkdf == NULL) {
        return BM_E_CRYPTO;
    }
    return openssl_verify_init(o);
}

bm_status bm_openssl_new(struct bm_crypto **crypto)
{
    struct bm_openssl *o = OPENSSL_zalloc(sizeof *o);
    bm_status rc;

    *crypto = NULL;
    if (o == NULL) {
        return BM_E_CRYPTO;
    }
    o->crypto = (struct bm_crypto){
        .self = o,
        .hash = openssl_hash,
        .hash_begin = hash_begin,
        .hash_more = hash_more,
        .hash_end = hash_end,
        .verify = openssl_verify,
        .verify_hash = openssl_verify_hash,
        .check_key = openssl_check_key,
        .random = random_octets,
        .hmac = openssl_hmac,
        .hkdf = openssl_hkdf,
        .seal = openssl_seal,
        .open = openssl_open,
    };
    rc = fetch(o);
    if (rc != BM_OK) {
        bm_openssl_free(&o->crypto);
        return rc;
    }
    *crypto = &o->crypto;
    return BM_OK;
}

void bm_openssl_free(struct bm_crypto *crypto)
{
    struct bm_openssl *o;

    if (crypto == NULL) {
        return;
    }
    o = crypto->self;
    for (size_t i = 0; i < HASH_COUNT; i++) {
        EVP_MD_CTX_free(o->digest[i]);
        EVP_MD_free(o->md[i]);
    }
    for (size_t i = 0; i < HASH_SPARE; i++) {
        EVP_MD_CTX_free(o->spare[i]);
    }
    for (size_t i = 0; i < AEAD_COUNT; i++) {
        EVP_CIPHER_free(o->cipher[i]);
    }
    EVP_CIPHER_CTX_free(o->cipher_ctx);
    EVP_MAC_free(o->hmac);
    EVP_KDF_free(o->hkdf);
    openssl_verify_wipe(o);
    OPENSSL_free(o);
}
