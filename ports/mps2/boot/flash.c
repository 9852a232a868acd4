/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mps2/boot/flash.h"

#include <string.h>

#define ERASED 0xffu

bm_status mps2_flash_read(void *self, uint32_t at, uint8_t *out, size_t n)
{
    const uint8_t *from = (const uint8_t *)self + at;

    /* No memcpy(): with one move to a register skipped, it would write what is
     * to be read. */
    for (size_t i = 0; i < n; i++) {
        out[i] = from[i];
    }
    return BM_OK;
}

bm_status mps2_flash_program(void *self, uint32_t at, struct bm_bytes data)
{
    uint8_t *to = (uint8_t *)self + at;

    if ((at | data.n) % BM_NOR_UNIT != 0) {
        return BM_E_FLASH_ALIGN;
    }
    for (size_t i = 0; i < data.n; i++) {
        if (to[i] != ERASED) {
            return BM_E_FLASH_BITS;
        }
    }
    memcpy(to, data.p, data.n);
    return BM_OK;
}

bm_status mps2_flash_erase(void *self, uint32_t at)
{
    if (at % BM_NOR_SECTOR != 0) {
        return BM_E_FLASH_ALIGN;
    }
    memset((uint8_t *)self + at, ERASED, BM_NOR_SECTOR);
    return BM_OK;
}
