/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/internal.h"

#define POINT_SIZE 65

/* ECDSA signs the leftmost bits: any hash goes with P-256, if we have it. */
static bm_status import_point(const struct bm_spki *key, psa_algorithm_t alg,
                              psa_key_id_t *id)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;

    /* p256-m skips the first octet: the form is for us to check. */
    if (key->key.n != POINT_SIZE || key->key.p[0] != 0x04) {
        return BM_E_KEY_POINT;
    }
    psa_set_key_type(&a, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&a, 256);
    psa_set_key_usage_flags(&a, PSA_KEY_USAGE_VERIFY_HASH);
    psa_set_key_algorithm(&a, alg);
    switch (psa_import_key(&a, key->key.p, key->key.n, id)) {
    case PSA_SUCCESS:
        return BM_OK;
    case PSA_ERROR_INVALID_ARGUMENT:
        return BM_E_KEY_POINT; /* not on the curve */
    default:
        return BM_E_CRYPTO;
    }
}

bm_status mbedtls_verify_hash(void *self, const struct bm_spki *key,
                              enum bm_sig_alg alg, struct bm_bytes digest,
                              struct bm_bytes signature)
{
    enum bm_hash hash = bm_sig_alg_hash(alg);
    psa_algorithm_t psa = PSA_ALG_ECDSA(PSA_ALG_ANY_HASH);
    uint8_t raw[RAW_SIGNATURE_SIZE];
    psa_key_id_t id = 0;
    psa_status_t status;
    bm_status rc;

    (void)self;
    if (!bm_sig_alg_fits(alg, key->type)) {
        return BM_E_KEY_MISMATCH;
    }
    if (key->type != BM_KEY_P256 || mbedtls_hash_alg(hash) == 0) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    if (digest.n != bm_hash_len(hash)) {
        return BM_E_ARGUMENT;
    }
    if (mbedtls_sig_take(signature, raw) != BM_OK) {
        return BM_E_SIGNATURE;
    }
    psa = PSA_ALG_ECDSA(mbedtls_hash_alg(hash));
    rc = import_point(key, psa, &id);
    if (rc != BM_OK) {
        return rc == BM_E_KEY_POINT ? BM_E_SIGNATURE : rc;
    }
    status = psa_verify_hash(id, psa, digest.p, digest.n, raw, sizeof raw);
    (void)psa_destroy_key(id);
    return status == PSA_SUCCESS ? BM_OK : BM_E_SIGNATURE;
}

bm_status mbedtls_verify(void *self, const struct bm_spki *key,
                         enum bm_sig_alg alg, struct bm_bytes message,
                         struct bm_bytes signature)
{
    psa_algorithm_t hash = mbedtls_hash_alg(bm_sig_alg_hash(alg));
    uint8_t digest[BM_HASH_MAX];
    size_t n;

    if (!bm_sig_alg_fits(alg, key->type)) {
        return BM_E_KEY_MISMATCH;
    }
    if (hash == 0) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    if (psa_hash_compute(hash, message.p, message.n, digest, sizeof digest,
                         &n) != PSA_SUCCESS) {
        return BM_E_CRYPTO;
    }
    return mbedtls_verify_hash(self, key, alg, (struct bm_bytes){ digest, n },
                               signature);
}

bm_status mbedtls_check_key(void *self, const struct bm_spki *key)
{
    psa_key_id_t id = 0;

    (void)self;
    if (key->type != BM_KEY_P256) {
        return key->type == BM_KEY_UNKNOWN ? BM_E_KEY_UNSUPPORTED
                                           : BM_E_CRYPTO_UNSUPPORTED;
    }
    BM_TRY(import_point(key, PSA_ALG_ECDSA(PSA_ALG_SHA_256), &id));
    (void)psa_destroy_key(id);
    return BM_OK;
}
