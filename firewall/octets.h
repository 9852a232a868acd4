/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_OCTETS_H
#define BM_FIREWALL_OCTETS_H

#include <stdint.h>

/* Optimizers for size count the octets before they see that it is one load. */
#if defined(__GNUC__)
#define BM_FW_INLINE static inline __attribute__((always_inline))
#else
#define BM_FW_INLINE static inline
#endif

/* Of n > 0, rounded down. */
#if defined(__GNUC__)
BM_FW_INLINE unsigned bm_fw_log2(uint32_t n)
{
    return 31u - (unsigned)__builtin_clz(n);
}
#else
BM_FW_INLINE unsigned bm_fw_log2(uint32_t n)
{
    unsigned log = 0;

    while ((n >>= 1) != 0) {
        log++;
    }
    return log;
}
#endif

/*
 * Numbers in frames (big end first) and in tables (little end first), at any
 * address. Compilers make one load of each.
 */

BM_FW_INLINE uint16_t bm_fw_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

BM_FW_INLINE uint32_t bm_fw_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

BM_FW_INLINE uint16_t bm_fw_le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

BM_FW_INLINE uint32_t bm_fw_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 |
           p[0];
}

#endif
