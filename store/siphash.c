/* SPDX-License-Identifier: Apache-2.0 */
#include "store/siphash.h"

static uint64_t rotl(uint64_t x, unsigned n)
{
    return (x << n) | (x >> (64 - n));
}

static uint64_t load(const uint8_t *p, size_t n)
{
    uint64_t v = 0;

    for (size_t i = 0; i < n; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

static void store(uint8_t *p, uint64_t v)
{
    for (size_t i = 0; i < 8; i++) {
        p[i] = (uint8_t)(v >> (8 * i));
    }
}

static void rounds(uint64_t v[4], int n)
{
    while (n-- > 0) {
        v[0] += v[1];
        v[1] = rotl(v[1], 13) ^ v[0];
        v[0] = rotl(v[0], 32);
        v[2] += v[3];
        v[3] = rotl(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotl(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotl(v[1], 17) ^ v[2];
        v[2] = rotl(v[2], 32);
    }
}

static void absorb(uint64_t v[4], uint64_t m)
{
    v[3] ^= m;
    rounds(v, 2);
    v[0] ^= m;
}

void siphash_128(const uint8_t key[16], struct bm_bytes in, uint8_t out[16])
{
    uint64_t k0 = load(key, 8);
    uint64_t k1 = load(key + 8, 8);
    uint64_t v[4] = {
        UINT64_C(0x736f6d6570736575) ^ k0,
        UINT64_C(0x646f72616e646f6d) ^ k1 ^ 0xee,
        UINT64_C(0x6c7967656e657261) ^ k0,
        UINT64_C(0x7465646279746573) ^ k1,
    };
    size_t i = 0;

    for (; in.n - i >= 8; i += 8) {
        absorb(v, load(in.p + i, 8));
    }
    absorb(v, load(in.p + i, in.n - i) | (uint64_t)in.n << 56);
    v[2] ^= 0xee;
    rounds(v, 4);
    store(out, v[0] ^ v[1] ^ v[2] ^ v[3]);
    v[1] ^= 0xdd;
    rounds(v, 4);
    store(out + 8, v[0] ^ v[1] ^ v[2] ^ v[3]);
}
