/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "boot/state.h"

_Static_assert(BM_BOOT_CHUNK % BM_FLASH_UNIT_MAX == 0, "whole units");
_Static_assert(sizeof((struct bm_verify_work *)0)->piece >= 2 * BM_BOOT_CHUNK,
               "what is written, and what is read back");

static bm_status copy_chunk(const struct bm_boot_range *from,
                            const struct bm_boot_range *to, uint8_t *chunk,
                            uint32_t n)
{
    uint32_t unit = to->flash->unit;
    struct bm_bytes units = { chunk, (n + unit - 1) & ~(unit - 1) };

    memset(chunk, 0xff, BM_BOOT_CHUNK);
    BM_TRY(from->flash->read(from->flash->self, from->at, chunk, n));
    BM_TRY(to->flash->program(to->flash->self, to->at, units));
    BM_TRY(to->flash->read(to->flash->self, to->at, chunk + BM_BOOT_CHUNK, n));
    return memcmp(chunk, chunk + BM_BOOT_CHUNK, n) == 0 ? BM_OK
                                                        : BM_E_FLASH_VERIFY;
}

bm_status bm_start_copy(struct bm_verify_work *work, struct bm_boot_range from,
                        struct bm_boot_range to, uint32_t n)
{
    for (uint32_t i = 0; i < n; i += to.flash->sector) {
        BM_TRY(to.flash->erase(to.flash->self, to.at + i));
    }
    while (n > 0) {
        uint32_t now = n < BM_BOOT_CHUNK ? n : BM_BOOT_CHUNK;

        BM_TRY(copy_chunk(&from, &to, work->piece, now));
        from.at += now;
        to.at += now;
        n -= now;
    }
    return BM_OK;
}
