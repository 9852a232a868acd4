/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/deliver_world.h"

static void what_is_assigned_is_fetched_and_handed_over_once(void)
{
    world_init();
    server_assign(3);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 2 && world.taken_kind == BM_MANIFEST_FIRMWARE);
    CHECK(world.waits == 0 && world.connects == 1);
    CHECK(world.modes == 1 && world.mode == BM_MANIFEST_NORMAL);
    CHECK(heard(BM_EVENT_FETCHED, &server.blob[0]) == 1);
    CHECK(heard(BM_EVENT_FETCHED, &server.blob[1]) == 1);
    CHECK(heard(BM_EVENT_TAKEN, &server.blob[1]) == 1);
    CHECK(heard(BM_EVENT_TAKEN, &server.blob[0]) == 0);
    CHECK(server.heard_n == 3 && bm_deliver_events(&world.d) == 0);
    CHECK(server.heard[0].event.manifest == 3);

    CHECK_STATUS(world_round(), BM_OK);
    CHECK(server.unchanged == 1 && server.posts == 1);
    CHECK_STATUS(world_power_on(), BM_OK);
    CHECK(world.d.version == 3);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 2 && server.unchanged == 2 && server.blob_asks == 2);
    CHECK(!world.sim.broken && !world.slot.broken);
}

int main(void)
{
    RUN(what_is_assigned_is_fetched_and_handed_over_once);
    return bm_test_done();
}
