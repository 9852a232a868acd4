/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/deliver_world.h"

/*
 * The connection ends after every octet of what a server answers, and the
 * power fails at every program and every erase of a delivery, torn in every
 * way that flash_sim.h knows, and once more while it goes on. Whatever was
 * cut, the new things are taken in the end, whole, nothing is told of them
 * that is not so, nothing is left out, and no older manifest is let in.
 */

/* How much of it: QEMU is slow. */
#if BM_TEST_ON_BOARD
#define EDGE_STEP  211
#define OCTET_STEP 2999
#define CUT_STEP   61
#define SECONDS    1
#else
#define EDGE_STEP  1
#define OCTET_STEP 61
#define CUT_STEP   1
#define SECONDS    3
#endif

/* Version 2 over version 1; both are signed once. */
static uint8_t signed_room[2][BM_MANIFEST_SIZE_MAX];
static size_t signed_n[2];

/* Blobs 0 and 1 are of version 1, those of version 2 follow. */
static void offer(unsigned version)
{
    memcpy(server.manifest, signed_room[version - 1], signed_n[version - 1]);
    server.manifest_n = signed_n[version - 1];
    server.version = version;
}

static void sign_both(void)
{
    for (unsigned v = 1; v <= 2; v++) {
        const struct bm_manifest_item items[] = {
            item_of(&server.blob[v == 1 ? 1 : 2], BM_MANIFEST_POLICY),
            item_of(&server.blob[0], BM_MANIFEST_FIRMWARE)
        };
        struct bm_manifest_config config = manifest_of(v, items, v);

        server_publish(&config);
        memcpy(signed_room[v - 1], server.manifest, server.manifest_n);
        signed_n[v - 1] = server.manifest_n;
    }
}

/* A device that has the policy of version 1, and is offered a policy and a
 * firmware. */
static void begin(void)
{
    world_init();
    server_blob("/device/v1/blob/policy-2", POLICY_SIZE + 9, 3);
    if (signed_n[0] == 0) {
        sign_both();
    }
    world_believe();
    offer(1);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 1 && server.heard_n == 2);
    offer(2);
    world.takes = 0;
    world.connects = 0;
    world.answered = 0;
}

/* All of version 2 is there, and was told. */
static void check_end(void)
{
    CHECK(world.d.version == 2 && world.takes >= 2);
    CHECK(heard(BM_EVENT_FETCHED, &server.blob[0]) >= 1);
    CHECK(heard(BM_EVENT_FETCHED, &server.blob[2]) >= 1);
    CHECK(heard(BM_EVENT_TAKEN, &server.blob[2]) >= 1);
    CHECK(heard(BM_EVENT_REFUSED, NULL) == 0);
    CHECK(heard(BM_EVENT_LOST, NULL) == 0);
    CHECK(bm_deliver_events(&world.d) == 0);
    CHECK(!world.sim.broken && !world.slot.broken);
}

static void every_cut_of_an_answer_goes_on_where_it_was(void)
{
    uint64_t all;
    unsigned cuts = 0;

    begin();
    CHECK_STATUS(world_round(), BM_OK);
    check_end();
    all = world.answered;
    /* Heads and ends to the octet, what lies between in steps. */
    for (size_t cut = 1; cut < all;
         cut += cut < 1500 || cut > all - 500 ? EDGE_STEP : OCTET_STEP) {
        begin();
        world.cut_after = cut;
        world.cut_dirty = cut % 2 != 0;
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(world.waits == 1 && world.connects == 2 && world.takes == 2);
        CHECK(server.heard_n == 5);
        check_end();
        /* Nothing of the firmware comes twice but what was on its way. */
        CHECK(world.answered <= all + server.manifest_n + 900 + POLICY_SIZE);
        cuts++;
    }
    printf("# %u cuts of %lu octets\n", cuts, (unsigned long)all);
}

static struct cut {
    uint32_t at;
    enum flash_cut mode;
    uint32_t tear;
} second;

/* Power again: the device goes on, perhaps with another cut. */
static bm_status go_on(void)
{
    bm_status rc;

    flash_sim_on(&world.sim);
    if (second.at != 0) {
        flash_sim_cut(&world.sim, second.at, second.mode, second.tear);
        second.at = 0;
    }
    rc = world_power_on_kept();
    return rc == BM_OK ? world_round() : rc;
}

/* One cut, and what follows; false when the round ended before it. */
static bool cut(uint32_t at, enum flash_cut mode, uint32_t tear)
{
    bm_status rc;
    unsigned takes;

    begin();
    flash_sim_cut(&world.sim, at, mode, tear);
    rc = world_round();
    if (!world.sim.off) {
        CHECK_STATUS(rc, BM_OK);
        return false;
    }
    takes = world.takes;
    for (int i = 0; i < 3 && world.sim.off; i++) {
        rc = go_on();
    }
    CHECK_STATUS(rc, BM_OK);
    /* What was acted upon was on record before. */
    CHECK(world.d.version == 2 && world.takes >= takes);
    check_end();
    /* What is older is not let in any more. */
    offer(1);
    server.version = 0;
    world.stop_wait = true;
    CHECK_STATUS(world_round(), BM_E_MANIFEST_ROLLBACK);
    return true;
}

static void every_cut_of_the_power_is_gone_on_from(void)
{
    unsigned cuts = 0;

    for (unsigned mode = 0; mode < FLASH_CUTS; mode++) {
        uint32_t at = 1 + mode;

        while (cut(at, (enum flash_cut)mode, at * 7 % 40)) {
            at += CUT_STEP;
            cuts++;
        }
    }
    CHECK(cuts > 300 / CUT_STEP);
    printf("# %u cuts\n", cuts);
}

static void a_second_cut_is_gone_on_from_too(void)
{
    unsigned cuts = 0;

    for (uint32_t i = 1; i <= SECONDS; i++) {
        for (uint32_t at = i; at < 140; at += 5 * CUT_STEP) {
            second = (struct cut){ 1 + at * i % 41,
                                   (enum flash_cut)(at % FLASH_CUTS), at % 9 };
            (void)cut(at, (enum flash_cut)(i % FLASH_CUTS), at % 17);
            second.at = 0;
            cuts++;
        }
    }
    printf("# %u pairs of cuts\n", cuts);
}

/* A power cut late in a download costs one step of it, and not all. */
static void a_download_goes_on_by_range_after_a_power_cut(void)
{
    uint64_t all;
    uint32_t at = 150;

    begin();
    CHECK_STATUS(world_round(), BM_OK);
    all = world.answered;
    do {
        begin();
        flash_sim_cut(&world.sim, at, FLASH_CUT_BITS, 0);
        CHECK_STATUS(world_round(), BM_E_FLASH_POWER);
    } while (world.d.whole <= BM_DELIVER_STEP && at++ < 300);
    CHECK(world.d.fetching && world.d.whole < FIRMWARE_SIZE);
    world.answered = 0;
    CHECK_STATUS(go_on(), BM_OK);
    CHECK(server.ranges == 1);
    CHECK(world.answered < all - BM_DELIVER_STEP + 100);
    check_end();
}

int main(void)
{
    RUN(every_cut_of_an_answer_goes_on_where_it_was);
    RUN(every_cut_of_the_power_is_gone_on_from);
    RUN(a_second_cut_is_gone_on_from_too);
    RUN(a_download_goes_on_by_range_after_a_power_cut);
    return bm_test_done();
}
