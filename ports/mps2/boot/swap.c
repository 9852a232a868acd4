/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot-swap: one image, that runs from slot 0; an update is swapped in from
 * slot 1. No recovery: without an image the device waits for its maker.
 */
#include "ports/mps2/boot/describe.h"

const struct bm_boot mps2_boot = {
    MPS2_BOOT_COMMON,
    MPS2_BOOT_KEYSETS,
    .images = 1,
    .slot = { { MPS2_BOOT_SLOT(MAP_SLOT0, MAP_SLOT_SIZE, MAP_SLOT0),
                MPS2_BOOT_SLOT(MAP_SLOT1, MAP_SLOT_SIZE, MAP_SLOT0) } },
    .scratch = MPS2_FLASH(MAP_SCRATCH, MAP_SMALL_SIZE),
};

bm_status mps2_boot_decide(struct bm_boot_result *result)
{
    return bm_boot_swap(&mps2_boot, result);
}
