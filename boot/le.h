/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_LE_H
#define BM_BOOT_LE_H

#include <stdint.h>

/* Little-endian numbers in octets of any alignment. A compiler makes one load
 * of each where the processor can: less than a call of them, which gcc -Os does
 * not know in time. */
#define BM_LE_INLINE static inline __attribute__((always_inline))

BM_LE_INLINE uint16_t bm_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

BM_LE_INLINE uint32_t bm_le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

BM_LE_INLINE void bm_le16_put(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

BM_LE_INLINE void bm_le32_put(uint8_t *p, uint32_t value)
{
    bm_le16_put(p, (uint16_t)value);
    bm_le16_put(p + 2, (uint16_t)(value >> 16));
}

#endif
