/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/test/slots_world.h"

/*
 * The power fails at every program and every erase of what makes a new policy
 * take the place of an old one, or give it back, torn in every way that
 * flash_sim.h knows, and once more while the device goes on. Whatever was cut,
 * one of the two is in force, whole, at each start; the floor never falls; and
 * the end is the same.
 */

/* How much of it: QEMU is slow. */
#if BM_TEST_ON_BOARD
#define CUT_STEP 17
#else
#define CUT_STEP 1
#endif

static struct message old, new;

enum end {
    TO_CONFIRM,
    TO_REVERT
};

/* One thing that is still to be done; false: all is. */
static bool go_on(enum end end, bm_status *rc)
{
    enum bm_fw_turn turn;

    if (bm_fw_slots_trial(&world.slots) == NULL &&
        !bm_fw_slots_have(&world.slots, new.sha256)) {
        *rc = world_take(&new);
        if (*rc == BM_E_FW_REVERTED) {
            *rc = BM_OK; /* it is taken back, and that is known */
            return false;
        }
        return true;
    }
    *rc = bm_fw_slots_turn(&world.slots, world.now, &turn);
    if (*rc != BM_OK || turn == BM_FW_TRIES) {
        return true;
    }
    if (turn == BM_FW_REVERTS) {
        *rc = bm_fw_slots_revert(&world.slots);
        return false;
    }
    if (end == TO_REVERT) {
        world.now += WORLD_WINDOW;
        return true;
    }
    *rc = bm_fw_slots_confirm(&world.slots);
    return false;
}

static bm_status run(enum end end)
{
    bm_status rc = BM_OK;

    while (go_on(end, &rc) && rc == BM_OK) {
    }
    return rc;
}

/* Old or new, whole; and no floor below that of the old one. */
static void check_start(void)
{
    const uint32_t version = world_version();

    CHECK(version == 5 || version == 6);
    CHECK(world.slots.floor >= 4 && !world.slots.lost);
}

static void check_end(enum end end)
{
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(world_turn() == BM_FW_STAYS);
    CHECK(world_version() == (end == TO_CONFIRM ? 6 : 5));
    CHECK(world.slots.floor == (end == TO_CONFIRM ? 5 : 4));
    CHECK(!world.log_sim.broken && !world.slot_sim[0].broken &&
          !world.slot_sim[1].broken);
}

static void begin(void)
{
    world_init(8);
    world_believe();
    world_adopt(&old);
}

/* Power again, perhaps with another cut: to the end. */
static void recover(enum end end, uint32_t second, enum flash_cut mode)
{
    for (unsigned starts = 0;; starts++) {
        bm_status rc;

        CHECK(starts < 4);
        flash_sim_on(&world.log_sim);
        CHECK_STATUS(world_start(), BM_OK);
        check_start();
        if (starts == 0 && second != 0) {
            flash_sim_cut(&world.log_sim, second, mode, 3);
        }
        rc = run(end);
        if (!world.log_sim.off) {
            CHECK_STATUS(rc, BM_OK);
            break;
        }
    }
    flash_sim_on(&world.log_sim);
    check_end(end);
}

/* False: it was over before. */
static bool cut(enum end end, uint32_t at, enum flash_cut mode, uint32_t second)
{
    begin();
    flash_sim_cut(&world.log_sim, at, mode, at % 5);
    (void)run(end);
    if (!world.log_sim.off) {
        return false;
    }
    recover(end, second, mode);
    return true;
}

static void every_cut(enum end end)
{
    unsigned cuts = 0;

    make_message(&old, 5, 4, 0);
    make_message(&new, 6, 5, 1);
    if (end == TO_REVERT) {
        make_message(&new, 6, 4, 1);
    }
    for (unsigned mode = 0; mode < FLASH_CUTS; mode++) {
        for (uint32_t at = 1; cut(end, at, (enum flash_cut)mode, 0);
             at += CUT_STEP) {
            cuts++;
            for (uint32_t second = 1; second < 40; second += 1 + 4 * CUT_STEP) {
                CHECK(cut(end, at, (enum flash_cut)mode, second));
                cuts++;
            }
        }
    }
    CHECK(cuts > 4);
    printf("# %u cuts\n", cuts);
}

static void a_cut_on_the_way_to_a_new_policy_leaves_the_old_or_the_new(void)
{
    world_init(8);
    every_cut(TO_CONFIRM);
}

static void a_cut_on_the_way_back_does_so_too(void)
{
    world_init(8);
    every_cut(TO_REVERT);
}

int main(void)
{
    RUN(a_cut_on_the_way_to_a_new_policy_leaves_the_old_or_the_new);
    RUN(a_cut_on_the_way_back_does_so_too);
    return bm_test_done();
}
