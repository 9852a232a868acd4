/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/test/engine.h"

static bool from(uint32_t peer)
{
    udp(BM_FW_IN, 1000, 123);
    frame_peer_4(&frame, peer);
    return through(BM_FW_BY_RULE);
}

/* How many of `n` frames pass, one each `ms`? */
static unsigned passing(unsigned n, unsigned ms)
{
    unsigned passed = 0;

    for (unsigned i = 0; i < n; i++) {
        passed += from(FRAME_PEER_4);
        now += ms;
    }
    return passed;
}

static void a_bucket_gives_its_burst_and_then_the_rate(void)
{
    unsigned passed;

    policy();
    rate(TIME, 10, 5);
    start();
    CHECK(passing(20, 0) == 5);
    CHECK(dropped(BM_FW_RATE));
    passed = passing(1000, 10); /* ten seconds */
    CHECK(passed >= 98 && passed <= 100);
    now += 3600000;
    CHECK(passing(20, 0) == 5);
}

static void a_source_has_a_bucket_of_its_own(void)
{
    policy();
    rate(TIME, 10, 2);
    maker.rules[TIME].flags = BM_FW_PER_SOURCE;
    maker.parts.sources = 2;
    start();
    CHECK(from(1) && from(1) && !from(1));
    CHECK(from(2) && from(2) && !from(2));
    /* No place: these share one bucket. */
    CHECK(from(3) && from(4) && !from(5) && !from(3));
    now += 101;
    CHECK(from(1) && !from(1));
    /* In so long 2 has filled its bucket, and gives up its place to 6. */
    now += 110;
    CHECK(from(6) && from(6) && !from(6));
    CHECK(fw.sources[1].peer[0] == 6);
}

static void who_gets_the_place_of_another_gets_no_second_burst(void)
{
    unsigned passed = 0;

    policy();
    rate(TIME, 1, 5);
    maker.rules[TIME].flags = BM_FW_PER_SOURCE;
    maker.parts.sources = 1;
    start();
    CHECK(from(1)); /* has the only place */
    for (unsigned i = 0; i < 20; i++) {
        passed += from(2);
    }
    CHECK(passed == 5);
    now += 1100;
    for (unsigned i = 0; i < 20; i++) {
        passed += from(2);
    }
    CHECK(fw.sources[0].peer[0] == 2 && passed == 6);
}

static void who_fills_all_places_gets_no_more_than_one_more_bucket(void)
{
    unsigned passed = 0;

    policy();
    rate(TIME, 10, 2);
    maker.rules[TIME].flags = BM_FW_PER_SOURCE;
    maker.parts.sources = 4;
    start();
    for (uint32_t i = 0; i < 1000; i++) {
        passed += from(0x10000 + i);
        now++;
    }
    /* 4 places of 2 and one more bucket; then tokens of 5 for a second. */
    CHECK(passed <= 10 + 50);
}

static void connections_count_and_frames_do_not(void)
{
    policy();
    rate(WEB, 1, 1);
    maker.rules[WEB].flags |= BM_FW_CONNECTIONS;
    start();
    tcp(BM_FW_IN, 1, 80, SYN);
    CHECK(through(BM_FW_BY_RULE));
    for (unsigned i = 0; i < 10; i++) {
        tcp(BM_FW_IN, 1, 80, SYN);
        CHECK(through(BM_FW_BY_FLOW));
    }
    tcp(BM_FW_IN, 2, 80, ACK);
    CHECK(dropped(BM_FW_STATE));
    tcp(BM_FW_IN, 2, 80, SYN);
    CHECK(dropped(BM_FW_RATE));
    now += 1009; /* 1/s is 65/65536 in a millisecond */
    CHECK(through(BM_FW_BY_RULE));
}

static void a_threshold_holds_until_there_is_less_than_low(void)
{
    policy();
    maker.rules[TIME].high = 10;
    maker.rules[TIME].low = 5;
    start();
    for (unsigned i = 0; i < 5; i++) {
        CHECK(passing(10, 0) == 10);
        now += 1000;
    }
    CHECK(passing(20, 0) == 10);
    CHECK(dropped(BM_FW_THRESHOLD));
    now += 1000;
    CHECK(passing(5, 0) == 0); /* not fewer than 5 */
    now += 1000;
    CHECK(passing(4, 0) == 0);
    now += 1000;
    CHECK(passing(10, 0) == 10);
    CHECK(passing(1, 0) == 0);
    now += 2000; /* an interval without any */
    CHECK(passing(1, 0) == 1);
}

int main(void)
{
    RUN(a_bucket_gives_its_burst_and_then_the_rate);
    RUN(a_source_has_a_bucket_of_its_own);
    RUN(who_gets_the_place_of_another_gets_no_second_burst);
    RUN(who_fills_all_places_gets_no_more_than_one_more_bucket);
    RUN(connections_count_and_frames_do_not);
    RUN(a_threshold_holds_until_there_is_less_than_low);
    return bm_test_done();
}
