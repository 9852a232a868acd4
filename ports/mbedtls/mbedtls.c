/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/mbedtls.h"

#include <string.h>

#include "ports/mbedtls/internal.h"

/*
 * PSA is one per program, and asks for randomness through a function of this
 * name without a context: hence the one static variable of this port.
 */
static const struct bm_mbedtls_port *the_port;

psa_status_t
mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
                                uint8_t *output, size_t output_size,
                                size_t *output_length)
{
    (void)context;
    *output_length = 0;
    if (the_port == NULL ||
        the_port->entropy(the_port->self, output, output_size) != BM_OK) {
        return PSA_ERROR_INSUFFICIENT_ENTROPY;
    }
    *output_length = output_size;
    return PSA_SUCCESS;
}

psa_algorithm_t mbedtls_hash_alg(enum bm_hash hash)
{
    switch (hash) {
    case BM_HASH_SHA256:
        return PSA_ALG_SHA_256;
#ifdef PSA_WANT_ALG_SHA_1
    case BM_HASH_SHA1:
        return PSA_ALG_SHA_1;
#endif
#ifdef PSA_WANT_ALG_SHA_384
    case BM_HASH_SHA384:
        return PSA_ALG_SHA_384;
#endif
#ifdef PSA_WANT_ALG_SHA_512
    case BM_HASH_SHA512:
        return PSA_ALG_SHA_512;
#endif
    default:
        return 0;
    }
}

static bm_status hash(void *self, enum bm_hash which, struct bm_bytes message,
                      uint8_t *out)
{
    psa_algorithm_t alg = mbedtls_hash_alg(which);
    size_t n;

    (void)self;
    if (alg == 0) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    return psa_hash_compute(alg, message.p, message.n, out, bm_hash_len(which),
                            &n) == PSA_SUCCESS
               ? BM_OK
               : BM_E_CRYPTO;
}

/* A running hash is PSA's operation itself, in the caller's memory. */
static psa_hash_operation_t *operation(struct bm_hash_state *state)
{
    _Static_assert(sizeof(psa_hash_operation_t) <= BM_HASH_STATE_SIZE,
                   "PSA's running hash does not fit");
    _Static_assert(_Alignof(psa_hash_operation_t) <= _Alignof(uint64_t),
                   "PSA's running hash is not aligned");

    return (psa_hash_operation_t *)(void *)&state->u;
}

static bm_status hash_begin(void *self, struct bm_hash_state *state,
                            enum bm_hash which)
{
    psa_algorithm_t alg = mbedtls_hash_alg(which);

    (void)self;
    state->hash = BM_HASH_NONE;
    if (alg == 0) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    *operation(state) = psa_hash_operation_init();
    if (psa_hash_setup(operation(state), alg) != PSA_SUCCESS) {
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
    if (data.n != 0 &&
        psa_hash_update(operation(state), data.p, data.n) != PSA_SUCCESS) {
        return BM_E_CRYPTO;
    }
    return BM_OK;
}

static bm_status hash_end(void *self, struct bm_hash_state *state, uint8_t *out)
{
    psa_status_t status = PSA_SUCCESS;
    size_t n;

    (void)self;
    if (state->hash == BM_HASH_NONE) {
        return out == NULL ? BM_OK : BM_E_ARGUMENT;
    }
    if (out != NULL) {
        status = psa_hash_finish(operation(state), out,
                                 bm_hash_len(state->hash), &n);
    }
    (void)psa_hash_abort(operation(state));
    bm_wipe(state, sizeof *state);
    return status == PSA_SUCCESS ? BM_OK : BM_E_CRYPTO;
}

static bm_status random_octets(void *self, uint8_t *out, size_t n)
{
    (void)self;
    if (n != 0 && psa_generate_random(out, n) != PSA_SUCCESS) {
        bm_wipe(out, n);
        return BM_E_RANDOM;
    }
    return BM_OK;
}

bm_status bm_mbedtls_open(const struct bm_mbedtls_port *port,
                          struct bm_crypto *crypto)
{
    *crypto = (struct bm_crypto){ 0 };
    the_port = port;
    if (psa_crypto_init() != PSA_SUCCESS) {
        the_port = NULL;
        return BM_E_CRYPTO;
    }
    *crypto = (struct bm_crypto){
        .hash = hash,
        .hash_begin = hash_begin,
        .hash_more = hash_more,
        .hash_end = hash_end,
        .verify = mbedtls_verify,
        .verify_hash = mbedtls_verify_hash,
        .check_key = mbedtls_check_key,
        .random = random_octets,
        .hmac = mbedtls_hmac,
        .hkdf = mbedtls_hkdf,
        .seal = mbedtls_seal,
        .open = mbedtls_open,
    };
    return BM_OK;
}

void bm_mbedtls_close(struct bm_crypto *crypto)
{
    mbedtls_psa_crypto_free();
    the_port = NULL;
    *crypto = (struct bm_crypto){ 0 };
}
