/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/boot/boot_crypto.h"

#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <p256-m.h>
#include <psa/crypto.h>
#include <string.h>

#define HALF_SIZE  32 /* r, s, x and y */
#define POINT_SIZE 65 /* 0x04 | x | y */

/* SHA-224 is not compiled in: the third argument says SHA-256. */
#define SHA256 0

static mbedtls_sha256_context *context(struct bm_hash_state *state)
{
    _Static_assert(sizeof(mbedtls_sha256_context) <= BM_HASH_STATE_SIZE,
                   "the running hash does not fit");
    _Static_assert(_Alignof(mbedtls_sha256_context) <= _Alignof(uint64_t),
                   "the running hash is not aligned");

    return (mbedtls_sha256_context *)(void *)&state->u;
}

static bm_status hash_begin(void *self, struct bm_hash_state *state,
                            enum bm_hash which)
{
    (void)self;
    state->hash = BM_HASH_NONE;
    if (which != BM_HASH_SHA256) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    if (mbedtls_sha256_starts(context(state), SHA256) != 0) {
        return BM_E_CRYPTO;
    }
    state->hash = which;
    return BM_OK;
}

static bm_status hash_more(void *self, struct bm_hash_state *state,
                           struct bm_bytes data)
{
    (void)self;
    if (state->hash == BM_HASH_NONE) {
        return BM_E_ARGUMENT;
    }
    return mbedtls_sha256_update(context(state), data.p, data.n) == 0
               ? BM_OK
               : BM_E_CRYPTO;
}

static bm_status hash_end(void *self, struct bm_hash_state *state, uint8_t *out)
{
    bm_status rc = BM_OK;

    (void)self;
    if (state->hash == BM_HASH_NONE) {
        return out == NULL ? BM_OK : BM_E_ARGUMENT;
    }
    if (out != NULL && mbedtls_sha256_finish(context(state), out) != 0) {
        rc = BM_E_CRYPTO;
    }
    state->hash = BM_HASH_NONE;
    return rc;
}

#if BM_BOOT_CRYPTO_LEAST < 2
static bm_status hash(void *self, enum bm_hash which, struct bm_bytes message,
                      uint8_t *out)
{
    struct bm_hash_state state;

    BM_TRY(hash_begin(self, &state, which));
    BM_TRY(hash_more(self, &state, message));
    return hash_end(self, &state, out);
}
#endif

/*
 * One INTEGER at `*der`, in short form (X.690 8.1.3.4, 8.3): not empty, not
 * negative, not longer than it must be, and of 32 octets at most.
 */
static bool take_half(struct bm_bytes *der, uint8_t half[HALF_SIZE])
{
    const uint8_t *p = der->p;
    size_t n;

    if (der->n < 3 || p[0] != 0x02 || p[1] == 0 || p[1] > der->n - 2u ||
        (p[2] & 0x80) != 0) {
        return false;
    }
    n = p[1];
    p += 2;
    der->p = p + n;
    der->n -= n + 2;
    if (p[0] == 0) { /* makes room for the sign, or is not there */
        p++;
        n--;
        if (n == 0 || (p[0] & 0x80) == 0) {
            return false;
        }
    }
    if (n > HALF_SIZE) {
        return false;
    }
    memset(half, 0, HALF_SIZE);
    memcpy(half + HALF_SIZE - n, p, n);
    return true;
}

/*
 * RFC 3279 2.2.3
 *
 *   Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }
 *
 * A zero is refused here, what is not below the order by p256-m.
 */
static bool take_signature(struct bm_bytes der, uint8_t raw[2 * HALF_SIZE])
{
    if (der.n < 2 || der.p[0] != 0x30 || der.p[1] >= 0x80 ||
        der.p[1] != der.n - 2) {
        return false;
    }
    der.p += 2;
    der.n -= 2;
    return take_half(&der, raw) && take_half(&der, raw + HALF_SIZE) &&
           der.n == 0;
}

static bm_status verify_hash(void *self, const struct bm_spki *key,
                             enum bm_sig_alg alg, struct bm_bytes digest,
                             struct bm_bytes signature)
{
    uint8_t raw[2 * HALF_SIZE];

    (void)self;
    if (alg != BM_SIG_ECDSA_SHA256) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    if (key->type != BM_KEY_P256) {
        return BM_E_KEY_MISMATCH;
    }
    if (digest.n != HALF_SIZE) {
        return BM_E_ARGUMENT;
    }
    /* p256-m takes the coordinates alone: the form is for us to check. */
    if (key->key.n != POINT_SIZE || key->key.p[0] != 0x04 ||
        !take_signature(signature, raw)) {
        return BM_E_SIGNATURE;
    }
    return p256_ecdsa_verify(raw, key->key.p + 1, digest.p, digest.n) ==
                   P256_SUCCESS
               ? BM_OK
               : BM_E_SIGNATURE;
}

#if BM_BOOT_CRYPTO_LEAST < 1
static bm_status verify(void *self, const struct bm_spki *key,
                        enum bm_sig_alg alg, struct bm_bytes message,
                        struct bm_bytes signature)
{
    (void)self;
    (void)key;
    (void)alg;
    (void)message;
    (void)signature;
    return BM_E_CRYPTO_UNSUPPORTED;
}

static bm_status check_key(void *self, const struct bm_spki *key)
{
    (void)self;
    (void)key;
    return BM_E_CRYPTO_UNSUPPORTED;
}

static bm_status random_octets(void *self, uint8_t *out, size_t n)
{
    (void)self;
    (void)out;
    (void)n;
    return BM_E_CRYPTO_UNSUPPORTED;
}

static bm_status hmac(void *self, enum bm_hash which, struct bm_bytes key,
                      struct bm_bytes message, uint8_t *out)
{
    (void)self;
    (void)which;
    (void)key;
    (void)message;
    (void)out;
    return BM_E_CRYPTO_UNSUPPORTED;
}

static bm_status hkdf(void *self, const struct bm_hkdf_config *config,
                      uint8_t *out, size_t n)
{
    (void)self;
    (void)config;
    (void)out;
    (void)n;
    return BM_E_CRYPTO_UNSUPPORTED;
}

/* seal and open: the same arguments, the same answer. */
static bm_status aead(void *self, const struct bm_aead_config *config,
                      struct bm_bytes text, uint8_t *out)
{
    (void)self;
    (void)config;
    (void)text;
    (void)out;
    return BM_E_CRYPTO_UNSUPPORTED;
}

#endif

/* Mbed TLS wipes after itself; here all of it is public. */
void mbedtls_platform_zeroize(void *buf, size_t n)
{
    memset(buf, 0, n);
}

/* What p256-m would make keys and signatures with; the linker drops both. */
psa_status_t psa_generate_random(uint8_t *output, size_t output_size)
{
    (void)output;
    (void)output_size;
    return PSA_ERROR_NOT_SUPPORTED;
}

const struct bm_crypto bm_boot_crypto = {
#if BM_BOOT_CRYPTO_LEAST < 2
    .hash = hash,
#endif
    .hash_begin = hash_begin,
    .hash_more = hash_more,
    .hash_end = hash_end,
    .verify_hash = verify_hash,
#if BM_BOOT_CRYPTO_LEAST < 1
    .verify = verify,
    .check_key = check_key,
    .random = random_octets,
    .hmac = hmac,
    .hkdf = hkdf,
    .seal = aead,
    .open = aead,
#endif
};
