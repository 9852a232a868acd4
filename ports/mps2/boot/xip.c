/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot-xip: each slot has an image that was linked for it and runs where it
 * is; nothing is moved.
 */
#include "ports/mps2/boot/describe.h"

const struct bm_boot mps2_boot = {
    MPS2_BOOT_COMMON,
    .images = 1,
    .slot = { { MPS2_BOOT_SLOT(MAP_SLOT0, MAP_SLOT_SIZE, MAP_SLOT0),
                MPS2_BOOT_SLOT(MAP_SLOT1, MAP_SLOT_SIZE, MAP_SLOT1) } },
};

bm_status mps2_boot_decide(struct bm_boot_result *result)
{
    return bm_boot_xip(&mps2_boot, result);
}
