/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "keys/shares_internal.h"

#define MODULUS 0x11bU

/* Bit by bit, a mask where others look into a table of logarithms. */
uint8_t field_mul(uint8_t a, uint8_t b)
{
    uint32_t power = a; /* a * x^i */
    uint32_t product = 0;

    for (unsigned i = 0; i < 8; i++) {
        product ^= power & (0 - (((uint32_t)b >> i) & 1));
        power <<= 1;
        power ^= MODULUS & (0 - (power >> 8));
    }
    return (uint8_t)product;
}

/* a^254: the multiplicative group has 255 elements. */
uint8_t field_inverse(uint8_t a)
{
    uint8_t power = a;
    uint8_t product = 1;

    for (unsigned i = 1; i < 8; i++) {
        power = field_mul(power, power);
        product = field_mul(product, power);
    }
    return product;
}

/* Lagrange: what is 1 at point[i] and 0 at the others, at `at`. */
static uint8_t weight(const struct bm_share *const *point, size_t count,
                      size_t i, uint8_t at)
{
    uint8_t above = 1;
    uint8_t below = 1;

    for (size_t j = 0; j < count; j++) {
        if (j != i) {
            above = field_mul(above, at ^ point[j]->x);
            below = field_mul(below, point[i]->x ^ point[j]->x);
        }
    }
    return field_mul(above, field_inverse(below));
}

void field_interpolate(const struct bm_share *const *point, size_t count,
                       uint8_t at, uint8_t value[BM_SHARE_VALUE_SIZE])
{
    memset(value, 0, BM_SHARE_VALUE_SIZE);
    for (size_t i = 0; i < count; i++) {
        uint8_t w = weight(point, count, i, at);

        for (size_t o = 0; o < BM_SHARE_VALUE_SIZE; o++) {
            value[o] ^= field_mul(w, point[i]->value[o]);
        }
    }
}
