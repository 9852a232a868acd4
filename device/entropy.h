/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_ENTROPY_H
#define BM_DEVICE_ENTROPY_H

#include "core/bytes.h"
#include "core/status.h"

/*
 * A noise source under watch: the two health tests of NIST SP 800-90B 4.4, at
 * start and for each sample after it. A source that failed once stays failed
 * until it is opened again, and no key is born meanwhile.
 */
struct bm_noise {
    void *self;
    /* Raw samples, one octet each, before any conditioning. */
    bm_status (*read)(void *self, uint8_t *out, size_t n);
    /* Claimed min-entropy of a sample, in 1/256 bit: 1 to 2048. The maker's
     * statement, which the key record repeats. */
    uint16_t entropy;
};

struct bm_entropy {
    const struct bm_noise *noise;
    bm_status failed;
    /* Private: see entropy.c. */
    uint16_t repeat_cutoff;
    uint16_t repeats;
    uint16_t window_cutoff;
    uint16_t window_seen;
    uint16_t window_at;
    uint8_t last;
    uint8_t window_first;
};

/* The start-up test: SP 800-90B 4.3, 1,024 samples or more. */
BM_MUST_CHECK bm_status bm_entropy_open(struct bm_entropy *e,
                                        const struct bm_noise *noise);

/*
 * `n` octets of raw samples that passed. How many of them a seed of 256 bits
 * needs follows from the claim: bm_entropy_samples(e, 256).
 */
BM_MUST_CHECK bm_status bm_entropy_read(struct bm_entropy *e, uint8_t *out,
                                        size_t n);
size_t bm_entropy_samples(const struct bm_entropy *e, unsigned bits);

#endif
