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

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t room(const struct bm_flash *flash)
{
    return flash->sector * flash->sectors;
}

/* How much of `size` octets is in the block at `at`. */
static uint32_t part_of(uint32_t size, uint32_t at, uint32_t block)
{
    return size > at ? smaller(size - at, block) : 0;
}

/* The next stage that is not empty, or BM_E_END: no block is left. */
static bm_status step(struct bm_start *start)
{
    const struct bm_boot *boot = start->boot;
    struct bm_boot_state *state = &start->state;
    const struct bm_boot_slot *slot = boot->slot[state->image];
    const struct bm_boot_part *part = &state->part[state->image];
    /* A block is a sector of the slot that has the larger ones. */
    uint32_t block = larger(slot[0].flash.sector, slot[1].flash.sector);
    /* Scratch is used in turn, in steps of blocks and of its own sectors. */
    uint32_t each = larger(block, boot->scratch.sector);
    uint32_t turns = room(&boot->scratch) / each;
    uint32_t at = state->block * block;
    /* Who can write the flash can forge a state: whatever it says, nothing is
     * moved beside a slot. */
    uint32_t most = smaller(room(&slot[0].flash), room(&slot[1].flash));
    uint32_t x = part_of(smaller(part->size[1], most), at, block);
    uint32_t y = part_of(smaller(part->size[0], most), at, block);
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

/* Is one a multiple of the other? */
static bool go_together(uint32_t a, uint32_t b)
{
    return larger(a, b) % smaller(a, b) == 0;
}

bm_status bm_start_shapes(const struct bm_boot *boot)
{
    for (unsigned i = 0; i < boot->images; i++) {
        uint32_t a = boot->slot[i][0].flash.sector;
        uint32_t b = boot->slot[i][1].flash.sector;
        uint32_t c = boot->scratch.sector;

        if ((a | b | c) % BM_BOOT_CHUNK != 0 || !go_together(a, b) ||
            !go_together(larger(a, b), c) ||
            larger(a, b) > room(&boot->scratch)) {
            return BM_E_BOOT_SHAPE;
        }
    }
    return BM_OK;
}
