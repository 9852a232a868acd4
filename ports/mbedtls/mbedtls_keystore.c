/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/mbedtls_keystore.h"

#include <psa/internal_trusted_storage.h>

#include "ports/mbedtls/internal.h"

static bm_status from_psa(psa_status_t status)
{
    switch (status) {
    case PSA_SUCCESS:
        return BM_OK;
    case PSA_ERROR_INVALID_HANDLE: /* Mbed TLS's word for it */
    case PSA_ERROR_DOES_NOT_EXIST:
        return BM_E_NOT_FOUND;
    case PSA_ERROR_ALREADY_EXISTS:
        return BM_E_EXISTS;
    case PSA_ERROR_INSUFFICIENT_ENTROPY:
        return BM_E_RANDOM;
    case PSA_ERROR_INSUFFICIENT_STORAGE:
    case PSA_ERROR_INSUFFICIENT_MEMORY: /* of an element's slots, or ours */
        return BM_E_LOG_FULL;
    case PSA_ERROR_COMMUNICATION_FAILURE:
        return BM_E_ELEMENT;
    case PSA_ERROR_HARDWARE_FAILURE:
        return BM_E_ELEMENT_ANSWER;
    case PSA_ERROR_DATA_CORRUPT: /* there was one, and it is gone */
    case PSA_ERROR_DATA_INVALID:
        return BM_E_LOG_READ;
    default:
        return BM_E_CRYPTO;
    }
}

static bm_status is_there(psa_key_id_t id)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    psa_status_t status = psa_get_key_attributes(id, &a);

    psa_reset_key_attributes(&a);
    return from_psa(status);
}

/* A persistent key, of noise that is good at this moment. */
static bm_status make(psa_key_attributes_t *a, psa_key_id_t id,
                      uint32_t lifetime, struct bm_mbedtls_noise *noise)
{
    bm_status rc = is_there(id);
    psa_status_t status;
    psa_key_id_t made;

    if (rc != BM_E_NOT_FOUND) {
        return rc == BM_OK ? BM_E_EXISTS : rc;
    }
    if (noise != NULL) {
        BM_TRY(bm_mbedtls_noise_fresh(noise));
    }
    psa_set_key_id(a, id);
    psa_set_key_lifetime(a, lifetime != 0 ? lifetime
                                          : PSA_KEY_LIFETIME_PERSISTENT);
    status = psa_generate_key(a, &made);
    /* Mbed TLS's word for whatever kept its storage from taking a key, which
     * is as a rule that there is no room. */
    return status == PSA_ERROR_DATA_INVALID ? BM_E_LOG_FULL : from_psa(status);
}

/*
 * A key whose record the flash has lost cannot be loaded, and what PSA cannot
 * load it does not destroy; its record can go all the same. Its name is the
 * key's (Mbed TLS, psa_crypto_storage.c).
 */
static bm_status destroy(psa_key_id_t id, bool in_flash)
{
    bm_status rc = from_psa(psa_destroy_key(id));

    if (rc == BM_E_LOG_READ && in_flash) {
        rc = from_psa(psa_its_remove(id));
    }
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static psa_key_id_t id_of(const struct bm_mbedtls_keystore *k,
                          enum bm_key_slot slot)
{
    return k->config.first_id + (psa_key_id_t)(slot - BM_KEY_SLOT_IDEVID);
}

static bool is_slot(enum bm_key_slot slot)
{
    return slot >= BM_KEY_SLOT_IDEVID && slot <= BM_KEY_SLOT_B;
}

static bm_status keystore_generate(void *self, enum bm_key_slot slot)
{
    struct bm_mbedtls_keystore *k = self;
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;

    if (!is_slot(slot)) {
        return BM_E_ARGUMENT;
    }
    mbedtls_key_pair(&a);
    return make(&a, id_of(k, slot), k->config.lifetime, k->config.noise);
}

static bm_status keystore_open(void *self, enum bm_key_slot slot,
                               const struct bm_signer **signer)
{
    struct bm_mbedtls_keystore *k = self;

    *signer = NULL;
    if (!is_slot(slot)) {
        return BM_E_ARGUMENT;
    }
    if (k->signers[slot].signer.sign == NULL) {
        BM_TRY(is_there(id_of(k, slot)));
        BM_TRY(bm_mbedtls_signer_open(&k->signers[slot], id_of(k, slot)));
    }
    *signer = &k->signers[slot].signer;
    return BM_OK;
}

static void keystore_close(void *self, enum bm_key_slot slot)
{
    struct bm_mbedtls_keystore *k = self;

    if (is_slot(slot)) {
        bm_mbedtls_signer_close(&k->signers[slot]);
        (void)psa_purge_key(id_of(k, slot));
    }
}

static bm_status keystore_destroy(void *self, enum bm_key_slot slot)
{
    struct bm_mbedtls_keystore *k = self;
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;

    if (!is_slot(slot)) {
        return BM_E_ARGUMENT;
    }
    if (psa_get_key_attributes(id_of(k, slot), &a) == PSA_SUCCESS &&
        psa_get_key_type(&a) !=
            PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1)) {
        psa_reset_key_attributes(&a);
        return BM_E_KEY_UNSUPPORTED; /* somebody else's, by a wrong first_id */
    }
    psa_reset_key_attributes(&a);
    bm_mbedtls_signer_close(&k->signers[slot]);
    return destroy(id_of(k, slot), k->config.place == BM_KEY_PLACE_FLASH);
}

void bm_mbedtls_keystore_init(struct bm_mbedtls_keystore *k,
                              const struct bm_mbedtls_keystore_config *config)
{
    *k = (struct bm_mbedtls_keystore){
        .keystore = { k, config->place, keystore_generate, keystore_open,
                      keystore_close, keystore_destroy },
        .config = *config,
    };
}

#define SECRET_BITS 256

/*
 * RFC 5869 2.3 with L = 32 = HashLen: OKM = T(1) = HMAC(PRK, info | 0x01),
 * and the PRK never leaves PSA.
 */
static psa_status_t expand(psa_mac_operation_t *op, struct bm_bytes label,
                           uint8_t out[32])
{
    static const uint8_t one = 1;
    psa_status_t status = psa_mac_update(op, label.p, label.n);
    size_t n;

    if (status == PSA_SUCCESS) {
        status = psa_mac_update(op, &one, sizeof one);
    }
    if (status == PSA_SUCCESS) {
        status = psa_mac_sign_finish(op, out, 32, &n);
    }
    return status;
}

static bm_status secret_derive(void *self, struct bm_bytes label,
                               uint8_t out[32])
{
    const struct bm_mbedtls_secret *s = self;
    psa_mac_operation_t op = PSA_MAC_OPERATION_INIT;
    psa_status_t status = psa_mac_sign_setup(&op, s->config.key_id,
                                             PSA_ALG_HMAC(PSA_ALG_SHA_256));

    if (status == PSA_SUCCESS) {
        status = expand(&op, label, out);
    }
    if (status != PSA_SUCCESS) {
        bm_wipe(out, 32);
    }
    (void)psa_mac_abort(&op);
    return from_psa(status);
}

bm_status bm_mbedtls_secret_open(struct bm_mbedtls_secret *s,
                                 const struct bm_mbedtls_secret_config *config)
{
    *s = (struct bm_mbedtls_secret){ 0 };
    BM_TRY(is_there(config->key_id));
    s->config = *config;
    s->secret = (struct bm_secret){ s, config->kind, secret_derive };
    return BM_OK;
}

bm_status bm_mbedtls_secret_make(const struct bm_mbedtls_secret_config *config)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;

    psa_set_key_type(&a, PSA_KEY_TYPE_HMAC);
    psa_set_key_bits(&a, SECRET_BITS);
    psa_set_key_usage_flags(&a, PSA_KEY_USAGE_SIGN_MESSAGE);
    psa_set_key_algorithm(&a, PSA_ALG_HMAC(PSA_ALG_SHA_256));
    return make(&a, config->key_id, config->lifetime, config->noise);
}

bm_status
bm_mbedtls_secret_destroy(const struct bm_mbedtls_secret_config *config)
{
    return destroy(config->key_id, config->kind == BM_VAULT_PLAINTEXT);
}
