/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mps2/an505/keys.h"

#include <psa/crypto.h>
#include <psa/internal_trusted_storage.h>
#include <stdlib.h>

#include "device/log.h"
#include "ports/mbedtls/mbedtls.h"
#include "ports/mbedtls/mbedtls_its.h"
#include "ports/mps2/an505/secure.h"
#include "ports/mps2/board.h"
#include "ports/mps2/nor.h"

/* Of the secure flash. Four keys take a fraction of a sector; the rest is for
 * wear. */
#define LOG_SECTORS 8u

/* In the log from before a key is destroyed until its octets are gone. */
#define OWED BM_LOG_KEY(BM_LOG_APPLICATION, 0)

static struct bm_nor nor;
static struct bm_log keys_log;
static struct bm_crypto crypto;

static bm_status flash_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    return bm_nor_read(self, at, out, n);
}

static bm_status flash_program(void *self, uint32_t at, struct bm_bytes data)
{
    return bm_nor_program(self, at, data);
}

static bm_status flash_erase(void *self, uint32_t at)
{
    return bm_nor_erase(self, at);
}

static const struct bm_flash flash = {
    &nor,       BM_NOR_SECTOR, LOG_SECTORS, BM_NOR_UNIT,
    flash_read, flash_program, flash_erase,
};

static bm_status entropy(void *self, uint8_t *out, size_t n)
{
    (void)self;
    return bm_board_random(out, n) == 0 ? BM_OK : BM_E_RANDOM;
}

static bm_status from_psa(psa_status_t status)
{
    switch (status) {
    case PSA_SUCCESS:
        return BM_OK;
    case PSA_ERROR_INVALID_HANDLE:
    case PSA_ERROR_DOES_NOT_EXIST:
        return BM_E_NOT_FOUND;
    case PSA_ERROR_INSUFFICIENT_ENTROPY:
        return BM_E_RANDOM;
    case PSA_ERROR_DATA_INVALID: /* Mbed TLS's word for no room */
    case PSA_ERROR_INSUFFICIENT_STORAGE:
        return BM_E_LOG_FULL;
    case PSA_ERROR_DATA_CORRUPT:
        return BM_E_LOG_READ;
    case PSA_ERROR_NOT_PERMITTED: /* a key of the other kind */
    case PSA_ERROR_INVALID_ARGUMENT:
        return BM_E_ARGUMENT;
    default:
        return BM_E_CRYPTO;
    }
}

static bool is_ours(uint32_t id)
{
    return id - AN505_FIRST_KEY < AN505_KEYS;
}

/* Remove the octets of keys that are no more. */
static bm_status settle(void)
{
    size_t n;
    bm_status rc = bm_log_get(&keys_log, OWED, NULL, 0, &n);

    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    /* Whatever else is wrong with the mark, it is one. */
    BM_TRY(bm_log_scrub(&keys_log));
    return bm_log_delete(&keys_log, OWED);
}

static uint32_t number(const char *key)
{
    char value[12];

    return bm_board_arg(key, value, sizeof value) == 0
               ? (uint32_t)strtoul(value, NULL, 10)
               : 0;
}

/* Words of tests: secure-cut=N, the power fails in the N-th operation of this
 * flash since the start; secure-tear=K, how much of it is done. */
static void open_flash(void)
{
    bm_nor_board(&nor);
    nor.cut_at = number("secure-cut");
    nor.tear = number("secure-tear");
    nor.exit_on_cut = true;
}

bm_status keys_open(void)
{
    static const struct bm_mbedtls_port port = { entropy, NULL };

    open_flash();
    BM_TRY(bm_log_open(&keys_log, &flash));
    bm_mbedtls_its_open(&keys_log);
    BM_TRY(bm_mbedtls_open(&port, &crypto));
    return settle();
}

bm_status keys_kind(uint32_t id, enum bm_element_kind *kind)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;

    if (!is_ours(id)) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(from_psa(psa_get_key_attributes(id, &a)));
    *kind = psa_get_key_type(&a) == PSA_KEY_TYPE_HMAC ? BM_ELEMENT_HMAC
                                                      : BM_ELEMENT_P256;
    psa_reset_key_attributes(&a);
    return BM_OK;
}

bm_status keys_generate(uint32_t id, enum bm_element_kind kind)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    enum bm_element_kind there;
    psa_key_id_t made;
    bm_status rc = keys_kind(id, &there);

    if (rc != BM_E_NOT_FOUND) {
        return rc == BM_OK ? BM_E_EXISTS : rc;
    }
    psa_set_key_id(&a, id);
    psa_set_key_bits(&a, 256);
    if (kind == BM_ELEMENT_P256) {
        psa_set_key_type(&a, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
        psa_set_key_usage_flags(&a, PSA_KEY_USAGE_SIGN_HASH);
        psa_set_key_algorithm(&a, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
    } else if (kind == BM_ELEMENT_HMAC) {
        psa_set_key_type(&a, PSA_KEY_TYPE_HMAC);
        psa_set_key_usage_flags(&a, PSA_KEY_USAGE_SIGN_MESSAGE);
        psa_set_key_algorithm(&a, PSA_ALG_HMAC(PSA_ALG_SHA_256));
    } else {
        return BM_E_ARGUMENT;
    }
    return from_psa(psa_generate_key(&a, &made));
}

bm_status keys_public(uint32_t id, uint8_t out[BM_ELEMENT_POINT_SIZE])
{
    size_t n;

    if (!is_ours(id)) {
        return BM_E_ARGUMENT;
    }
    return from_psa(psa_export_public_key(id, out, BM_ELEMENT_POINT_SIZE, &n));
}

bm_status keys_sign(uint32_t id, const uint8_t digest[32],
                    uint8_t out[BM_ELEMENT_SIGNATURE_SIZE])
{
    size_t n;

    if (!is_ours(id)) {
        return BM_E_ARGUMENT;
    }
    return from_psa(psa_sign_hash(id, PSA_ALG_ECDSA(PSA_ALG_SHA_256), digest,
                                  32, out, BM_ELEMENT_SIGNATURE_SIZE, &n));
}

bm_status keys_mac(uint32_t id, struct bm_bytes message,
                   uint8_t out[BM_ELEMENT_MAC_SIZE])
{
    size_t n;

    if (!is_ours(id)) {
        return BM_E_ARGUMENT;
    }
    return from_psa(psa_mac_compute(id, PSA_ALG_HMAC(PSA_ALG_SHA_256),
                                    message.p, message.n, out,
                                    BM_ELEMENT_MAC_SIZE, &n));
}

bm_status keys_destroy(uint32_t id)
{
    static const uint8_t mark[1] = { 1 };
    enum bm_element_kind kind;
    bm_status rc = keys_kind(id, &kind);

    if (rc == BM_E_ARGUMENT) {
        return rc;
    }
    if (rc != BM_E_NOT_FOUND) {
        BM_TRY(bm_log_put(&keys_log, OWED, BM_ARRAY(mark)));
        rc = from_psa(psa_destroy_key(id));
        if (rc == BM_E_LOG_READ) { /* what cannot be read can go */
            rc = from_psa(psa_its_remove(id));
        }
    }
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    return settle();
}

bm_status keys_random(uint8_t *out, size_t n)
{
    return crypto.random(crypto.self, out, n);
}
