/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_OCTETS_H
#define BM_FIREWALL_OCTETS_H

#include <stdint.h>

/*
 * Numbers in frames (big end first) and in tables (little end first), at any
 * address. Compilers make one load of each.
 */

static inline uint16_t bm_fw_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t bm_fw_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static inline uint16_t bm_fw_le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t bm_fw_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 |
           p[0];
}

#endif
