/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_MBEDTLS_NOISE_H
#define BM_PORTS_MBEDTLS_MBEDTLS_NOISE_H

#include <mbedtls/ctr_drbg.h>

#include "device/entropy.h"

/*
 * From a noise source under watch (device/entropy.h) to the randomness that
 * PSA asks for: raw samples, as many as their claim demands, are hashed by
 * SHA-256 into the seed of Mbed TLS's CTR_DRBG (AES-256, SP 800-90A 10.2.1).
 *
 *     static struct bm_mbedtls_noise noise;
 *     static struct bm_mbedtls_port port = { bm_mbedtls_noise_random, &noise };
 *
 *     rc = bm_mbedtls_noise_open(&noise, &source);
 *     ...
 *     rc = bm_mbedtls_open(&port, &crypto);
 *
 * Once a health test has failed there is no randomness any more: no key, no
 * nonce, no handshake, until it is opened again. The source is looked at when
 * it is opened, before each key of the keystore's is born and when the
 * generator is seeded again; one that dies in between is noticed then, and
 * until then the generator goes on from its last seed (NIST SP 800-90A).
 */
struct bm_mbedtls_noise {
    struct bm_entropy entropy; /* to look at `failed` */
    /* Private. */
    mbedtls_ctr_drbg_context drbg;
};

/*
 * The start-up test, and a seed. BM_E_ENTROPY_..., what the source answered,
 * or BM_E_RANDOM; bm_mbedtls_noise_random() fails then. `*noise` points into
 * itself: it must not move.
 */
BM_MUST_CHECK bm_status bm_mbedtls_noise_open(struct bm_mbedtls_noise *noise,
                                              const struct bm_noise *source);

/* struct bm_mbedtls_port's function; `self` is a struct bm_mbedtls_noise. */
BM_MUST_CHECK bm_status bm_mbedtls_noise_random(void *self, uint8_t *out,
                                                size_t n);

/*
 * Seed again, from samples that are tested now: before a key is born, since
 * a generator goes on long after its source has died.
 */
BM_MUST_CHECK bm_status bm_mbedtls_noise_fresh(struct bm_mbedtls_noise *noise);

/* Wipe the generator. */
void bm_mbedtls_noise_close(struct bm_mbedtls_noise *noise);

#endif
