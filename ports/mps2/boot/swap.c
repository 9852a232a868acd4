/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot-swap: one image, that runs from slot 0; an update is swapped in from
 * slot 1. No recovery: without an image the device waits for its maker.
 */
#include "ports/mps2/boot/describe.h"

static struct bm_ring ring;
const struct bm_boot mps2_boot = {
    MPS2_BOOT_COMMON,
    .ring = &ring,
    .images = 1,
    .slot = { { MPS2_BOOT_SLOT(MAP_SLOT0, MAP_SLOT_SIZE, MAP_SLOT0),
                MPS2_BOOT_SLOT(MAP_SLOT1, MAP_SLOT_SIZE, MAP_SLOT0) } },
    .scratch = MPS2_FLASH(MAP_SCRATCH, MAP_SMALL_SIZE),
};

#include "boot/harden.h"
#include "boot/keyset_start.h"

bm_status mps2_boot_decide(struct bm_boot_result *result)
{
    struct bm_keyset_now now = { 0 };
    struct bm_verify v = { .crypto = mps2_boot.crypto,
                           .ring = &ring,
                           .flash = &mps2_boot.slot[0][0].flash,
                           .address = MAP_SLOT0,
                           .work = mps2_boot.work };

    BM_TRY(bm_keyset_load(&mps2_boot, &now));
    BM_TRY(bm_verify_image(&v, &result->image, &result->verdict));
    result->address = MAP_SLOT0 + result->image.header.header_size;
    return BM_OK;
}
