/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_OPENSSL_INTERNAL_H
#define BM_PORTS_OPENSSL_INTERNAL_H

#include <openssl/evp.h>

#include "ports/openssl/openssl.h"

/* What the files of this folder share, and nobody else needs. */

#define HASH_COUNT (BM_HASH_SHA512 + 1)
#define AEAD_COUNT (BM_AEAD_CHACHA20_POLY1305 + 1)

/* Running hashes at one time that cost no allocation. */
#define HASH_SPARE 4

/*
 * A key object of one curve, whose public point is replaced for each
 * verification, and the context that verifies with it.
 */
struct ec_slot {
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *ctx;
};

struct bm_openssl {
    struct bm_crypto crypto;
    EVP_MD *md[HASH_COUNT];
    EVP_MD_CTX *digest[HASH_COUNT]; /* for hash(): each stays initialised */
    EVP_MD_CTX *spare[HASH_SPARE];  /* for hash_begin() */
    EVP_CIPHER *cipher[AEAD_COUNT];
    EVP_CIPHER_CTX *cipher_ctx;
    EVP_MAC *hmac;
    EVP_KDF *hkdf;
    struct ec_slot p256;
    struct ec_slot p384;
    EVP_MD_CTX *verify_ctx; /* Ed25519, ML-DSA */
};

/* openssl_verify.c */
bm_status openssl_verify_init(struct bm_openssl *o);
void openssl_verify_wipe(struct bm_openssl *o);
bm_status openssl_verify(void *self, const struct bm_spki *key,
                         enum bm_sig_alg alg, struct bm_bytes message,
                         struct bm_bytes signature);
bm_status openssl_verify_hash(void *self, const struct bm_spki *key,
                              enum bm_sig_alg alg, struct bm_bytes digest,
                              struct bm_bytes signature);
bm_status openssl_check_key(void *self, const struct bm_spki *key);

/* openssl.c */
bm_status openssl_hash(void *self, enum bm_hash hash, struct bm_bytes message,
                       uint8_t *out);

/* openssl_kdf.c */
bm_status openssl_hmac(void *self, enum bm_hash hash, struct bm_bytes key,
                       struct bm_bytes message, uint8_t *out);
bm_status openssl_hkdf(void *self, const struct bm_hkdf_config *config,
                       uint8_t *out, size_t n);
bm_status openssl_seal(void *self, const struct bm_aead_config *config,
                       struct bm_bytes plain, uint8_t *out);
bm_status openssl_open(void *self, const struct bm_aead_config *config,
                       struct bm_bytes sealed, uint8_t *out);

/* A parameter that OpenSSL only reads; empty octets are fine. */
OSSL_PARAM openssl_octets(const char *name, struct bm_bytes b);

/*
 * openssl_params.c: what OpenSSL calls things.
 *
 * Names are NULL for what OpenSSL does not have. A context that is prepared
 * verifies or signs digests with `alg`.
 */
const char *openssl_hash_name(enum bm_hash hash);
const char *openssl_key_name(enum bm_key_type type);
enum openssl_use {
    OPENSSL_SIGN,
    OPENSSL_VERIFY
};
bm_status openssl_prepare(EVP_PKEY_CTX *ctx, enum openssl_use use,
                          enum bm_sig_alg alg);

/* openssl_rsa.c: BM_E_KEY_CLOSE for primes that Fermat's method finds. */
bm_status openssl_rsa_check_distance(struct bm_bytes modulus);

#endif
