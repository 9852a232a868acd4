/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/internal.h"

#define NONCE_SIZE 12

struct suite {
    psa_key_type_t type;
    psa_algorithm_t alg;
    size_t key_size;
};

static bm_status find_suite(const struct bm_aead_config *config,
                            struct suite *suite)
{
    switch (config->alg) {
    case BM_AEAD_AES128_GCM:
        *suite = (struct suite){ PSA_KEY_TYPE_AES, PSA_ALG_GCM, 16 };
        break;
    case BM_AEAD_AES256_GCM:
        *suite = (struct suite){ PSA_KEY_TYPE_AES, PSA_ALG_GCM, 32 };
        break;
#ifdef PSA_WANT_ALG_CHACHA20_POLY1305
    case BM_AEAD_CHACHA20_POLY1305:
        *suite = (struct suite){ PSA_KEY_TYPE_CHACHA20,
                                 PSA_ALG_CHACHA20_POLY1305, 32 };
        break;
#endif
    default:
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    if (config->key.n != suite->key_size || config->nonce.n != NONCE_SIZE) {
        return BM_E_ARGUMENT;
    }
    return BM_OK;
}

static bm_status import_key(const struct suite *suite, psa_key_usage_t usage,
                            struct bm_bytes key, psa_key_id_t *id)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;

    psa_set_key_type(&a, suite->type);
    psa_set_key_usage_flags(&a, usage);
    psa_set_key_algorithm(&a, suite->alg);
    return psa_import_key(&a, key.p, key.n, id) == PSA_SUCCESS ? BM_OK
                                                               : BM_E_CRYPTO;
}

bm_status mbedtls_seal(void *self, const struct bm_aead_config *config,
                       struct bm_bytes plain, uint8_t *out)
{
    struct suite suite;
    psa_key_id_t id = 0;
    psa_status_t status;
    size_t n;

    (void)self;
    BM_TRY(find_suite(config, &suite));
    if (plain.n > SIZE_MAX - BM_AEAD_TAG_SIZE) {
        return BM_E_LIMIT;
    }
    BM_TRY(import_key(&suite, PSA_KEY_USAGE_ENCRYPT, config->key, &id));
    status = psa_aead_encrypt(id, suite.alg, config->nonce.p, config->nonce.n,
                              config->aad.p, config->aad.n, plain.p, plain.n,
                              out, plain.n + BM_AEAD_TAG_SIZE, &n);
    (void)psa_destroy_key(id);
    if (status != PSA_SUCCESS) {
        bm_wipe(out, plain.n + BM_AEAD_TAG_SIZE);
        return BM_E_CRYPTO;
    }
    return BM_OK;
}

bm_status mbedtls_open(void *self, const struct bm_aead_config *config,
                       struct bm_bytes sealed, uint8_t *out)
{
    struct suite suite;
    psa_key_id_t id = 0;
    psa_status_t status;
    size_t n;

    (void)self;
    BM_TRY(find_suite(config, &suite));
    if (sealed.n < BM_AEAD_TAG_SIZE) {
        return BM_E_AEAD;
    }
    BM_TRY(import_key(&suite, PSA_KEY_USAGE_DECRYPT, config->key, &id));
    status = psa_aead_decrypt(id, suite.alg, config->nonce.p, config->nonce.n,
                              config->aad.p, config->aad.n, sealed.p, sealed.n,
                              out, sealed.n - BM_AEAD_TAG_SIZE, &n);
    (void)psa_destroy_key(id);
    if (status != PSA_SUCCESS) {
        bm_wipe(out, sealed.n - BM_AEAD_TAG_SIZE);
        return BM_E_AEAD;
    }
    return BM_OK;
}
