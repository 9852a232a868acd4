/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/recovery.h"

#include "boot/test/keyset_world.h"
#include "core/fuzz/must.h"

/*
 * The input is all that comes over the line. Whatever it is: image A goes on
 * running, or another one that SIGNER_A has signed; recovery never writes to
 * slot 0; and the flash is used as flash is to be used.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct flash_sim_shape shape = { 512, 4, 8 };
static struct world born, world;
static struct flash_sim mailbox, scratch;
static uint8_t mailbox_memory[FLASH_SIM_SIZE(RANGE_MAX, 1)];
static uint8_t scratch_memory[FLASH_SIM_SIZE(RANGE_MAX, 1)];
static struct bm_bytes line;

static bm_status line_get(void *self, uint8_t *octet)
{
    (void)self;
    if (line.n == 0) {
        return BM_E_IO;
    }
    *octet = *line.p++;
    line.n--;
    return BM_OK;
}

static bm_status line_put(void *self, struct bm_bytes octets)
{
    (void)self;
    (void)octets;
    return BM_OK;
}

static void new_device(void)
{
    static bool made;

    if (!made) {
        world_live(&born, &shape, KEY(SIGNER_A));
        must(born.journal.flash.erase(&born.journal, 0) == BM_OK);
        made = true;
    }
    world_copy(&world, &born);
    flash_sim_init(&mailbox, mailbox_memory, &shape, 1);
    flash_sim_init(&scratch, scratch_memory, &shape, 2);
    world.boot.mailbox = mailbox.flash;
    world.boot.scratch = scratch.flash;
    world.boot.journal = world.journal.flash;
    world.boot.ring = &world.ring;
    world.boot.slot[0][0].internal = true;
    world.boot.slot[0][1].internal = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct bm_serial serial = { NULL, line_get, line_put };
    struct bm_boot_result result = { .epoch = EPOCH_OLD };
    bm_status rc;

    new_device();
    line = (struct bm_bytes){ data, size };
    rc = bm_recovery_serve(&world.boot, BM_LIFECYCLE_OPEN, &result, &serial);
    must(rc == BM_OK || rc == BM_E_IO);
    must(memcmp(world.slot[0][0].octets, born.slot[0][0].octets,
                world.slot[0][0].size) == 0);
    rc = bm_boot_swap(&world.boot, &result);
    must(rc == BM_OK);
    must(!world_broken(&world) && !mailbox.broken && !scratch.broken);
    return 0;
}
