/* SPDX-License-Identifier: Apache-2.0 */

/*
 * HMAC by PSA, and HKDF on top of it. PSA has HKDF too, but Mbed TLS's takes
 * its info from the heap, and costs 2 KB.
 */
#include <string.h>

#include "ports/mbedtls/internal.h"

/* RFC 5869 2.3: L <= 255 * HashLen */
#define HKDF_BLOCKS_MAX 255

/*
 * RFC 2104 2: a key longer than the hash's block is replaced by its hash,
 * which keeps it within a slot; a shorter one is padded with zeros, so that
 * one zero is the empty key that PSA does not take.
 */
static bm_status import_secret(psa_algorithm_t hash, struct bm_bytes key,
                               psa_key_id_t *id)
{
    static const uint8_t empty[1];
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    uint8_t digest[BM_HASH_MAX];
    bm_status rc = BM_E_CRYPTO;

    if (key.n == 0) {
        key = (struct bm_bytes){ empty, sizeof empty };
    }
    if (key.n > PSA_HASH_BLOCK_LENGTH(hash)) {
        size_t n;

        if (psa_hash_compute(hash, key.p, key.n, digest, sizeof digest, &n) !=
            PSA_SUCCESS) {
            goto out;
        }
        key = (struct bm_bytes){ digest, n };
    }
    psa_set_key_type(&a, PSA_KEY_TYPE_HMAC);
    psa_set_key_usage_flags(&a, PSA_KEY_USAGE_SIGN_MESSAGE);
    psa_set_key_algorithm(&a, PSA_ALG_HMAC(hash));
    if (psa_import_key(&a, key.p, key.n, id) == PSA_SUCCESS) {
        rc = BM_OK;
    }

out:
    bm_wipe(digest, sizeof digest);
    return rc;
}

bm_status mbedtls_hmac(void *self, enum bm_hash hash, struct bm_bytes key,
                       struct bm_bytes message, uint8_t *out)
{
    psa_algorithm_t psa = mbedtls_hash_alg(hash);
    psa_key_id_t id = 0;
    psa_status_t status;
    size_t n;

    (void)self;
    if (psa == 0) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    BM_TRY(import_secret(psa, key, &id));
    status = psa_mac_compute(id, PSA_ALG_HMAC(psa), message.p, message.n, out,
                             bm_hash_len(hash), &n);
    (void)psa_destroy_key(id);
    return status == PSA_SUCCESS ? BM_OK : BM_E_CRYPTO;
}

/* RFC 5869 2.3: T(i) = HMAC-Hash(PRK, T(i - 1) | info | i), in place. */
static psa_status_t expand_block(psa_key_id_t prk, psa_algorithm_t psa,
                                 const struct bm_hkdf_config *config, uint8_t i,
                                 uint8_t t[BM_HASH_MAX])
{
    psa_mac_operation_t op = PSA_MAC_OPERATION_INIT;
    size_t n = bm_hash_len(config->hash);
    psa_status_t status = psa_mac_sign_setup(&op, prk, PSA_ALG_HMAC(psa));

    if (status == PSA_SUCCESS && i > 1) {
        status = psa_mac_update(&op, t, n);
    }
    if (status == PSA_SUCCESS && config->info.n != 0) {
        status = psa_mac_update(&op, config->info.p, config->info.n);
    }
    if (status == PSA_SUCCESS) {
        status = psa_mac_update(&op, &i, 1);
    }
    if (status == PSA_SUCCESS) {
        status = psa_mac_sign_finish(&op, t, BM_HASH_MAX, &n);
    }
    (void)psa_mac_abort(&op);
    return status;
}

static bm_status expand(psa_key_id_t prk, const struct bm_hkdf_config *config,
                        uint8_t *out, size_t n)
{
    psa_algorithm_t psa = mbedtls_hash_alg(config->hash);
    size_t len = bm_hash_len(config->hash);
    uint8_t t[BM_HASH_MAX];
    uint8_t *p = out;
    size_t left = n;
    bm_status rc = BM_E_CRYPTO;

    for (uint8_t i = 1; left > 0; i++) {
        size_t part = left < len ? left : len;

        if (expand_block(prk, psa, config, i, t) != PSA_SUCCESS) {
            bm_wipe(out, n);
            goto out;
        }
        memcpy(p, t, part);
        p += part;
        left -= part;
    }
    rc = BM_OK;

out:
    bm_wipe(t, sizeof t);
    return rc;
}

bm_status mbedtls_hkdf(void *self, const struct bm_hkdf_config *config,
                       uint8_t *out, size_t n)
{
    psa_algorithm_t psa = mbedtls_hash_alg(config->hash);
    size_t len = bm_hash_len(config->hash);
    uint8_t prk[BM_HASH_MAX];
    psa_key_id_t id = 0;
    bm_status rc;

    if (psa == 0) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    if (n == 0 || n > HKDF_BLOCKS_MAX * len || config->secret.n == 0) {
        return BM_E_ARGUMENT;
    }
    /* 2.2: PRK = HMAC-Hash(salt, IKM); no salt is the empty key. */
    rc = mbedtls_hmac(self, config->hash, config->salt, config->secret, prk);
    if (rc != BM_OK) {
        goto out;
    }
    rc = import_secret(psa, (struct bm_bytes){ prk, len }, &id);
    if (rc != BM_OK) {
        goto out;
    }
    rc = expand(id, config, out, n);
    (void)psa_destroy_key(id);

out:
    bm_wipe(prk, sizeof prk);
    return rc;
}
