/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A claim and samples: the watch must say what SP 800-90B 4.4 says when it is
 * read aloud, step by step, over the whole of what was read so far.
 */
#include <stdlib.h>

#include "device/entropy.h"

#define WINDOW 512

struct tape {
    const uint8_t *p;
    size_t n;
    size_t at;
};

/* The input after a start that is above suspicion. */
static uint8_t sample(const struct tape *t, size_t at)
{
    return at < BM_ENTROPY_STARTUP ? (uint8_t)at
                                   : t->p[at - BM_ENTROPY_STARTUP];
}

static bm_status read_tape(void *self, uint8_t *out, size_t n)
{
    struct tape *t = self;

    for (size_t i = 0; i < n; i++) {
        out[i] = sample(t, t->at++);
    }
    return BM_OK;
}

/* Steps of 4.4.1 and 4.4.2 up to sample `end`. */
static bm_status read_aloud(const struct tape *t, const struct bm_entropy *e,
                            size_t end)
{
    for (size_t at = BM_ENTROPY_STARTUP; at < end; at++) {
        size_t window = at - at % WINDOW;
        size_t a, b;

        for (b = 0; b <= at && sample(t, at - b) == sample(t, at); b++) {
        }
        if (b >= e->repeat_cutoff) {
            return BM_E_ENTROPY_REPEAT;
        }
        for (a = window, b = 0; a <= at; a++) {
            b += sample(t, a) == sample(t, window);
        }
        if (b >= e->window_cutoff) {
            return BM_E_ENTROPY_BIAS;
        }
    }
    return BM_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tape tape = { data + 2, size - 2, 0 };
    struct bm_noise noise = { &tape, read_tape, 0 };
    struct bm_entropy e;
    uint8_t out[1100]; /* two windows, and some */

    if (size < 2 || size > sizeof out) {
        return 0;
    }
    noise.entropy = (uint16_t)(data[0] << 8 | data[1]);
    if (bm_entropy_open(&e, &noise) != BM_OK) {
        if (noise.entropy >= BM_ENTROPY_CLAIM_MIN && noise.entropy <= 2048) {
            abort();
        }
        return 0;
    }
    if (bm_entropy_read(&e, out, tape.n) !=
        read_aloud(&tape, &e, BM_ENTROPY_STARTUP + tape.n)) {
        abort();
    }
    return 0;
}
