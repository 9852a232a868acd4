/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/firewall.h"
#include "firewall/test/slots_world.h"

static struct message one, two, three;

static void before_anything_was_delivered_the_builtin_one_holds(void)
{
    uint32_t operations;

    world_init(8);
    operations = world.log_sim.operations;
    CHECK(world_version() == 1 && world_turn() == BM_FW_STAYS);
    CHECK(bm_fw_slots_trial(&world.slots) == NULL && !world.slots.lost);
    CHECK_STATUS(bm_fw_slots_confirm(&world.slots), BM_OK);
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(world_version() == 1 && world.log_sim.operations == operations);
}

static void what_is_delivered_waits_runs_and_stays(void)
{
    world_init(8);
    make_message(&one, 5, 3, 0);
    CHECK_STATUS(world_take(&one), BM_OK);
    CHECK(world_version() == 1 && !world.slots.running);
    CHECK(bm_fw_slots_have(&world.slots, one.sha256));
    CHECK_STATUS(world_take(&one), BM_OK); /* told twice */
    CHECK(world_turn() == BM_FW_TRIES && world_version() == 5);
    CHECK(world_turn() == BM_FW_STAYS && world.slots.floor == 0);
    CHECK_STATUS(bm_fw_slots_confirm(&world.slots), BM_OK);
    CHECK(world_version() == 5 && world.slots.floor == 3);
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(world_version() == 5 && world.slots.floor == 3);
    CHECK(world_turn() == BM_FW_STAYS && !world.slots.lost);
    CHECK(bm_fw_slots_have(&world.slots, one.sha256));
}

/* Also one that is older, as long as it is not below the floor. */
static void each_slot_is_used_in_turn(void)
{
    static const uint32_t versions[] = { 5, 6, 4, 9, 9 };

    world_init(8);
    for (unsigned i = 0; i < 5; i++) {
        make_message(&one, versions[i], 2, i % 4);
        world_adopt(&one);
        CHECK_STATUS(world_start(), BM_OK);
        CHECK(world_version() == versions[i]);
        CHECK(bm_fw_slots_have(&world.slots, one.sha256));
    }
    CHECK(!world.slot_sim[0].broken && !world.slot_sim[1].broken);
}

static void a_table_can_be_looked_up_in_place_wherever_it_lies(void)
{
    static const uint32_t units[] = { 1, 8, 32 };

    for (unsigned u = 0; u < 3; u++) {
        for (unsigned more = 0; more < 4; more++) {
            world_init(units[u]);
            make_message(&one, 2, 0, more);
            world_adopt(&one);
            CHECK((uintptr_t)bm_fw_slots_table(&world.slots).p % 4 == 0);
            CHECK(world_version() == 2 && !world.slot_sim[0].broken);
        }
    }
}

static void after_its_window_it_is_taken_back_once(void)
{
    world_init(8);
    make_message(&one, 2, 0, 0);
    make_message(&two, 3, 2, 1);
    world_adopt(&one);
    CHECK_STATUS(world_take(&two), BM_OK);
    CHECK(world_turn() == BM_FW_TRIES && world_version() == 3);
    world.now += WORLD_WINDOW - 1;
    CHECK(world_turn() == BM_FW_STAYS);
    world.now++;
    CHECK(world_turn() == BM_FW_REVERTS && world_version() == 3);
    CHECK(memcmp(bm_fw_slots_trial(&world.slots)->sha256, two.sha256,
                 sizeof two.sha256) == 0);
    CHECK_STATUS(bm_fw_slots_revert(&world.slots), BM_OK);
    CHECK(world_version() == 2 && world_turn() == BM_FW_STAYS);
    CHECK_STATUS(bm_fw_slots_confirm(&world.slots), BM_OK);
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(world_version() == 2 && world_turn() == BM_FW_STAYS);
    CHECK(!bm_fw_slots_have(&world.slots, two.sha256));
    /* Who was confirmed is not taken back, however long nobody answers. */
    world.now += 100 * WORLD_WINDOW;
    CHECK(world_turn() == BM_FW_STAYS && world_version() == 2);
}

static void to_the_builtin_one_too(void)
{
    world_init(8);
    make_message(&one, 2, 1, 0);
    CHECK_STATUS(world_take(&one), BM_OK);
    CHECK(world_turn() == BM_FW_TRIES);
    world.now += WORLD_WINDOW;
    CHECK(world_turn() == BM_FW_REVERTS);
    CHECK_STATUS(bm_fw_slots_revert(&world.slots), BM_OK);
    CHECK(world_version() == 1);
}

/* A cut of power is no reason to take it back, a policy that makes the device
 * start again and again is. */
static void a_trial_outlives_restarts_but_not_each_of_them(void)
{
    world_init(8);
    make_message(&one, 2, 0, 0);
    CHECK_STATUS(world_take(&one), BM_OK);
    for (unsigned i = 0; i < BM_FW_TRIAL_STARTS; i++) {
        CHECK_STATUS(world_start(), BM_OK);
        CHECK(world_version() == 1);
        CHECK(world_turn() == BM_FW_TRIES && world_version() == 2);
    }
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(world_turn() == BM_FW_REVERTS && world_version() == 1);
    CHECK_STATUS(bm_fw_slots_revert(&world.slots), BM_OK);
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(world_turn() == BM_FW_STAYS && world_version() == 1);
}

/* Whoever keeps the device from its server gets nothing laxer by it. */
static void nothing_leads_below_a_floor(void)
{
    world_init(8);
    make_message(&one, 4, 4, 0);
    make_message(&two, 6, 5, 1);
    world_adopt(&one);
    CHECK_STATUS(world_take(&two), BM_OK);
    for (unsigned i = 0; i < 2 * BM_FW_TRIAL_STARTS; i++) {
        CHECK_STATUS(world_start(), BM_OK);
        CHECK(world_turn() == BM_FW_TRIES && world_version() == 6);
        world.now += 100 * WORLD_WINDOW;
        CHECK(world_turn() == BM_FW_STAYS && world_version() == 6);
    }
    CHECK_STATUS(bm_fw_slots_confirm(&world.slots), BM_OK);
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(world_version() == 6 && world.slots.floor == 5);
}

static void what_is_below_the_floor_is_refused(void)
{
    world_init(8);
    make_message(&one, 5, 4, 0);
    make_message(&two, 3, 0, 0);
    make_message(&three, 4, 0, 0);
    world_adopt(&one);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_STATUS(world_take(&two), BM_E_FW_FLOOR);
        CHECK(world_version() == 5 && world_turn() == BM_FW_STAYS);
        CHECK_STATUS(world_start(), BM_OK);
    }
    /* A floor that was lowered was still raised once. */
    world_adopt(&three);
    CHECK(world_version() == 4 && world.slots.floor == 4);
    CHECK_STATUS(world_take(&two), BM_E_FW_FLOOR);
}

static void only_who_may_signs_policies(void)
{
    struct bm_bytes table;

    world_init(8);
    world_doubt();
    table = table_of(2, 0, 0);
    sign(&one, table, &bundles_cert, 2);
    CHECK_STATUS(world_take(&one), BM_E_PATH_EKU);
    sign(&one, table, &other_cert, 2);
    CHECK_STATUS(world_take(&one), BM_E_PATH_NO_ISSUER);
    sign(&one, BM_LIT("no table at all"), &policies_cert, 1);
    CHECK_STATUS(world_take(&one), BM_E_FW_TABLE);
    CHECK(world_turn() == BM_FW_STAYS && world_version() == 1);
    /* What could not be taken is in nobody's way. */
    make_message(&one, 2, 0, 0);
    world_adopt(&one);
    CHECK(world_version() == 2);
}

/* Or it is in octets that nobody signs, and the policy is that which it was. */
static void a_changed_message_is_no_other_policy(void)
{
    unsigned refused = 0;

    world_init(8);
    world_doubt();
    make_message(&one, 2, 0, 0);
    for (size_t i = 0; i < one.n; i += BM_TEST_ON_BOARD ? 197 : 3) {
        one.octets[i] ^= 4;
        if (world_take(&one) != BM_OK) {
            refused++;
            CHECK(world_turn() == BM_FW_STAYS && world_version() == 1);
        } else {
            CHECK(world_turn() == BM_FW_TRIES && world_version() == 2);
            CHECK_STATUS(bm_fw_slots_revert(&world.slots), BM_OK);
            CHECK_STATUS(
                bm_log_delete(&world.log, BM_LOG_KEY(BM_LOG_FIREWALL, 1)),
                BM_OK);
        }
        one.octets[i] ^= 4;
    }
    CHECK(refused >= 4);
}

static void what_does_not_fit_is_refused(void)
{
    world_init(8);
    make_message(&one, 2, 0, 3);
    world.config.room = 8;
    CHECK_STATUS(world_start(), BM_E_ARGUMENT); /* not even the builtin one */
    world.config.room = WORLD_ROOM;
    world.config.builtin = (struct bm_bytes){ NULL, 0 };
    CHECK_STATUS(world_start(), BM_E_ARGUMENT);
    world_init(8);
    world.slot_sim[0].flash.sectors = 1;
    CHECK(one.n > WORLD_SECTOR);
    CHECK_STATUS(world_take(&one), BM_E_LIMIT);
    CHECK(world_turn() == BM_FW_STAYS);
}

static void one_that_asks_for_too_much_room_is_refused(void)
{
    struct bm_fw_table table;

    world_init(8);
    CHECK_STATUS(bm_fw_table_open(&table, world.config.builtin), BM_OK);
    world.config.room = bm_fw_room(&table) + 8; /* and no rule more */
    make_message(&one, 2, 0, 0);
    make_message(&two, 3, 0, 1);
    CHECK_STATUS(world_take(&two), BM_E_FW_ROOM);
    world_adopt(&one);
    CHECK(world_version() == 2);
}

static void while_one_is_on_trial_no_other_is_taken(void)
{
    world_init(8);
    make_message(&one, 2, 0, 0);
    make_message(&two, 3, 0, 0);
    CHECK_STATUS(world_take(&one), BM_OK);
    CHECK_STATUS(world_take(&two), BM_OK); /* it never ran */
    CHECK(world_turn() == BM_FW_TRIES && world_version() == 3);
    CHECK_STATUS(world_take(&one), BM_E_FW_TRIAL);
    CHECK_STATUS(world_take(&two), BM_OK);
    CHECK(world_version() == 3);
}

static void what_the_flash_has_lost_is_told_and_the_floor_stands(void)
{
    world_init(8);
    make_message(&one, 5, 4, 0);
    make_message(&two, 3, 0, 0);
    world_adopt(&one);
    world.slot_memory[0][200] ^= 1;
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(world.slots.lost && world_version() == 1);
    CHECK(!bm_fw_slots_have(&world.slots, one.sha256));
    CHECK_STATUS(world_take(&two), BM_E_FW_FLOOR);
    /* It is there again when it is delivered again. */
    world_adopt(&one);
    CHECK(!world.slots.lost && world_version() == 5);
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(!world.slots.lost && world_version() == 5);
}

static void one_on_trial_that_cannot_be_read_is_taken_back(void)
{
    world_init(8);
    make_message(&one, 5, 5, 0);
    CHECK_STATUS(world_take(&one), BM_OK);
    world.slot_memory[0][200] ^= 1;
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(!bm_fw_slots_have(&world.slots, one.sha256));
    CHECK(world_turn() == BM_FW_REVERTS && world_version() == 1);
    CHECK_STATUS(bm_fw_slots_revert(&world.slots), BM_OK);
    CHECK(world_turn() == BM_FW_STAYS && world_version() == 1);
}

/* A name in the table, or an octet that only the hash is about. */
static void whatever_octet_has_changed_it_counts_as_lost(void)
{
    world_init(8);
    make_message(&one, 5, 4, 0);
    world_adopt(&one);
    for (size_t at = one.n - 4; at < one.n; at++) {
        world.slot_memory[0][at] ^= 1;
        CHECK_STATUS(world_start(), BM_OK);
        CHECK(world.slots.lost && world_version() == 1);
        world.slot_memory[0][at] ^= 1;
    }
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(!world.slots.lost && world_version() == 5);
}

/* Its slot is written over: nobody waits while that lasts. */
static void one_that_waited_is_forgotten_before_its_slot_is_used(void)
{
    unsigned written = 0;

    world_init(8);
    make_message(&one, 2, 0, 0);
    make_message(&two, 3, 0, 0);
    for (uint32_t in = 1; in < 9; in++) {
        uint32_t erases;

        world_init(8);
        CHECK_STATUS(world_take(&one), BM_OK);
        erases = world.slot_sim[0].erases;
        flash_sim_cut(&world.log_sim, in, FLASH_CUT_PREFIX, 1);
        CHECK(world_take(&two) != BM_OK && world.log_sim.off);
        flash_sim_on(&world.log_sim);
        CHECK_STATUS(world_start(), BM_OK);
        if (world.slot_sim[0].erases != erases) {
            CHECK(bm_fw_slots_trial(&world.slots) == NULL);
            CHECK(world_turn() == BM_FW_STAYS && world_version() == 1);
            written++;
        }
    }
    CHECK(written > 2);
}

static void what_could_not_be_recorded_has_not_happened(void)
{
    enum bm_fw_turn turn = BM_FW_TRIES;

    world_init(8);
    make_message(&one, 2, 2, 0);
    CHECK_STATUS(world_take(&one), BM_OK);
    flash_sim_cut(&world.log_sim, 1, FLASH_CUT_PREFIX, 0);
    CHECK(bm_fw_slots_turn(&world.slots, world.now, &turn) != BM_OK);
    CHECK(turn == BM_FW_STAYS && !world.slots.running && world_version() == 1);
    flash_sim_on(&world.log_sim);
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(world_turn() == BM_FW_TRIES);
    flash_sim_cut(&world.log_sim, 1, FLASH_CUT_PREFIX, 0);
    CHECK(bm_fw_slots_confirm(&world.slots) != BM_OK);
    CHECK(world.slots.running && world.slots.floor == 0);
}

static void a_record_of_nonsense_counts_as_lost(void)
{
    static const uint8_t nonsense[] = { 1, 7, 7, 7 };

    world_init(8);
    CHECK_STATUS(bm_log_put(&world.log, BM_LOG_KEY(BM_LOG_FIREWALL, 0),
                            BM_ARRAY(nonsense)),
                 BM_OK);
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(world.slots.lost && world_version() == 1);
}

/* The log forgets what it could not read: the device must not. */
static void what_was_lost_stays_lost_over_all_starts(void)
{
    static const uint8_t nonsense[] = { 1, 7, 7, 7 };

    world_init(8);
    make_message(&one, 5, 0, 0);
    CHECK_STATUS(bm_log_put(&world.log, BM_LOG_KEY(BM_LOG_FIREWALL, 0),
                            BM_ARRAY(nonsense)),
                 BM_OK);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_STATUS(world_start(), BM_OK);
        CHECK(world.slots.lost && world_version() == 1);
    }
    /* Also while one is on trial, and when it is over. */
    CHECK_STATUS(world_take(&one), BM_OK);
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(world.slots.lost && world_version() == 1);
    CHECK(world_turn() == BM_FW_TRIES && world_version() == 5);
    world.now += WORLD_WINDOW;
    CHECK(world_turn() == BM_FW_REVERTS);
    CHECK_STATUS(bm_fw_slots_revert(&world.slots), BM_OK);
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(world.slots.lost && world_version() == 1);
    /* Until one is confirmed. */
    make_message(&two, 6, 4, 0);
    world_adopt(&two);
    CHECK_STATUS(world_start(), BM_OK);
    CHECK(!world.slots.lost && world_version() == 6);
}

/* Whoever offers it again, in whatever manifest. */
static void what_was_taken_back_is_not_tried_again(void)
{
    world_init(8);
    make_message(&one, 2, 0, 0);
    CHECK_STATUS(world_take(&one), BM_OK);
    CHECK(world_turn() == BM_FW_TRIES);
    world.now += WORLD_WINDOW;
    CHECK(world_turn() == BM_FW_REVERTS);
    CHECK_STATUS(bm_fw_slots_revert(&world.slots), BM_OK);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_STATUS(world_take(&one), BM_E_FW_REVERTED);
        CHECK(world_turn() == BM_FW_STAYS && world_version() == 1);
        CHECK_STATUS(world_start(), BM_OK);
    }
    /* To sign it once more changes nothing: the same rules as a new version are
     * another policy. */
    make_message(&one, 2, 0, 0);
    CHECK_STATUS(world_take(&one), BM_E_FW_REVERTED);
    make_message(&two, 3, 0, 0);
    world_adopt(&two);
    CHECK_STATUS(world_take(&one), BM_E_FW_REVERTED);
    CHECK(world_version() == 3);
}

static void one_that_never_ran_may_come_again(void)
{
    world_init(8);
    make_message(&one, 2, 0, 0);
    CHECK_STATUS(world_take(&one), BM_OK);
    CHECK_STATUS(bm_fw_slots_revert(&world.slots), BM_OK);
    world_adopt(&one);
    CHECK(world_version() == 2);
}

/* The oldest is forgotten first. */
static void so_many_are_remembered(void)
{
    world_init(8);
    for (unsigned i = 0; i <= BM_FW_REVERTED_MAX; i++) {
        make_message(&one, 2 + i, 0, 0);
        CHECK_STATUS(world_take(&one), BM_OK);
        CHECK(world_turn() == BM_FW_TRIES);
        CHECK_STATUS(bm_fw_slots_revert(&world.slots), BM_OK);
    }
    for (unsigned i = BM_FW_REVERTED_MAX; i > 0; i--) {
        make_message(&one, 2 + i, 0, 0);
        CHECK_STATUS(world_take(&one), BM_E_FW_REVERTED);
    }
    make_message(&one, 2, 0, 0);
    CHECK_STATUS(world_take(&one), BM_OK);
}

static void a_memory_of_nonsense_keeps_nobody_from_a_policy(void)
{
    static const uint8_t nonsense[BM_FW_REVERTED_MAX * 16 + 1] = { 1, 7 };

    for (size_t n = 0; n <= sizeof nonsense; n += 5) {
        world_init(8);
        CHECK_STATUS(bm_log_put(&world.log, BM_LOG_KEY(BM_LOG_FIREWALL, 1),
                                (struct bm_bytes){ nonsense, n }),
                     BM_OK);
        make_message(&one, 2, 0, 0);
        CHECK_STATUS(world_take(&one), BM_OK);
        CHECK(world_turn() == BM_FW_TRIES);
        CHECK_STATUS(bm_fw_slots_revert(&world.slots), BM_OK);
        CHECK_STATUS(world_take(&one), BM_E_FW_REVERTED);
    }
}

/* The power goes between the two records: it is taken back at the next start,
 * and not tried. */
static void a_revert_that_was_cut_is_gone_on_with(void)
{
    unsigned found = 0;

    for (uint32_t in = 1; in < 12; in++) {
        enum bm_fw_turn turn;

        world_init(8);
        make_message(&one, 2, 0, 0);
        CHECK_STATUS(world_take(&one), BM_OK);
        CHECK(world_turn() == BM_FW_TRIES);
        flash_sim_cut(&world.log_sim, in, FLASH_CUT_PREFIX, 1);
        if (bm_fw_slots_revert(&world.slots) == BM_OK) {
            flash_sim_on(&world.log_sim);
            continue;
        }
        flash_sim_on(&world.log_sim);
        CHECK_STATUS(world_start(), BM_OK);
        turn = world_turn();
        found += turn == BM_FW_REVERTS;
        CHECK(turn == BM_FW_REVERTS || turn == BM_FW_TRIES);
        CHECK_STATUS(bm_fw_slots_revert(&world.slots), BM_OK);
        CHECK_STATUS(world_take(&one), BM_E_FW_REVERTED);
    }
    CHECK(found > 0);
}

int main(void)
{
    RUN(before_anything_was_delivered_the_builtin_one_holds);
    RUN(what_is_delivered_waits_runs_and_stays);
    RUN(each_slot_is_used_in_turn);
    RUN(a_table_can_be_looked_up_in_place_wherever_it_lies);
    RUN(after_its_window_it_is_taken_back_once);
    RUN(to_the_builtin_one_too);
    RUN(a_trial_outlives_restarts_but_not_each_of_them);
    RUN(nothing_leads_below_a_floor);
    RUN(what_is_below_the_floor_is_refused);
    RUN(only_who_may_signs_policies);
    RUN(a_changed_message_is_no_other_policy);
    RUN(what_does_not_fit_is_refused);
    RUN(one_that_asks_for_too_much_room_is_refused);
    RUN(while_one_is_on_trial_no_other_is_taken);
    RUN(what_the_flash_has_lost_is_told_and_the_floor_stands);
    RUN(one_on_trial_that_cannot_be_read_is_taken_back);
    RUN(whatever_octet_has_changed_it_counts_as_lost);
    RUN(one_that_waited_is_forgotten_before_its_slot_is_used);
    RUN(what_could_not_be_recorded_has_not_happened);
    RUN(a_record_of_nonsense_counts_as_lost);
    RUN(what_was_lost_stays_lost_over_all_starts);
    RUN(what_was_taken_back_is_not_tried_again);
    RUN(one_that_never_ran_may_come_again);
    RUN(so_many_are_remembered);
    RUN(a_memory_of_nonsense_keeps_nobody_from_a_policy);
    RUN(a_revert_that_was_cut_is_gone_on_with);
    return bm_test_done();
}
