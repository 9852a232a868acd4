/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/test/engine.h"

static void one_event_tells_of_a_flood(void)
{
    struct bm_fw_event e;
    uint32_t began;

    policy();
    start();
    began = now;
    for (unsigned i = 0; i < 1000; i++) {
        tcp(BM_FW_OUT, 23, 1000 + i, SYN);
        frame_peer_4(&frame, 0x01000000 + i);
        CHECK(dropped(BM_FW_DEFAULT));
        now++;
    }
    tcp(BM_FW_IN, 1, 82, SYN);
    CHECK(dropped(BM_FW_DEFAULT));
    CHECK(bm_fw_take_event(&fw, &e));
    CHECK(e.count == 1000 && e.first == began && e.last == now - 1);
    CHECK(e.rule == BM_FW_NO_RULE && e.reason == BM_FW_DEFAULT);
    CHECK(e.direction == BM_FW_OUT && e.port == 23 && e.proto == 6);
    CHECK(e.peer[0] == 0x01000000 && e.verdict == BM_FW_DROP);
    CHECK(bm_fw_take_event(&fw, &e) && e.count == 1 && e.port == 82);
    CHECK(!bm_fw_take_event(&fw, &e));
}

static void a_rule_is_told_of_as_it_says(void)
{
    struct bm_fw_event e;

    policy();
    maker.rules[WATCH].log = BM_FW_LOG_COUNT;
    maker.rules[TELNET].log = BM_FW_LOG_SAMPLE;
    maker.rules[TELNET].sample = 10;
    start();
    for (unsigned i = 0; i < 100; i++) {
        udp(BM_FW_IN, 1000, 7);
        (void)judge();
        udp(BM_FW_IN, 1000, 123); /* says nothing */
        (void)judge();
    }
    CHECK(bm_fw_take_event(&fw, &e) && e.rule == WATCH && e.count == 100);
    CHECK(!bm_fw_take_event(&fw, &e));
    for (unsigned i = 0; i < 100; i++) {
        tcp(BM_FW_IN, 1000 + i, 23, SYN);
        (void)judge();
    }
    for (unsigned i = 0; i < 10; i++) {
        CHECK(bm_fw_take_event(&fw, &e) && e.rule == TELNET && e.count == 1);
    }
    CHECK(!bm_fw_take_event(&fw, &e));
}

/* Who ends each flow with the second frame would choose what is sampled. */
static void what_flows_accept_is_no_part_of_a_sample(void)
{
    struct bm_fw_event e;
    unsigned samples = 0;

    policy();
    maker.rules[WEB].log = BM_FW_LOG_SAMPLE;
    maker.rules[WEB].sample = 10;
    start();
    for (unsigned i = 0; i < 1000; i++) {
        tcp(BM_FW_IN, 1000 + i, 80, SYN);
        CHECK(through(BM_FW_BY_RULE));
        tcp(BM_FW_IN, 1000 + i, 80, RST);
        CHECK(through(BM_FW_BY_FLOW));
        while (bm_fw_take_event(&fw, &e)) {
            CHECK(e.rule == WEB && e.count == 1);
            samples++;
        }
    }
    CHECK(samples == 100);
    CHECK(bm_fw_counts(&fw, WEB).passed == 2000);
}

static void events_without_a_place_are_counted(void)
{
    policy();
    maker.rules[TELNET].log = BM_FW_LOG_SAMPLE;
    maker.rules[TELNET].sample = 1;
    start();
    for (unsigned i = 0; i < BM_FW_EVENTS + 5; i++) {
        tcp(BM_FW_IN, 1000, 23, SYN);
        (void)judge();
    }
    CHECK(fw.event_n == BM_FW_EVENTS && fw.event_lost == 5);
}

/* Numbers of rules mean something in one table alone. */
static void events_end_with_their_table(void)
{
    struct bm_fw_event e;

    policy();
    maker.rules[WATCH].log = BM_FW_LOG_COUNT;
    start();
    udp(BM_FW_IN, 1000, 7);
    (void)judge();
    tcp(BM_FW_IN, 1, 82, SYN);
    CHECK(dropped(BM_FW_DEFAULT) && fw.event_n == 2);
    maker.parts.version = 2;
    CHECK_STATUS(bm_fw_load(&fw, table_write(&maker), room, 16), BM_E_FW_ROOM);
    CHECK(fw.event_n == 2 && fw.event_lost == 0); /* as it was */
    CHECK_STATUS(bm_fw_load(&fw, table_write(&maker), room, sizeof room),
                 BM_OK);
    CHECK(fw.event_lost == 2 && !bm_fw_take_event(&fw, &e));
}

/* As for an event that was taken before, or of no rule. */
static void a_rule_that_is_none_has_no_name_and_no_counts(void)
{
    policy();
    start();
    CHECK(bm_fw_table_name(&fw.table, RULES - 1).n == 4);
    CHECK(bm_fw_table_name(&fw.table, RULES).n == 0);
    CHECK(bm_fw_table_name(&fw.table, BM_FW_NO_RULE).n == 0);
    CHECK(bm_fw_counts(&fw, RULES).dropped == 0);
    CHECK(bm_fw_counts(&fw, BM_FW_NO_RULE).passed == 0);
    bm_fw_init(&fw, 1); /* there is no table */
    CHECK(bm_fw_table_name(&fw.table, 0).n == 0);
    CHECK(bm_fw_counts(&fw, 0).passed == 0);
}

int main(void)
{
    RUN(one_event_tells_of_a_flood);
    RUN(a_rule_is_told_of_as_it_says);
    RUN(what_flows_accept_is_no_part_of_a_sample);
    RUN(events_without_a_place_are_counted);
    RUN(events_end_with_their_table);
    RUN(a_rule_that_is_none_has_no_name_and_no_counts);
    return bm_test_done();
}
