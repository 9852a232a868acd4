/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_FLASH_H
#define BM_DEVICE_FLASH_H

#include "core/bytes.h"
#include "core/status.h"

/*
 * Flash, as a porter hands it in: a range that is the SDK's alone, made of
 * sectors that are erased whole and of units that are programmed whole.
 *
 * What is assumed of the part, and no more:
 *  - erasing sets every octet to 0xff; an erase that was cut may leave
 *    anything, and reading it may give another answer each time;
 *  - a unit is programmed once between two erases, units of a sector in any
 *    order; a program that was cut may have set any of its bits, in this
 *    call's units alone. Units that all read 0xff after that were not
 *    programmed: programming them is still to come;
 *  - a read may fail (ECC); it fails for the octets asked for and harms none;
 *  - what was programmed whole stays. Should it not, that record is lost or
 *    told to be damaged, and no other.
 */
struct bm_flash {
    void *self;
    uint32_t sector;  /* octets: BM_FLASH_SECTOR_MIN to _MAX, whole units */
    uint32_t sectors; /* at least 2 */
    uint32_t unit;    /* 1 to BM_FLASH_UNIT_MAX octets, a power of two */

    /*
     * Each returns BM_OK or BM_E_FLASH_... . `at` counts octets from the
     * start of the range. They may block for as long as the part does, and
     * are the place to feed a watchdog.
     */

    /* Any alignment; BM_E_FLASH_READ where the octets cannot be had. */
    bm_status (*read)(void *self, uint32_t at, uint8_t *out, size_t n);
    /* `at` and data.n are multiples of `unit`; `data` lies in one sector and
     * may have any alignment in memory. */
    bm_status (*program)(void *self, uint32_t at, struct bm_bytes data);
    /* `at` is the start of a sector. */
    bm_status (*erase)(void *self, uint32_t at);
};

#define BM_FLASH_UNIT_MAX 32
/* Below, a sector is all administration; beyond, offsets need more bits. */
#define BM_FLASH_SECTOR_MIN 256
#define BM_FLASH_SECTOR_MAX 65536

#endif
