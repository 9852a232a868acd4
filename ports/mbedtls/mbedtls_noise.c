/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/mbedtls_noise.h"

#include <mbedtls/sha256.h>

#define DIGEST_SIZE 32

/*
 * SP 800-90B 3.1.5.1.2 and SP 800-90C: what a vetted conditioning component
 * puts out is taken for full entropy if 64 bits more go in than come out.
 */
#define DIGEST_ENTROPY (DIGEST_SIZE * 8 + 64)

static bm_status hash_samples(struct bm_entropy *e, mbedtls_sha256_context *sha)
{
    uint8_t samples[BM_ENTROPY_CHUNK];
    size_t left = bm_entropy_samples(e, DIGEST_ENTROPY);
    bm_status rc = BM_OK;

    while (rc == BM_OK && left > 0) {
        size_t n = left < sizeof samples ? left : sizeof samples;

        rc = bm_entropy_read(e, samples, n);
        if (rc == BM_OK && mbedtls_sha256_update(sha, samples, n) != 0) {
            rc = BM_E_CRYPTO;
        }
        left -= n;
    }
    bm_wipe(samples, sizeof samples);
    return rc;
}

/* One digest of fresh samples. */
static bm_status condition(struct bm_entropy *e, uint8_t digest[DIGEST_SIZE])
{
    mbedtls_sha256_context sha;
    bm_status rc = BM_E_INTERNAL;

    mbedtls_sha256_init(&sha);
    if (mbedtls_sha256_starts(&sha, 0) != 0) {
        rc = BM_E_CRYPTO;
        goto out;
    }
    rc = hash_samples(e, &sha);
    if (rc == BM_OK && mbedtls_sha256_finish(&sha, digest) != 0) {
        rc = BM_E_CRYPTO;
    }

out:
    mbedtls_sha256_free(&sha);
    return rc;
}

/* What the generator calls for a seed and for a nonce. */
static int seed(void *self, unsigned char *out, size_t n)
{
    struct bm_mbedtls_noise *noise = self;
    uint8_t digest[DIGEST_SIZE];

    for (size_t at = 0; at < n;) {
        if (condition(&noise->entropy, digest) != BM_OK) {
            bm_wipe(digest, sizeof digest);
            bm_wipe(out, n);
            return MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED;
        }
        for (size_t i = 0; i < sizeof digest && at < n; i++) {
            out[at++] = digest[i];
        }
    }
    bm_wipe(digest, sizeof digest);
    return 0;
}

/* Why the generator has no randomness. */
static bm_status why(const struct bm_mbedtls_noise *noise)
{
    return noise->entropy.failed != BM_OK ? noise->entropy.failed : BM_E_RANDOM;
}

bm_status bm_mbedtls_noise_open(struct bm_mbedtls_noise *noise,
                                const struct bm_noise *source)
{
    bm_status rc = bm_entropy_open(&noise->entropy, source);

    mbedtls_ctr_drbg_init(&noise->drbg);
    if (rc == BM_OK &&
        mbedtls_ctr_drbg_seed(&noise->drbg, seed, noise, NULL, 0) != 0) {
        rc = why(noise);
    }
    if (rc != BM_OK) {
        noise->entropy.failed = rc;
    }
    return rc;
}

bm_status bm_mbedtls_noise_random(void *self, uint8_t *out, size_t n)
{
    struct bm_mbedtls_noise *noise = self;

    for (size_t at = 0; at < n;) {
        size_t some = n - at < MBEDTLS_CTR_DRBG_MAX_REQUEST
                          ? n - at
                          : MBEDTLS_CTR_DRBG_MAX_REQUEST;

        /* It would go on for long after its source has died. */
        if (noise->entropy.failed != BM_OK ||
            mbedtls_ctr_drbg_random(&noise->drbg, out + at, some) != 0) {
            bm_wipe(out, n);
            return why(noise);
        }
        at += some;
    }
    return BM_OK;
}

bm_status bm_mbedtls_noise_fresh(struct bm_mbedtls_noise *noise)
{
    if (noise->entropy.failed != BM_OK ||
        mbedtls_ctr_drbg_reseed(&noise->drbg, NULL, 0) != 0) {
        return why(noise);
    }
    return BM_OK;
}

void bm_mbedtls_noise_close(struct bm_mbedtls_noise *noise)
{
    mbedtls_ctr_drbg_free(&noise->drbg);
    noise->entropy.failed = BM_E_RANDOM;
}
