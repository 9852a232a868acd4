/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_FUZZ_BLIND_CRYPTO_H
#define BM_CORE_FUZZ_BLIND_CRYPTO_H

/* A provider for which nothing verifies, and every digest is the same: so no
 * signed message may ever open under it. */
#include <string.h>

#include "core/crypto.h"

static bm_status blind_hash(void *self, enum bm_hash alg,
                            struct bm_bytes message, uint8_t *out)
{
    (void)self;
    (void)message;
    memset(out, 0x11, bm_hash_len(alg));
    return BM_OK;
}

static bm_status blind_begin(void *self, struct bm_hash_state *state,
                             enum bm_hash alg)
{
    (void)self;
    state->hash = alg;
    return BM_OK;
}

static bm_status blind_more(void *self, struct bm_hash_state *state,
                            struct bm_bytes data)
{
    (void)self;
    (void)state;
    (void)data;
    return BM_OK;
}

static bm_status blind_end(void *self, struct bm_hash_state *state,
                           uint8_t *out)
{
    return out == NULL ? BM_OK
                       : blind_hash(self, state->hash,
                                    (struct bm_bytes){ NULL, 0 }, out);
}

static bm_status blind_verify(void *self, const struct bm_spki *key,
                              enum bm_sig_alg alg, struct bm_bytes digest,
                              struct bm_bytes signature)
{
    (void)self;
    (void)key;
    (void)alg;
    (void)digest;
    (void)signature;
    return BM_E_SIGNATURE;
}

static const struct bm_crypto blind_crypto = { .hash = blind_hash,
                                               .hash_begin = blind_begin,
                                               .hash_more = blind_more,
                                               .hash_end = blind_end,
                                               .verify_hash = blind_verify };

#endif
