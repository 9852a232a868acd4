/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_MBEDTLS_KEYSTORE_H
#define BM_PORTS_MBEDTLS_MBEDTLS_KEYSTORE_H

#include "device/keystore.h"
#include "device/vault.h"
#include "ports/mbedtls/mbedtls.h"
#include "ports/mbedtls/mbedtls_noise.h"

/*
 * Private keys of a device as persistent PSA keys: device/keystore.h, and the
 * secret of device/vault.h. They sign (or derive) and nothing else; PSA does
 * not export them. Where PSA keeps them is PSA's affair: in the log of
 * mbedtls_its.h, in the secure world, in a secure element.
 *
 * All of it needs bm_mbedtls_open() first, and the caller's memory for as
 * long as it is used; one thread.
 */
struct bm_mbedtls_keystore_config {
    /* PSA key identifier of the IDevID's slot, 1 to 0x3ffffffd (with the
     * storage of mbedtls_its.h less than BM_MBEDTLS_UIDS); the two that follow
     * are of slots A and B. Nobody else may use them. */
    uint32_t first_id;
    /* psa_key_lifetime_t: with a driver's location the keys are born in the
     * element and stay there. 0: PSA_KEY_LIFETIME_PERSISTENT. */
    uint32_t lifetime;
    /* BM_KEY_PLACE_FLASH if PSA's storage is the flash of this program's,
     * BM_KEY_PLACE_OPAQUE behind a secure world or in a secure element. */
    enum bm_key_place place;
    /* Seeded again before each key that is born; or NULL where keys are not
     * born of this program's randomness. */
    struct bm_mbedtls_noise *noise;
};

struct bm_mbedtls_keystore {
    struct bm_keystore keystore; /* to hand in */
    /* Private. */
    struct bm_mbedtls_keystore_config config;
    struct bm_mbedtls_signer signers[BM_KEY_SLOTS];
};

/* Fill in; looks at nothing. `*k` must not move afterwards. */
void bm_mbedtls_keystore_init(struct bm_mbedtls_keystore *k,
                              const struct bm_mbedtls_keystore_config *config);

struct bm_mbedtls_secret_config {
    /* Of an HMAC-SHA-256 key of 256 bits that may make MACs. */
    uint32_t key_id;
    uint32_t lifetime;         /* as above */
    enum bm_vault_secret kind; /* BM_VAULT_PLAINTEXT or BM_VAULT_OPAQUE */
    struct bm_mbedtls_noise *noise;
};

struct bm_mbedtls_secret {
    struct bm_secret secret; /* to hand in */
    /* Private. */
    struct bm_mbedtls_secret_config config;
};

/*
 * The secret that is there: of bm_mbedtls_secret_make(), or one that somebody
 * else put into PSA. BM_E_NOT_FOUND; BM_E_LOG_READ: it was lost.
 */
BM_MUST_CHECK bm_status bm_mbedtls_secret_open(
    struct bm_mbedtls_secret *s, const struct bm_mbedtls_secret_config *config);

/*
 * Make one, once in a life: BM_E_EXISTS. BM_E_ENTROPY_..., BM_E_RANDOM. To be
 * called where a device is born, not wherever bm_mbedtls_secret_open() says
 * BM_E_NOT_FOUND: over a secret that is only not to be read today, everything
 * sealed would be lost.
 */
BM_MUST_CHECK bm_status
bm_mbedtls_secret_make(const struct bm_mbedtls_secret_config *config);

/* What was sealed under it can never be opened again; where PSA's storage is
 * the same flash, once bm_log_scrub() has removed the octets. One that is not
 * there is BM_OK. */
BM_MUST_CHECK bm_status
bm_mbedtls_secret_destroy(const struct bm_mbedtls_secret_config *config);

#endif
