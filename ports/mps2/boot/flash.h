/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_BOOT_FLASH_H
#define BM_PORTS_MPS2_BOOT_FLASH_H

#include "device/flash.h"
#include "ports/mps2/nor.h"

/*
 * A range of the board's flash as a struct bm_flash. The smallest driver: it
 * keeps the rules of NOR flash (a unit is programmed once between two erases,
 * whole units only), but does not look at the range, which is for its caller,
 * nor at the MPU: what the bootloader locked faults.
 */
bm_status mps2_flash_read(void *self, uint32_t at, uint8_t *out, size_t n);
bm_status mps2_flash_program(void *self, uint32_t at, struct bm_bytes data);
bm_status mps2_flash_erase(void *self, uint32_t at);

#define MPS2_FLASH(base, size)                                  \
    {                                                           \
        .self = (void *)(base), .sector = BM_NOR_SECTOR,        \
        .sectors = (size) / BM_NOR_SECTOR, .unit = BM_NOR_UNIT, \
        .read = mps2_flash_read, .program = mps2_flash_program, \
        .erase = mps2_flash_erase                               \
    }

#endif
