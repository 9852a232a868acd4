/* SPDX-License-Identifier: Apache-2.0 */
#include "device/number.h"

void bm_number_put(uint8_t *to, unsigned octets, uint64_t value)
{
    while (octets-- > 0) {
        to[octets] = (uint8_t)value;
        value >>= 8;
    }
}

uint64_t bm_number_get(const uint8_t *from, unsigned octets)
{
    uint64_t value = 0;

    while (octets-- > 0) {
        value = value << 8 | *from++;
    }
    return value;
}
