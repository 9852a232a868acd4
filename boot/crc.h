/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_CRC_H
#define BM_BOOT_CRC_H

#include "core/bytes.h"

/*
 * CRC-32 of IEEE 802.3, against accidents: in journals, frames and what is
 * handed over. `crc` is 0 first, and then what came before. It goes bit by
 * bit, since a bootloader has more time than room for a table.
 */
uint32_t bm_crc32(uint32_t crc, const void *p, size_t n);

#endif
