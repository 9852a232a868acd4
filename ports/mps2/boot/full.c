/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot-full: two images that are swapped together, the boot record of each, and
 * recovery over UART 0.
 */
#include "boot/recovery.h"
#include "ports/mps2/boot/describe.h"

/* What was measured before image 0, whose measurements are handed over with
 * it: a digest, and a boot record of 100 octets. */
#define OTHERS_MAX 144
static uint8_t others[OTHERS_MAX];
static struct bm_wr writer;

static void measured(void *self, unsigned number, const struct bm_image *image)
{
    (void)self;
    if (image == NULL) {
        bm_wr_init(&writer, others, sizeof others);
    } else if (number != 0) {
        bm_handover_image(&writer, number, image);
    }
}

struct bm_bytes mps2_boot_others(void)
{
    return bm_wr_bytes(&writer);
}

const struct bm_boot mps2_boot = {
    MPS2_BOOT_COMMON,
    MPS2_BOOT_KEYSETS,
    .images = 2,
    .slot = { { MPS2_BOOT_SLOT(MAP_SLOT0, MAP_SLOT_SIZE, MAP_SLOT0),
                MPS2_BOOT_SLOT(MAP_SLOT1, MAP_SLOT_SIZE, MAP_SLOT0) },
              { MPS2_BOOT_SLOT(MAP_SECOND_SLOT0, MAP_SECOND_SIZE,
                               MAP_SECOND_SLOT0),
                MPS2_BOOT_SLOT(MAP_SECOND_SLOT1, MAP_SECOND_SIZE,
                               MAP_SECOND_SLOT0) } },
    .scratch = MPS2_FLASH(MAP_SCRATCH, MAP_SMALL_SIZE),
    .measured = measured,
};

bm_status mps2_boot_decide(struct bm_boot_result *result)
{
    return bm_boot_swap(&mps2_boot, result);
}

static bm_status put(void *self, struct bm_bytes octets)
{
    (void)self;
    for (size_t i = 0; i < octets.n; i++) {
        mps2_boot_put(octets.p[i]);
    }
    return BM_OK;
}

/* It comes to an end only by the other side's wish. */
_Noreturn void mps2_boot_recover(struct bm_boot_result *result, bm_status why)
{
    static const struct bm_serial serial = { .get = mps2_boot_get, .put = put };

    (void)why;
    mps2_boot_serial_open();
    while (bm_recovery_serve(&mps2_boot, mps2_boot_lifecycle(), result,
                             &serial) != BM_OK) {
    }
    mps2_boot_reset();
}
