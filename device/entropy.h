/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_ENTROPY_H
#define BM_DEVICE_ENTROPY_H

#include "core/bytes.h"
#include "core/status.h"

/*
 * A noise source under watch: the two health tests of NIST SP 800-90B 4.4, at
 * start and for each sample after it. A source that failed one of them stays
 * failed until it is opened again, and no key is born meanwhile.
 *
 * What comes out are raw samples. A port conditions them (SHA-256) and seeds
 * its library's generator with the outcome: ports/mbedtls/mbedtls_noise.h.
 *
 * One thread at a time. The longest uninterrupted work is the source's own
 * read() of BM_ENTROPY_CHUNK samples.
 */
struct bm_noise {
    void *self;
    /* Raw samples, one octet each, before any conditioning. */
    bm_status (*read)(void *self, uint8_t *out, size_t n);
    /*
     * Claimed min-entropy of a sample in 1/256 bit, BM_ENTROPY_CLAIM_MIN to
     * 2048: the maker's statement, from an assessment of the source (SP
     * 800-90B 3). The tests notice when it is far from true, and prove
     * nothing. Samples take more than two values: single bits are packed.
     */
    uint16_t entropy;
};

/* A quarter of a bit: with less, the adaptive proportion test comes to be
 * unable to fail at all. Whoever has less joins samples. */
#define BM_ENTROPY_CLAIM_MIN 64

/* SP 800-90B 4.3: at least 1,024 samples are tested at start. */
#define BM_ENTROPY_STARTUP 1024
#define BM_ENTROPY_CHUNK   32

struct bm_entropy {
    const struct bm_noise *noise;
    bm_status failed; /* BM_OK, or what every call answers from now on */
    /* Private: see entropy.c. */
    uint16_t repeat_cutoff;
    uint16_t repeats;
    uint16_t window_cutoff;
    uint16_t window_seen;
    uint16_t window_at;
    uint8_t last;
    uint8_t window_first;
};

/*
 * Start, and the start-up test. BM_E_ARGUMENT: the claim is out of range.
 * BM_E_ENTROPY_REPEAT, BM_E_ENTROPY_BIAS, or what read() answered; `*e` has
 * failed then.
 */
BM_MUST_CHECK bm_status bm_entropy_open(struct bm_entropy *e,
                                        const struct bm_noise *noise);

/*
 * `n` octets of raw samples that passed; on error they are wiped. How many a
 * seed of 256 bits needs follows from the claim: bm_entropy_samples(e, 256).
 * An error of read() itself is no verdict: the next call reads again.
 */
BM_MUST_CHECK bm_status bm_entropy_read(struct bm_entropy *e, uint8_t *out,
                                        size_t n);

/* The least number of samples that have `bits` bits by the claim. */
size_t bm_entropy_samples(const struct bm_entropy *e, unsigned bits);

#endif
