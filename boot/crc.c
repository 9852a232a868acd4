/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/crc.h"

uint32_t bm_crc32(uint32_t crc, const void *p, size_t n)
{
    const uint8_t *octets = p;

    crc = ~crc;
    while (n-- > 0) {
        crc ^= *octets++;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
        }
    }
    return ~crc;
}
