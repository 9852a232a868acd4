/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot-ram: as boot-swap, on a board whose flash can be changed from outside (a
 * chip of its own on a bus). What is checked in it may be something else a
 * moment later, so nothing runs from it: an image is copied into RAM, and the
 * copy is verified and started (RAM_LOAD).
 */
#include "ports/mps2/boot/describe.h"

#define OUTSIDE(base)                                               \
    {                                                               \
        .flash = MPS2_FLASH(base, MAP_SLOT_SIZE), .internal = false \
    }

const struct bm_boot mps2_boot = {
    MPS2_BOOT_COMMON,
    MPS2_BOOT_KEYSETS,
    .images = 1,
    .slot = { { OUTSIDE(MAP_SLOT0), OUTSIDE(MAP_SLOT1) } },
    .scratch = MPS2_FLASH(MAP_SCRATCH, MAP_SMALL_SIZE),
    .ram = (uint8_t *)MAP_LOAD,
    .ram_address = MAP_LOAD,
    .ram_size = MAP_LOAD_SIZE,
};

bm_status mps2_boot_decide(struct bm_boot_result *result)
{
    return bm_boot_swap(&mps2_boot, result);
}
