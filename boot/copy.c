/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/state.h"

_Static_assert(BM_BOOT_CHUNK % BM_FLASH_UNIT_MAX == 0, "whole units");
_Static_assert(sizeof((struct bm_verify_work *)0)->piece >= 2 * BM_BOOT_CHUNK,
               "what is written, and what is read back");

/* A chunk or less of it, and the rest of a unit. */
static bm_status copy_chunk(const struct bm_boot_range *from,
                            const struct bm_boot_range *to, uint32_t at,
                            uint32_t n, uint8_t *chunk)
{
    const struct bm_flash *flash = to->flash;
    struct bm_bytes units = { chunk,
                              (n + flash->unit - 1) & ~(flash->unit - 1) };

    memset(chunk, 0xff, BM_BOOT_CHUNK);
    BM_TRY(from->flash->read(from->flash->self, from->at + at, chunk, n));
    at += to->at;
    BM_TRY(flash->program(flash->self, at, units));
    BM_TRY(flash->read(flash->self, at, chunk + BM_BOOT_CHUNK, n));
    return memcmp(chunk, chunk + BM_BOOT_CHUNK, n) == 0 ? BM_OK
                                                        : BM_E_FLASH_VERIFY;
}

bm_status bm_start_copy(struct bm_verify_work *work,
                        const struct bm_boot_range *from,
                        const struct bm_boot_range *to, uint32_t n)
{
    const struct bm_flash *flash = to->flash;

    for (uint32_t at = 0; at < n; at += flash->sector) {
        BM_TRY(flash->erase(flash->self, to->at + at));
    }
    for (uint32_t at = 0; at < n; at += BM_BOOT_CHUNK) {
        uint32_t left = n - at;

        BM_TRY(copy_chunk(from, to, at,
                          left < BM_BOOT_CHUNK ? left : BM_BOOT_CHUNK,
                          work->piece));
    }
    return BM_OK;
}
