/* SPDX-License-Identifier: Apache-2.0 */
#include "device/entropy.h"

/*
 * Both tests may be wrong about a good source once in 2^30 samples (alpha,
 * SP 800-90B 4.4: 2^-20 to 2^-40). A gateway that reads a seed a minute sees
 * no false alarm in its life, and a stuck source still shows within 121
 * samples at the least claim.
 */
#define ALPHA_BITS 30

/* 4.4.2: the window for samples of more than two values. */
#define WINDOW 512

/*
 * 4.4.2: C = 1 + critbinom(W, 2^-H, 1 - alpha), for H of 1/4, 2/4, ... 8
 * bits; exact. Between two of them the cutoff is interpolated and rounded
 * up. As 1 + critbinom() is convex there, that is never below the exact one,
 * so alpha holds, and at most 2 above it (entropy_test.c has exact values).
 */
#define STEP 64 /* of 1/256 bit */
static const uint16_t cutoffs[] = {
    477, 422, 371, 325, 284, 248, 217, 190, 167, 147, 129, 114, 101, 89, 79, 71,
    63,  56,  51,  46,  41,  37,  34,  31,  28,  26,  24,  22,  20,  19, 17, 16,
};
#define CLAIM_MAX (STEP * sizeof cutoffs / sizeof cutoffs[0])

static uint16_t window_cutoff(unsigned claim)
{
    unsigned i = claim / STEP - 1;
    unsigned past = claim % STEP;

    if (past == 0) {
        return cutoffs[i];
    }
    return (uint16_t)(cutoffs[i] -
                      (unsigned)(cutoffs[i] - cutoffs[i + 1]) * past / STEP);
}

/* 4.4.1: the same value too often in a row. */
static bool repeats_itself(struct bm_entropy *e, uint8_t sample)
{
    if (e->repeats == 0 || sample != e->last) {
        e->last = sample;
        e->repeats = 0;
    }
    e->repeats++;
    return e->repeats >= e->repeat_cutoff;
}

/* 4.4.2: the first value of a window too often in that window. */
static bool is_biased(struct bm_entropy *e, uint8_t sample)
{
    if (e->window_at == 0) {
        e->window_first = sample;
        e->window_seen = 0;
    }
    e->window_at = (uint16_t)((e->window_at + 1) % WINDOW);
    if (sample == e->window_first) {
        e->window_seen++;
    }
    return e->window_seen >= e->window_cutoff;
}

static bm_status watch(struct bm_entropy *e, const uint8_t *samples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool repeats = repeats_itself(e, samples[i]);

        if (is_biased(e, samples[i])) {
            e->failed = BM_E_ENTROPY_BIAS;
        }
        if (repeats) {
            e->failed = BM_E_ENTROPY_REPEAT;
        }
        if (e->failed != BM_OK) {
            break;
        }
    }
    return e->failed;
}

bm_status bm_entropy_read(struct bm_entropy *e, uint8_t *out, size_t n)
{
    bm_status rc = e->failed;

    for (size_t at = 0; rc == BM_OK && at < n;) {
        size_t some = n - at < BM_ENTROPY_CHUNK ? n - at : BM_ENTROPY_CHUNK;

        rc = e->noise->read(e->noise->self, out + at, some);
        if (rc == BM_OK) {
            rc = watch(e, out + at, some);
        }
        at += some;
    }
    if (rc != BM_OK) {
        bm_wipe(out, n);
    }
    return rc;
}

bm_status bm_entropy_open(struct bm_entropy *e, const struct bm_noise *noise)
{
    uint8_t samples[BM_ENTROPY_CHUNK];

    *e = (struct bm_entropy){ .noise = noise, .failed = BM_E_ARGUMENT };
    if (noise->entropy < BM_ENTROPY_CLAIM_MIN || noise->entropy > CLAIM_MAX) {
        return e->failed;
    }
    /* 4.4.1: C = 1 + ceil(-log2(alpha) / H) */
    e->repeat_cutoff = (uint16_t)(1 + (ALPHA_BITS * 256 + noise->entropy - 1) /
                                          noise->entropy);
    e->window_cutoff = window_cutoff(noise->entropy);
    e->failed = BM_OK;
    /* 4.3: these samples are not used for anything else. */
    for (size_t seen = 0; seen < BM_ENTROPY_STARTUP; seen += sizeof samples) {
        bm_status rc = bm_entropy_read(e, samples, sizeof samples);

        if (rc != BM_OK) {
            e->failed = rc;
            return rc;
        }
    }
    bm_wipe(samples, sizeof samples);
    return BM_OK;
}

size_t bm_entropy_samples(const struct bm_entropy *e, unsigned bits)
{
    unsigned claim = e->noise->entropy;

    return ((size_t)bits * 256 + claim - 1) / claim;
}
