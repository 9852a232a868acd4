/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/deliver_world.h"

/* QEMU is slow. */
#if defined(__arm__) || defined(__riscv)
#define BIT_STEP 3001
#else
#define BIT_STEP 611
#endif

#define NOT_FOUND "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
#define BUSY                                                    \
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5000\r\n" \
    "Content-Length: 0\r\n\r\n"

static void what_is_assigned_is_fetched_and_handed_over_once(void)
{
    world_init();
    world_doubt();
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

static void the_server_may_close_after_each_answer(void)
{
    world_init();
    server_assign(1);
    server.closes = true;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 2 && world.connects == 4 && world.waits == 0);
}

static void octets_may_come_one_by_one(void)
{
    world_init();
    server_assign(1);
    world.piece = 1;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 2 && world.waits == 0);
    CHECK(!world.slot.broken);
}

static void where_nothing_is_assigned_events_are_posted_all_the_same(void)
{
    const struct bm_event e = { .kind = BM_EVENT_STARTED,
                                .text = BM_LIT("node 1.0.0") };

    world_init();
    CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(server.heard_n == 1 && world.takes == 0);
    CHECK(server.heard[0].event.when >= MAKER_NOW);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(server.posts == 1);
}

static void what_it_has_is_not_fetched(void)
{
    world_init();
    server_assign(1);
    world.has = true;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(server.blob_asks == 0 && world.takes == 0 && server.posts == 0);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(server.unchanged == 1);
}

static void what_it_takes_nowhere_is_refused_once(void)
{
    world_init();
    server_assign(1);
    world.nowhere = true;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(server.blob_asks == 0 && heard(BM_EVENT_REFUSED, NULL) == 2);
    CHECK(server.heard[0].event.code == BM_E_DELIVER_KIND);
    CHECK_STATUS(world_power_on(), BM_OK);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(server.unchanged == 1 && heard(BM_EVENT_REFUSED, NULL) == 2);
}

static void what_is_too_large_for_its_place_is_refused(void)
{
    struct bm_manifest_item item;
    struct bm_manifest_config config;

    world_init();
    item = item_of(&server.blob[0], BM_MANIFEST_FIRMWARE);
    item.size = SLOT_SECTORS * WORLD_SECTOR + 1;
    config = manifest_of(1, &item, 1);
    server_publish(&config);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(server.blob_asks == 0 && heard(BM_EVENT_REFUSED, NULL) == 1);
    CHECK(server.heard[0].event.code == BM_E_DELIVER_SPACE);
}

static void what_the_application_refuses_is_not_fetched_again(void)
{
    world_init();
    server_assign(1);
    world.take = BM_E_IMAGE_SIGNATURE;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 2 && heard(BM_EVENT_REFUSED, NULL) == 2);
    CHECK(server.heard[1].event.code == BM_E_IMAGE_SIGNATURE);
    CHECK_STATUS(world_power_on(), BM_OK);
    server_assign(2);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 2 && server.blob_asks == 2);
}

/* ... until it was away from the manifest: so an operator tries it anew. */
static void assigned_anew_it_is_tried_anew(void)
{
    struct bm_manifest_config nothing = manifest_of(2, NULL, 0);

    world_init();
    server_assign(1);
    world.take = BM_E_IMAGE_SIGNATURE;
    CHECK_STATUS(world_round(), BM_OK);
    server_publish(&nothing);
    CHECK_STATUS(world_round(), BM_OK);
    server_assign(3);
    world.take = BM_OK;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 4);
}

static void what_was_reverted_is_settled(void)
{
    struct bm_event e = { .kind = BM_EVENT_REVERTED };

    world_init();
    e.sha256 = BM_ARRAY(server.blob[0].hash);
    CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
    server_assign(1);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 1 && world.taken_kind == BM_MANIFEST_POLICY);
    CHECK(heard(BM_EVENT_REVERTED, &server.blob[0]) == 1);
    CHECK_STATUS(world_power_on(), BM_OK);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(server.unchanged == 1);
}

static void what_was_lost_is_fetched_again_when_it_is_forgotten(void)
{
    world_init();
    server_assign(1);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK_STATUS(bm_deliver_forget(&world.d), BM_OK);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 4 && server.manifests == 2);
}

/* It is fetched for each of them: they lie in different flash. */
static void two_images_of_the_same_octets_are_two_items(void)
{
    struct bm_manifest_item items[2];
    struct bm_manifest_config config;

    world_init();
    items[0] = item_of(&server.blob[0], BM_MANIFEST_FIRMWARE);
    items[1] = items[0];
    items[1].image = 1;
    config = manifest_of(1, items, 1);
    server_publish(&config);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 1);
    config = manifest_of(2, items, 2);
    server_publish(&config);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 2 && server.blob_asks == 2);
    CHECK(heard(BM_EVENT_FETCHED, &server.blob[0]) == 2);
    /* The first one goes, and the second stays settled. */
    CHECK_STATUS(world_power_on(), BM_OK);
    config = manifest_of(3, items + 1, 1);
    server_publish(&config);
    CHECK_STATUS(world_round(), BM_OK);
    config = manifest_of(4, items, 2);
    server_publish(&config);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 3 && !world.slot.broken);
}

static void the_mode_outlives_a_restart(void)
{
    struct bm_manifest_config config = manifest_of(1, NULL, 0);

    world_init();
    CHECK(world.modes == 0);
    config.mode = BM_MANIFEST_LOCKDOWN;
    server_publish(&config);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.modes == 1 && world.mode == BM_MANIFEST_LOCKDOWN);
    world.mode = BM_MANIFEST_NORMAL;
    CHECK_STATUS(world_power_on(), BM_OK);
    CHECK(world.modes == 2 && world.mode == BM_MANIFEST_LOCKDOWN);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(server.unchanged == 1 && world.modes == 2);
    /* Whatever else is kept, it stays. */
    CHECK_STATUS(bm_deliver_forget(&world.d), BM_OK);
    CHECK_STATUS(world_power_on(), BM_OK);
    CHECK(world.modes == 3 && world.mode == BM_MANIFEST_LOCKDOWN);
}

/* ---- Manifests that are none for us */

static void a_manifest_is_judged_before_it_is_believed(void)
{
    static const struct {
        const char *series;
        const char *device;
        uint64_t version;
        int64_t issued, next;
        bm_status want;
    } rows[] = {
        { "acme", "node-2", 9, 0, 86400, BM_E_MANIFEST_DEVICE },
        { "other", "node-1", 9, 0, 86400, BM_E_MANIFEST_SERIES },
        { "acme", "node-1", 4, 0, 86400, BM_E_MANIFEST_ROLLBACK },
        { "acme", "node-1", 5, 1, 86400, BM_E_MANIFEST_ROLLBACK },
        { "acme", "node-1", 9, -900, -1, BM_E_MANIFEST_STALE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_manifest_config config;

        world_init();
        server_assign(5);
        world.has = true;
        CHECK_STATUS(world_round(), BM_OK);
        world.has = false;
        config = manifest_of(rows[i].version, NULL, 0);
        config.series = maker_text(rows[i].series, strlen(rows[i].series));
        config.device = maker_text(rows[i].device, strlen(rows[i].device));
        config.issued += rows[i].issued;
        config.next_update = MAKER_NOW + rows[i].next;
        server_publish(&config);
        server.version = 0; /* another tag: it is sent */
        world.stop_wait = true;
        CHECK_STATUS(world_round(), rows[i].want);
        CHECK(world.d.version == 5 && world.modes == 1);
        CHECK(heard(BM_EVENT_REFUSED, NULL) == 1);
        CHECK(server.heard[0].event.code == (uint32_t)rows[i].want);
        CHECK(server.heard[0].event.manifest == 0);
        world.stop_wait = false;
        server_assign(10);
        world.has = true;
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(server.heard_n == 1);
    }
}

/* The same reason again is no news. */
static void a_refusal_of_a_manifest_is_told_once(void)
{
    struct bm_manifest_config config = manifest_of(1, NULL, 0);

    world_init();
    config.device = BM_LIT("node-2");
    server_publish(&config);
    world.stop_wait = true;
    for (int i = 0; i < 3; i++) {
        CHECK_STATUS(world_round(), BM_E_MANIFEST_DEVICE);
    }
    CHECK(server.heard_n == 1 && server.posts == 1);
    CHECK(heard(BM_EVENT_REFUSED, NULL) == 1);
}

static void a_damaged_manifest_changes_nothing(void)
{
    world_init();
    world_doubt();
    server_assign(1);
    world.stop_wait = true;
    for (size_t bit = 0; bit < 8 * server.manifest_n; bit += BIT_STEP) {
        server.manifest[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (world_round() == BM_OK) {
            CHECK(world.d.version == 1); /* what nobody signs */
            CHECK_STATUS(world_power_on(), BM_OK);
        } else {
            CHECK(world.d.version == 0 || world.takes != 0);
        }
        server.manifest[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    server.manifest_n = sizeof server.manifest;
    CHECK(world_round() != BM_OK);
}

static void one_that_is_too_long_is_refused(void)
{
    static char answer[BM_MANIFEST_SIZE_MAX + 200];
    int n = snprintf(answer, sizeof answer,
                     "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
                     BM_MANIFEST_SIZE_MAX + 1);

    memset(answer + n, 'x', BM_MANIFEST_SIZE_MAX + 1);
    world_init();
    server.say = answer;
    server.say_to = "/device/v1/manifest";
    server.say_times = 1;
    world.stop_wait = true;
    CHECK_STATUS(world_round(), BM_E_LIMIT);
}

/* A device whose clock has run on does not act on what is over. */
static void time_is_learned_from_what_was_issued(void)
{
    struct bm_manifest_config config = manifest_of(1, NULL, 0);

    world_init();
    config.issued += 5000;
    server_publish(&config);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(bm_clock_now(&world.clock, world.now) >= MAKER_NOW + 5000);
}

static void without_an_identity_nothing_begins(void)
{
    world_init();
    world.current = BM_IDENTITY_EMPTY;
    CHECK_STATUS(world_round(), BM_E_IDENTITY_STATE);
}

/* ---- Blobs that are not as they should be */

static void say(const char *to, const char *answer, unsigned times)
{
    server.say_to = to;
    server.say = answer;
    server.say_times = times;
}

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

/* ---- Connections that end */

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

static void a_server_that_says_nothing_is_left(void)
{
    world_init();
    server_assign(1);
    say("/device/v1/manifest", "", 1);
    server.say = "HTTP/1.1 200 OK\r\n";
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

/* ---- Events */

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
    world.has = true;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(heard(BM_EVENT_LOST, NULL) == 1 && world.d.version == 5);
}

int main(void)
{
    RUN(what_is_assigned_is_fetched_and_handed_over_once);
    RUN(the_server_may_close_after_each_answer);
    RUN(octets_may_come_one_by_one);
    RUN(where_nothing_is_assigned_events_are_posted_all_the_same);
    RUN(what_it_has_is_not_fetched);
    RUN(what_it_takes_nowhere_is_refused_once);
    RUN(what_is_too_large_for_its_place_is_refused);
    RUN(what_the_application_refuses_is_not_fetched_again);
    RUN(assigned_anew_it_is_tried_anew);
    RUN(what_was_reverted_is_settled);
    RUN(what_was_lost_is_fetched_again_when_it_is_forgotten);
    RUN(two_images_of_the_same_octets_are_two_items);
    RUN(the_mode_outlives_a_restart);
    RUN(a_manifest_is_judged_before_it_is_believed);
    RUN(a_refusal_of_a_manifest_is_told_once);
    RUN(a_damaged_manifest_changes_nothing);
    RUN(one_that_is_too_long_is_refused);
    RUN(time_is_learned_from_what_was_issued);
    RUN(without_an_identity_nothing_begins);
    RUN(each_wrong_answer_is_waited_out_and_then_left);
    RUN(a_blob_that_is_another_is_given_up);
    RUN(flash_that_does_not_take_octets_is_tried_again);
    RUN(a_taker_whose_flash_fails_is_asked_again);
    RUN(a_server_without_ranges_begins_anew);
    RUN(a_blob_that_changes_on_the_way_begins_anew);
    RUN(a_server_that_is_busy_says_when_to_come);
    RUN(a_server_that_says_nothing_is_left);
    RUN(waits_grow_and_end_with_the_first_success);
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
