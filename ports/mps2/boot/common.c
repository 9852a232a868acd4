/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all bootloaders of the board have in common.
 */
#include "bm_boot_roots.h"
#include "ports/mps2/boot/flash.h"
#include "ports/mps2/boot/internal.h"
#include "ports/mps2/boot/map.h"

struct bm_verify_work mps2_boot_work;
union mps2_boot_front mps2_boot_front
    __attribute__((section(".handover"), aligned(8)));

const struct bm_roots mps2_boot_roots = MPS2_BOOT_ROOTS;

/* Counters in flash: the board has nothing better. They are read in every
 * start. */
struct bm_counter mps2_boot_counter;

bm_status mps2_boot_counters_open(void)
{
    static const struct bm_flash flash =
        MPS2_FLASH(MAP_COUNTERS, MAP_SMALL_SIZE);

    return bm_counter_load(&mps2_boot_counter, &flash);
}
