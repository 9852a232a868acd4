/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/internal.h"

#define POINT_SIZE 65

/* Ecdsa-Sig-Value of P-256: two INTEGERs of at most 33 octets. */
#define DER_SIGNATURE_MAX 72

/* What PSA lets these keys do: ECDSA with random nonces over SHA-256. */
#define SIGN_ALG PSA_ALG_ECDSA(PSA_ALG_SHA_256)

/* What PSA says of a key that is somewhere else; of our own it never does. */
static bm_status refused(psa_status_t status)
{
    switch (status) {
    case PSA_ERROR_INVALID_HANDLE:
    case PSA_ERROR_DOES_NOT_EXIST:
        return BM_E_NOT_FOUND;
    case PSA_ERROR_DATA_CORRUPT:
        return BM_E_LOG_READ;
    case PSA_ERROR_COMMUNICATION_FAILURE:
        return BM_E_ELEMENT;
    case PSA_ERROR_HARDWARE_FAILURE:
        return BM_E_ELEMENT_ANSWER;
    default:
        return BM_E_CRYPTO;
    }
}

/*
 * What an element signed is verified before anybody uses it: one that errs,
 * or that showed a key other than the one it signs with, must not get that into
 * a certificate request.
 */
static bm_status is_signed(const struct bm_mbedtls_signer *s,
                           struct bm_bytes digest, struct bm_bytes signature)
{
    return mbedtls_verify_hash(NULL, &s->signer.key, BM_SIG_ECDSA_SHA256,
                               digest, signature) == BM_OK
               ? BM_OK
               : BM_E_ELEMENT_ANSWER;
}

static bm_status sign_hash(void *self, struct bm_bytes digest,
                           struct bm_wr *sig)
{
    const struct bm_mbedtls_signer *s = self;
    uint8_t raw[RAW_SIGNATURE_SIZE];
    uint8_t der[DER_SIGNATURE_MAX];
    struct bm_wr w;
    psa_status_t status;
    size_t n;

    if (digest.n != PSA_HASH_LENGTH(PSA_ALG_SHA_256)) {
        return BM_E_ARGUMENT;
    }
    status = psa_sign_hash(s->key, SIGN_ALG, digest.p, digest.n, raw,
                           sizeof raw, &n);
    if (status != PSA_SUCCESS) {
        return refused(status);
    }
    if (n != sizeof raw) {
        return BM_E_ELEMENT_ANSWER;
    }
    bm_wr_init(&w, der, sizeof der);
    mbedtls_sig_put(&w, raw);
    if (s->elsewhere) {
        BM_TRY(is_signed(s, digest, bm_wr_bytes(&w)));
    }
    bm_wr_put(sig, bm_wr_bytes(&w));
    return BM_OK;
}

static bm_status sign(void *self, struct bm_bytes message, struct bm_wr *sig)
{
    uint8_t digest[PSA_HASH_LENGTH(PSA_ALG_SHA_256)];
    size_t n;

    if (psa_hash_compute(PSA_ALG_SHA_256, message.p, message.n, digest,
                         sizeof digest, &n) != PSA_SUCCESS) {
        return BM_E_CRYPTO;
    }
    return sign_hash(self, (struct bm_bytes){ digest, n }, sig);
}

/* An element that does not answer is known by its word alone: PSA has asked it
 * already when we ask PSA where the key is. */
static bool is_of_an_element(const struct bm_mbedtls_signer *s,
                             psa_status_t status)
{
    return s->elsewhere || status == PSA_ERROR_COMMUNICATION_FAILURE ||
           status == PSA_ERROR_HARDWARE_FAILURE;
}

/* Read the public half and fill in the rest; PSA owns the private one. */
static bm_status fill_in(struct bm_mbedtls_signer *s)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    uint8_t point[POINT_SIZE];
    struct bm_wr w;
    size_t n;
    psa_status_t status = psa_get_key_attributes(s->key, &a);
    bm_status rc;

    s->elsewhere = PSA_KEY_LIFETIME_GET_LOCATION(psa_get_key_lifetime(&a)) !=
                   PSA_KEY_LOCATION_LOCAL_STORAGE;
    psa_reset_key_attributes(&a);
    if (status == PSA_SUCCESS) {
        status = psa_export_public_key(s->key, point, sizeof point, &n);
    }
    if (status != PSA_SUCCESS) {
        return is_of_an_element(s, status) ? refused(status)
                                           : BM_E_KEY_UNSUPPORTED;
    }
    if (n != sizeof point) {
        return BM_E_KEY_UNSUPPORTED;
    }
    bm_wr_init(&w, s->spki, sizeof s->spki);
    bm_spki_put(&w, BM_KEY_P256, BM_ARRAY(point));
    BM_TRY(bm_wr_finish(&w, &n));
    rc = bm_spki_parse(bm_wr_bytes(&w), NULL, &s->signer.key);
    if (s->elsewhere &&
        (rc != BM_OK || mbedtls_check_key(NULL, &s->signer.key) != BM_OK)) {
        return BM_E_ELEMENT_ANSWER;
    }
    BM_TRY(rc);
    s->signer.self = s;
    s->signer.alg = BM_SIG_ECDSA_SHA256;
    s->signer.sign = sign;
    s->signer.sign_hash = sign_hash;
    return BM_OK;
}

bool mbedtls_signer_key(const struct bm_signer *signer, psa_key_id_t *key)
{
    if (signer->sign_hash != sign_hash) {
        return false;
    }
    *key = ((const struct bm_mbedtls_signer *)signer->self)->key;
    return true;
}

void mbedtls_key_pair(psa_key_attributes_t *a)
{
    psa_set_key_type(a, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(a, 256);
    psa_set_key_usage_flags(a, PSA_KEY_USAGE_SIGN_HASH);
    psa_set_key_algorithm(a, SIGN_ALG);
}

/* Keep the new key, or let go of it. */
static bm_status adopt(struct bm_mbedtls_signer *s, psa_key_id_t key,
                       psa_status_t status)
{
    bm_status rc;

    *s = (struct bm_mbedtls_signer){ 0 };
    if (status != PSA_SUCCESS) {
        return status == PSA_ERROR_INVALID_ARGUMENT ? BM_E_ARGUMENT
                                                    : BM_E_CRYPTO;
    }
    s->key = key;
    s->owned = true;
    rc = fill_in(s);
    if (rc != BM_OK) {
        bm_mbedtls_signer_close(s);
    }
    return rc;
}

bm_status bm_mbedtls_signer_open(struct bm_mbedtls_signer *s, uint32_t key_id)
{
    bm_status rc;

    *s = (struct bm_mbedtls_signer){ .key = key_id };
    rc = fill_in(s);
    if (rc != BM_OK) {
        *s = (struct bm_mbedtls_signer){ 0 };
    }
    return rc;
}

bm_status bm_mbedtls_signer_generate(struct bm_mbedtls_signer *s)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key = 0;
    psa_status_t status;

    mbedtls_key_pair(&a);
    status = psa_generate_key(&a, &key);
    return adopt(s, key, status);
}

bm_status bm_mbedtls_signer_import(struct bm_mbedtls_signer *s,
                                   const uint8_t scalar[BM_MBEDTLS_SCALAR_SIZE])
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key = 0;
    psa_status_t status;

    mbedtls_key_pair(&a);
    status = psa_import_key(&a, scalar, BM_MBEDTLS_SCALAR_SIZE, &key);
    return adopt(s, key, status);
}

void bm_mbedtls_signer_close(struct bm_mbedtls_signer *s)
{
    if (s->owned) {
        (void)psa_destroy_key(s->key);
    }
    *s = (struct bm_mbedtls_signer){ 0 };
}
