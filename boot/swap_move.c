/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/state.h"

/*
 * Two images change places, block by block; x are the octets of the one that
 * comes to slot 0 in this block, y those of the one that leaves:
 *
 *     stage 0   slot 1 -> scratch   x, if there is y to be kept
 *     stage 1   slot 0 -> slot 1    y
 *     stage 2   scratch -> slot 0   x; or from slot 1, if there is no y
 *
 * The journal says which stage is next. Each erases what it writes to, and
 * leaves alone what it reads, so it can be done again; what it erases is not
 * needed any more, or the stage before it made a copy.
 */

/* The sector of the slot that has the larger ones. */
static uint32_t block_size(const struct bm_boot_slot slot[2])
{
    uint32_t a = slot[0].flash.sector;
    uint32_t b = slot[1].flash.sector;

    return a > b ? a : b;
}

/* Scratch is used in turn, in steps of a block and whole sectors of its own. */
static uint32_t scratch_step(const struct bm_boot *boot, uint32_t block)
{
    uint32_t sector = boot->scratch.sector;

    return block > sector ? block : sector;
}

/* How much of `size` octets is in the block at `at`. Who can write the flash
 * can forge a state: nothing is beside a slot, whatever it says. */
static uint32_t part_of(const struct bm_boot_slot slot[2], uint32_t size,
                        uint32_t at, uint32_t block)
{
    for (unsigned k = 0; k < 2; k++) {
        uint32_t room = slot[k].flash.sector * slot[k].flash.sectors;

        size = size < room ? size : room;
    }
    size = size > at ? size - at : 0;
    return size < block ? size : block;
}

/* The next stage that is not empty, or BM_E_END: no block is left. */
static bm_status step(struct bm_start *start)
{
    const struct bm_boot *boot = start->boot;
    struct bm_boot_state *state = &start->state;
    const struct bm_boot_slot *slot = boot->slot[state->image];
    const struct bm_boot_part *part = &state->part[state->image];
    uint32_t block = block_size(slot);
    uint32_t each = scratch_step(boot, block);
    uint32_t turns = boot->scratch.sector * boot->scratch.sectors / each;
    uint32_t at = state->block * block;
    uint32_t x = part_of(slot, part->size[1], at, block);
    uint32_t y = part_of(slot, part->size[0], at, block);
    struct bm_boot_range slot0 = { &slot[0].flash, at };
    struct bm_boot_range slot1 = { &slot[1].flash, at };
    struct bm_boot_range scratch = { &boot->scratch,
                                     state->block % turns * each };

    if (x == 0 && y == 0) {
        return BM_E_END;
    }
    if (state->stage == 0 && x != 0 && y != 0) {
        state->stage = 1;
        return bm_start_copy(boot->work, &slot1, &scratch, x);
    }
    if (state->stage <= 1 && y != 0) {
        state->stage = 2;
        return bm_start_copy(boot->work, &slot0, &slot1, y);
    }
    state->stage = 0;
    state->block++;
    return bm_start_copy(boot->work, y != 0 ? &scratch : &slot1, &slot0, x);
}

bm_status bm_start_move(struct bm_start *start)
{
    struct bm_boot_state *state = &start->state;

    while (state->image < start->boot->images) {
        bm_status rc = BM_E_END;

        if ((state->images >> state->image & 1) != 0) {
            rc = step(start);
        }
        if (rc == BM_E_END) {
            state->image++;
            state->block = 0;
            state->stage = 0;
            continue;
        }
        BM_TRY(rc);
        BM_TRY(bm_start_put(start));
    }
    return BM_OK;
}

bm_status bm_start_shapes(const struct bm_boot *boot)
{
    for (unsigned i = 0; i < boot->images; i++) {
        uint32_t block = block_size(boot->slot[i]);
        uint32_t each = scratch_step(boot, block);

        if (block % boot->slot[i][0].flash.sector != 0 ||
            block % boot->slot[i][1].flash.sector != 0 ||
            boot->slot[i][0].flash.sector % BM_BOOT_CHUNK != 0 ||
            boot->slot[i][1].flash.sector % BM_BOOT_CHUNK != 0 ||
            boot->scratch.sector % BM_BOOT_CHUNK != 0 ||
            each % boot->scratch.sector != 0 || each % block != 0 ||
            each > boot->scratch.sector * boot->scratch.sectors) {
            return BM_E_BOOT_SHAPE;
        }
    }
    return BM_OK;
}
