/* SPDX-License-Identifier: Apache-2.0 */
#include "device/test/deliver_world.h"

/* QEMU is slow. */
#if BM_TEST_ON_BOARD
#define BIT_STEP 3001
#else
#define BIT_STEP 611
#endif

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

/* While it is suspended, its manifest says nothing of what it was assigned. */
static void what_is_settled_is_so_when_it_is_resumed(void)
{
    struct bm_manifest_config suspended = manifest_of(2, NULL, 0);
    struct bm_event e = { .kind = BM_EVENT_REVERTED };

    world_init();
    e.sha256 = BM_ARRAY(server.blob[1].hash);
    server_assign(1);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
    suspended.mode = BM_MANIFEST_REPAIR;
    server_publish(&suspended);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK_STATUS(world_power_on(), BM_OK);
    server_assign(3);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 2 && server.blob_asks == 2);
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

/* Who shows what has expired may have had it taken from him. */
static void no_time_is_learned_from_a_server_that_has_expired(void)
{
    struct bm_manifest_config config = manifest_of(1, NULL, 0);

    world_init();
    config.issued += 50000;
    server_publish(&config);
    world.expired = true;
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.d.version == 1);
    CHECK(bm_clock_now(&world.clock, world.now) < MAKER_NOW + 50000);
    world.expired = false;
    config.version = 2;
    server_publish(&config);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(bm_clock_now(&world.clock, world.now) >= MAKER_NOW + 50000);
}

static void without_an_identity_nothing_begins(void)
{
    world_init();
    world.current = BM_IDENTITY_EMPTY;
    CHECK_STATUS(world_round(), BM_E_IDENTITY_STATE);
}

/* ---- What may be left out, and what may not */

static void a_configuration_that_is_incomplete_is_refused(void)
{
    for (unsigned i = 0; i < 10; i++) {
        struct bm_deliver_config c;

        world_init();
        c = world.config;
        c.crypto = i == 0 ? NULL : c.crypto;
        c.log = i == 1 ? NULL : c.log;
        c.identity = i == 2 ? NULL : c.identity;
        c.trust = i == 3 ? NULL : c.trust;
        c.host = i == 4 ? NULL : c.host;
        c.device = i == 5 ? NULL : c.device;
        c.app = i == 6 ? NULL : c.app;
        c.room = i == 7 ? NULL : c.room;
        c.room_n -= i == 8;
        CHECK_STATUS(bm_deliver_open(&world.d, &c),
                     i == 9 ? BM_OK : BM_E_ARGUMENT);
    }
}

/* Nothing is too old for it, and its events have no time. */
static void a_device_without_a_clock_takes_what_it_is_given(void)
{
    const struct bm_event e = { .kind = BM_EVENT_APPLICATION };
    struct bm_manifest_config config = manifest_of(3, NULL, 0);

    world_init();
    world.config.clock = NULL;
    CHECK_STATUS(world_power_on(), BM_OK);
    CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
    server_assign(2);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 2 && server.heard_n == 4);
    CHECK(server.heard[0].event.number == 1);
    CHECK(server.heard[0].event.when == BM_EVENT_NO_TIME);
    config.next_update = config.issued + 1;
    server_publish(&config);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.d.version == 3);
    CHECK_STATUS(bm_log_put(&world.log, BM_LOG_KEY(BM_LOG_DELIVER, 0),
                            BM_LIT("nonsense")),
                 BM_OK);
    CHECK_STATUS(world_power_on(), BM_OK);
    CHECK(bm_deliver_events(&world.d) == 1);
}

static void an_application_may_do_without_have_and_mode(void)
{
    world_init();
    world.app.have = NULL;
    world.app.mode = NULL;
    world.has = true; /* nobody asks */
    server_assign(1);
    CHECK_STATUS(world_round(), BM_OK);
    CHECK(world.takes == 2 && world.modes == 0);
    CHECK_STATUS(world_power_on(), BM_OK);
    CHECK(world.modes == 0);
}

static void without_a_series_the_device_is_enough(void)
{
    struct bm_manifest_config config = manifest_of(1, NULL, 0);

    config.series = BM_LIT("other");
    for (int any = 0; any < 2; any++) {
        world_init();
        world.any_series = any;
        CHECK_STATUS(world_power_on(), BM_OK);
        server_publish(&config);
        world.stop_wait = true;
        CHECK_STATUS(world_round(), any ? BM_OK : BM_E_MANIFEST_SERIES);
        CHECK(world.d.version == (uint64_t)any);
    }
}

/* One more takes the place of the first. */
static void what_is_settled_has_its_places(void)
{
    static uint8_t other[BM_MANIFEST_ITEMS_MAX][BM_MANIFEST_HASH_SIZE];
    struct bm_event e = { .kind = BM_EVENT_REVERTED };

    for (uint8_t n = BM_MANIFEST_ITEMS_MAX - 1; n <= BM_MANIFEST_ITEMS_MAX;
         n++) {
        world_init();
        e.sha256 = BM_ARRAY(server.blob[0].hash);
        CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
        for (uint8_t i = 0; i < n; i++) {
            memset(other[i], i + 1, sizeof other[i]);
            e.sha256 = BM_ARRAY(other[i]);
            CHECK_STATUS(bm_deliver_event(&world.d, &e, world.now), BM_OK);
        }
        CHECK_STATUS(world_power_on(), BM_OK);
        CHECK(world.d.settled_n == BM_MANIFEST_ITEMS_MAX);
        server_assign(1);
        CHECK_STATUS(world_round(), BM_OK);
        CHECK(world.takes == (n == BM_MANIFEST_ITEMS_MAX ? 2u : 1u));
    }
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
    RUN(what_is_settled_is_so_when_it_is_resumed);
    RUN(what_was_lost_is_fetched_again_when_it_is_forgotten);
    RUN(two_images_of_the_same_octets_are_two_items);
    RUN(the_mode_outlives_a_restart);
    RUN(a_manifest_is_judged_before_it_is_believed);
    RUN(a_refusal_of_a_manifest_is_told_once);
    RUN(a_damaged_manifest_changes_nothing);
    RUN(one_that_is_too_long_is_refused);
    RUN(time_is_learned_from_what_was_issued);
    RUN(no_time_is_learned_from_a_server_that_has_expired);
    RUN(without_an_identity_nothing_begins);
    RUN(a_configuration_that_is_incomplete_is_refused);
    RUN(a_device_without_a_clock_takes_what_it_is_given);
    RUN(an_application_may_do_without_have_and_mode);
    RUN(without_a_series_the_device_is_enough);
    RUN(what_is_settled_has_its_places);
    return bm_test_done();
}
