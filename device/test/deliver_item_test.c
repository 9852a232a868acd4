/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/deliver_world.h"

/* ---- Blobs that are not as they should be */

static void each_wrong_answer_is_waited_out_and_then_left(void)
{
    static const struct {
        const char *answer;
        bm_status want;
    } rows[] = {
        { NOT_FOUND, BM_E_DELIVER_NONE },
        { "HTTP/1.1 416 Range\r\nContent-Length: 0\r\n\r\n",
          BM_E_DELIVER_ANSWER },
        { "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-9/17501\r\n"
          "Content-Length: 10\r\n\r\n0123456789",
          BM_E_DELIVER_ANSWER },
        { "HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
          BM_E_DELIVER_ANSWER },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world_init();
        server_assign(1);
        say("/device/v1/blob/firmware", rows[i].answer, BM_DELIVER_TRIES);
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(world.waits == BM_DELIVER_TRIES - 1);
        CHECK_STATUS(world.why, rows[i].want);
        CHECK(world.takes == 1 && heard(BM_EVENT_REFUSED, NULL) == 1);
        /* The next round tries again, and tells nothing twice. */
        say("/device/v1/blob/firmware", rows[i].answer, BM_DELIVER_TRIES);
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(world.takes == 1 && heard(BM_EVENT_REFUSED, NULL) == 1);
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(world.takes == 2);
    }
}

/* What costs a flash each time is given up for good. */
static void a_blob_that_is_another_is_given_up(void)
{
    for (int which = 0; which < 3; which++) {
        world_init();
        server_assign(1);
        if (which == 0) {
            server.blob[0].octets[17000] ^= 1;
        } else {
            server.blob[0].n += which == 1 ? 1 : (size_t)-1;
        }
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(world.takes == 1 && heard(BM_EVENT_FETCHED, NULL) == 1);
        CHECK(heard(BM_EVENT_REFUSED, NULL) == 1);
        CHECK_STATUS((bm_status)server.heard[2].event.code,
                     which == 0 ? BM_E_DELIVER_DIGEST : BM_E_DELIVER_SIZE);
        CHECK(world.slot.erases <= 4 * (FIRMWARE_SIZE / WORLD_SECTOR + 2));
        CHECK_STATUS(world_power_on(), BM_OK);
        CHECK_STATUS(world_round(), BM_OK);
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(world.takes == 1 && server.unchanged == 2);
        CHECK(!world.slot.broken);
    }
}

static void flash_that_does_not_take_octets_is_tried_again(void)
{
    world_init();
    server_assign(1);
    world.slot.supply = NULL;
    flash_sim_cut(&world.slot, 9, FLASH_CUT_BITS, 0);
    world.stop_wait = true;
    CHECK_STATUS(world_round(), BM_E_FLASH_POWER);
    flash_sim_on(&world.slot);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 2 && !world.slot.broken);
}

static void a_taker_whose_flash_fails_is_asked_again(void)
{
    world_init();
    server_assign(1);
    world.take = BM_E_LOG_FULL;
    world.stop_wait = true;
    CHECK_STATUS(world_round(), BM_E_LOG_FULL);
    world.take = BM_OK;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 3);
    CHECK(heard(BM_EVENT_FETCHED, &server.blob[1]) == 1);
    CHECK(server.blob_asks == 2); /* it was there already */
}

/* That another one is on trial says nothing about it, and passes. */
static void what_has_to_wait_for_a_trial_is_taken_after_it(void)
{
    world_init();
    server_assign(1);
    world.take = BM_E_FW_TRIAL;
    for (unsigned i = 1; i < 3; i++) {
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(world.takes == 2 * i && world.waits == 0);
        CHECK(heard(BM_EVENT_REFUSED, NULL) == 0);
        CHECK_STATUS(world_power_on(), BM_OK);
    }
    world.take = BM_OK;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 6 && heard(BM_EVENT_TAKEN, &server.blob[1]) == 1);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 6 && server.unchanged == 1);
}

/* ---- Connections that end */

/* A sector is whole, or it is begun anew: however large it is. */
static void sectors_may_be_larger_than_a_step(void)
{
    enum {
        SECTOR = 20480,
        SIZE = 30011
    };

    _Static_assert(SECTOR > BM_DELIVER_STEP, "larger than a step");
    for (int power = 0; power < 2; power++) {
        world_init();
        world_slot(SECTOR);
        server.blobs = 0;
        server_blob("/device/v1/blob/firmware", SIZE, 9);
        server_blob("/device/v1/blob/policy", POLICY_SIZE, 2);
        server_assign(1);
        world.cut_after = SECTOR + 8000;
        world.stop_wait = true;
        CHECK_STATUS(world_round(), BM_E_HTTP_LENGTH);
        CHECK(world.d.whole > SECTOR);
        if (power != 0) {
            CHECK_STATUS(world_power_on(), BM_OK);
        }
        world.stop_wait = false;
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(world.takes == 2 && server.ranges == 1 && !world.slot.broken);
        /* One for the policy, two for the firmware, and the one in doubt. */
        CHECK(world.slot.erases == 3u + (power != 0));
    }
}

static void a_server_without_ranges_begins_anew(void)
{
    world_init();
    server_assign(1);
    server.no_ranges = true;
    world.cut_after = 12000;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 2 && server.ranges == 0 && !world.slot.broken);
}

static void a_blob_that_changes_on_the_way_begins_anew(void)
{
    world_init();
    server_assign(1);
    world.cut_after = 12000;
    world.stop_wait = true;
    CHECK_STATUS(world_round(), BM_E_HTTP_LENGTH);
    CHECK(world.d.whole > 8000);
    server.blobs = 0;
    server_blob("/device/v1/blob/firmware", FIRMWARE_SIZE - 500, 7);
    server_blob("/device/v1/blob/policy", POLICY_SIZE, 2);
    server_assign(2);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 2 && server.ranges == 0 && !world.slot.broken);
}

static void a_server_that_is_busy_says_when_to_come(void)
{
    world_init();
    server_assign(1);
    say("/device/v1/manifest", BUSY, 1);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.waits == 1 && world.waited == 5000);
    CHECK_STATUS(world.why, BM_E_DELIVER_SERVER);
    CHECK(world.takes == 2);
}

static void no_server_is_waited_for_longer_than_a_day(void)
{
    static const struct {
        const char *after;
        uint32_t want;
    } rows[] = {
        { "86399", 86399 },
        { "86400", 86400 },
        { "86401", 86400 },
        { "999999999", 86400 },
    };
    char answer[120];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world_init();
        server_assign(1);
        (void)snprintf(answer, sizeof answer,
                       "HTTP/1.1 503 Busy\r\nRetry-After: %s\r\n"
                       "Content-Length: 0\r\n\r\n",
                       rows[i].after);
        say("/device/v1/manifest", answer, 1);
        world.stop_wait = true;
        CHECK_STATUS(world_round(), BM_E_DELIVER_SERVER);
        CHECK(world.waited == rows[i].want);
    }
}

/* Whatever it has said before. */
static void a_server_that_says_nothing_more_is_left(void)
{
    static const struct {
        const char *to;
        const char *answer;
    } rows[] = {
        { "/device/v1/manifest", "" },
        { "/device/v1/manifest", "HTTP/1.1 200 OK\r\n" },
        { "/device/v1/manifest",
          "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12345678" },
        { "/device/v1/blob/policy", "" },
        { "/device/v1/blob/policy",
          "HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n1234" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t before;

        world_init();
        server_assign(1);
        say(rows[i].to, rows[i].answer, 1);
        server.say_no_more = true;
        world.stop_wait = true;
        before = world.now + BM_DELIVER_EVERY;
        CHECK_STATUS(world_round(), BM_E_DELIVER_TIMEOUT);
        CHECK(world.now - before >= BM_EXCHANGE_PATIENCE);
        CHECK(world.now - before <= 2 * BM_EXCHANGE_PATIENCE);
        world.stop_wait = false;
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(world.takes == 2 && !world.slot.broken);
    }
}

static void a_head_that_is_cut_is_no_answer(void)
{
    world_init();
    server_assign(1);
    say("/device/v1/manifest", "HTTP/1.1 200 OK\r\n", 1);
    world.stop_wait = true;
    CHECK_STATUS(world_round(), BM_E_HTTP_LENGTH);
}

static void waits_grow_and_end_with_the_first_success(void)
{
    uint32_t longest = 0;

    world_init();
    server_assign(1);
    world.connect = BM_E_TLS_HANDSHAKE;
    world.connect_times = 9;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.waits == 9 && world.takes == 2);
    longest = world.waited;
    CHECK(longest > 1000 && longest <= BM_BACKOFF_CAP);
    world.connect_times = 1;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.waits == 1 && world.waited <= BM_BACKOFF_FLOOR);
}

int main(void)
{
    RUN(each_wrong_answer_is_waited_out_and_then_left);
    RUN(a_blob_that_is_another_is_given_up);
    RUN(flash_that_does_not_take_octets_is_tried_again);
    RUN(a_taker_whose_flash_fails_is_asked_again);
    RUN(what_has_to_wait_for_a_trial_is_taken_after_it);
    RUN(sectors_may_be_larger_than_a_step);
    RUN(a_server_without_ranges_begins_anew);
    RUN(a_blob_that_changes_on_the_way_begins_anew);
    RUN(a_server_that_is_busy_says_when_to_come);
    RUN(no_server_is_waited_for_longer_than_a_day);
    RUN(a_server_that_says_nothing_more_is_left);
    RUN(a_head_that_is_cut_is_no_answer);
    RUN(waits_grow_and_end_with_the_first_success);
    return bm_test_done();
}
