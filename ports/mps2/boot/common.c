/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all bootloaders of the board have in common.
 */
#include "bm_boot_roots.h"
#include "boot/counter.h"
#include "ports/mps2/boot/flash.h"
#include "ports/mps2/boot/internal.h"
#include "ports/mps2/boot/map.h"

struct bm_verify_work mps2_boot_work;
union mps2_boot_front mps2_boot_front
    __attribute__((section(".handover"), aligned(8)));

const struct bm_roots mps2_boot_roots = MPS2_BOOT_ROOTS;

/*
 * Counters in flash: the board has nothing better. They are opened in every
 * start; struct bm_boot, which is constant, calls them through here.
 */
static struct bm_counter counter;
static struct bm_boot_counters opened;

bm_status mps2_boot_counters_open(void)
{
    static const struct bm_flash flash =
        MPS2_FLASH(MAP_COUNTERS, MAP_SMALL_SIZE);

    return bm_counter_open(&counter, &flash, &opened);
}

bm_status mps2_boot_counter_read(void *self, unsigned which, uint32_t *value)
{
    (void)self;
    return opened.read(opened.self, which, value);
}

bm_status mps2_boot_counter_raise(void *self, unsigned which, uint32_t value)
{
    (void)self;
    return opened.raise(opened.self, which, value);
}
