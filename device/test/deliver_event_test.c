/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/deliver_world.h"

static void events_wait_until_they_are_on_record(void)
{
    const struct bm_event e = { .kind = BM_EVENT_APPLICATION };

    world_init();
    CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
    say("/device/v1/events", BUSY, 2);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.waits == 2 && server.heard_n == 1);
    /* A reply that is lost: sent again, and passed over. */
    CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
    world.cut_after = strlen("HTTP/1.1 404 Not Found\r\n"
                             "Content-Length: 0\r\n\r\n") +
                      5;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(server.posts == 3 && server.heard_n == 2);
}

/* So the server hears why, or at least that the device is there. */
static void who_has_to_wait_posts_events_before(void)
{
    static const struct {
        const char *to;
        const char *answer;
        bm_status connect;
        bm_status want;
        unsigned heard;
    } rows[] = {
        { "/device/v1/manifest", BUSY, BM_OK, BM_E_DELIVER_SERVER, 1 },
        { "/device/v1/manifest", "nonsense\r\n\r\n", BM_OK, BM_E_HTTP_SYNTAX,
          1 },
        { "/device/v1/blob/policy", BUSY, BM_OK, BM_E_DELIVER_SERVER, 1 },
        { "/device/v1/blob/policy", NOT_FOUND, BM_OK, BM_E_DELIVER_NONE, 1 },
        /* Nobody is there to hear, or has just gone. */
        { "/device/v1/manifest", "", BM_OK, BM_E_TLS_CLOSED, 0 },
        { "", "", BM_E_TLS_HANDSHAKE, BM_E_TLS_HANDSHAKE, 0 },
    };
    const struct bm_event e = { .kind = BM_EVENT_APPLICATION };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world_init();
        server_assign(1);
        CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
        say(rows[i].to, rows[i].answer, rows[i].connect == BM_OK);
        world.connect = rows[i].connect;
        world.connect_times = rows[i].connect != BM_OK;
        world.stop_wait = true;
        CHECK_STATUS(world_round(), rows[i].want);
        CHECK(server.heard_n == rows[i].heard && world.takes == 0);
        CHECK(rows[i].want != BM_E_DELIVER_SERVER || world.waited == 5000);
        world.stop_wait = false;
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(heard(BM_EVENT_APPLICATION, NULL) == 1 && world.takes == 2);
    }
}

/* What went wrong first is the reason; and a wait that is over while nobody
 * answers is not waited for once more. */
static void posting_before_a_wait_may_fail_as_well(void)
{
    struct bm_manifest_config config = manifest_of(1, NULL, 0);

    for (int silent = 0; silent < 2; silent++) {
        world_init();
        config.device = BM_LIT("node-2");
        server_publish(&config);
        say("/device/v1/events", silent ? "" : BUSY, 1);
        server.say_no_more = silent;
        world.stop_wait = true;
        CHECK_STATUS(world_round(), BM_E_MANIFEST_DEVICE);
        CHECK(world.waited <= 2 * BM_BACKOFF_FLOOR);
        CHECK(server.manifests == 1u + (unsigned)silent);
        CHECK(server.heard_n == (unsigned)silent);
    }
}

/* The first is passed over: its number was used before. */
static void numbers_go_up_once_time_is_known_again(void)
{
    const struct bm_event e = { .kind = BM_EVENT_APPLICATION };
    const uint32_t issued[] = { 90000, 200000 };
    uint64_t number;

    world_init();
    for (uint64_t life = 0; life < 2; life++) {
        struct bm_manifest_config config = manifest_of(1 + life, NULL, 0);

        world_lose_log();
        CHECK_STATUS(world_power_on(), BM_OK);
        server.heard_n = 0;
        config.issued += issued[life];
        config.next_update = config.issued + 86400;
        server_publish(&config);
        CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(server.heard_n == (life == 0));
        CHECK_STATUS(world_power_on(), BM_OK);
        CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
        CHECK_STATUS(world_power_on(), BM_OK);
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(server.heard_n == 1u + (life == 0));
        number = server.highest;
        CHECK(number >= (uint64_t)config.issued);
        /* From there on without a gap. */
        world.now += 1000;
        CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(server.highest == number + 1);
    }
}

static void numbers_go_up_through_restarts(void)
{
    const struct bm_event e = { .kind = BM_EVENT_APPLICATION };
    uint64_t last = 0;

    world_init();
    for (int i = 0; i < 40; i++) {
        CHECK(world.d.number > last);
        last = world.d.number;
        CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
        if (i % 3 == 0) {
            CHECK_STATUS(world_power_on(), BM_OK);
        }
        if (i % 7 == 0) {
            CHECK_STATUS(world_round(), BM_OK);
        }
    }
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(server.heard_n == 40);
}

static void one_too_many_takes_the_place_of_the_oldest(void)
{
    struct bm_event e = { .kind = BM_EVENT_APPLICATION };

    world_init();
    for (uint32_t i = 1; i <= BM_DELIVER_EVENTS + 3; i++) {
        e.code = i;
        CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
    }
    CHECK(bm_deliver_events(&world.d) == BM_DELIVER_EVENTS);
    CHECK_STATUS(world_power_on(), BM_OK);
    CHECK(bm_deliver_events(&world.d) == BM_DELIVER_EVENTS);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(server.heard_n == BM_DELIVER_EVENTS && server.posts == 1);
    CHECK(server.heard[0].event.code == 4);
}

static void an_event_that_nobody_could_read_is_refused(void)
{
    const struct bm_event e = { .kind = BM_EVENT_APPLICATION,
                                .text = BM_LIT("two\nlines") };

    world_init();
    CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_E_ARGUMENT);
    CHECK(bm_deliver_events(&world.d) == 0);
}

/* A record that makes no sense counts as none, and that is told. */
static void a_floor_that_was_lost_is_told(void)
{
    world_init();
    server_assign(5);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK_STATUS(bm_log_put(&world.log, BM_LOG_KEY(BM_LOG_DELIVER, 0),
                            BM_LIT("nonsense")),
                 BM_OK);
    CHECK_STATUS(world_power_on(), BM_OK);
    CHECK(world.d.version == 0 && bm_deliver_events(&world.d) == 1);
    CHECK(world.modes == 1); /* it is not known */
    world.has = true;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(heard(BM_EVENT_LOST, NULL) == 1 && world.d.version == 5);
    CHECK(world.modes == 2);
}

int main(void)
{
    RUN(events_wait_until_they_are_on_record);
    RUN(who_has_to_wait_posts_events_before);
    RUN(posting_before_a_wait_may_fail_as_well);
    RUN(numbers_go_up_once_time_is_known_again);
    RUN(numbers_go_up_through_restarts);
    RUN(one_too_many_takes_the_place_of_the_oldest);
    RUN(an_event_that_nobody_could_read_is_refused);
    RUN(a_floor_that_was_lost_is_told);
    return bm_test_done();
}
