/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/differential/diff.h"

/* xorshift64* (Vigna, 2016): repeatable, and good enough to vary inputs. */
static uint64_t state = 1;

static uint32_t next(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

void random_seed(uint64_t seed)
{
    state = seed == 0 ? 1 : seed;
}

uint32_t random_below(uint32_t n)
{
    return next() % n;
}

bool random_one_in(uint32_t n)
{
    return random_below(n) == 0;
}

void random_fill(uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (uint8_t)next();
    }
}
