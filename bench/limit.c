/* SPDX-License-Identifier: Apache-2.0 */

/* The limit of issuance, see bench.h. */
#include <openssl/evp.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "ports/openssl/openssl.h"

struct raw {
    struct bm_signer *key;
    EVP_PKEY_CTX *verify;
    EVP_PKEY_CTX *sign;
    uint8_t digest[32];
    uint8_t signature[80];
    size_t signature_n;
};

void *bench_raw_open(void)
{
    struct raw *r = calloc(1, sizeof *r);
    EVP_PKEY *key;

    bench_must(r != NULL &&
                   bm_openssl_signer_generate(BM_KEY_P256, 0, &r->key) == BM_OK,
               "key");
    key = bm_openssl_signer_pkey(r->key);
    r->verify = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    r->sign = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    r->signature_n = sizeof r->signature;
    bench_must(r->verify != NULL && r->sign != NULL &&
                   EVP_PKEY_verify_init(r->verify) == 1 &&
                   EVP_PKEY_sign_init(r->sign) == 1 &&
                   EVP_PKEY_sign(r->sign, r->signature, &r->signature_n,
                                 r->digest, sizeof r->digest) == 1,
               "contexts");
    return r;
}

void bench_raw_close(void *context)
{
    struct raw *r = context;

    EVP_PKEY_CTX_free(r->verify);
    EVP_PKEY_CTX_free(r->sign);
    bm_openssl_signer_free(r->key);
    free(r);
}

void bench_raw_verify(void *context)
{
    struct raw *r = context;

    bench_must(EVP_PKEY_verify(r->verify, r->signature, r->signature_n,
                               r->digest, sizeof r->digest) == 1,
               "verify");
}

void bench_raw_sign(void *context)
{
    struct raw *r = context;
    uint8_t signature[80];
    size_t n = sizeof signature;

    bench_must(
        EVP_PKEY_sign(r->sign, signature, &n, r->digest, sizeof r->digest) == 1,
        "sign");
}
