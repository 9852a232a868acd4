/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/test/engine.h"

/* ---- Default deny */

static void without_a_table_everything_is_dropped(void)
{
    bm_fw_init(&fw, 1);
    tcp(BM_FW_IN, 1000, 80, BM_FW_SYN);
    CHECK(dropped(BM_FW_DEFAULT));
    tcp(BM_FW_OUT, 1000, 80, BM_FW_SYN);
    CHECK(dropped(BM_FW_DEFAULT));
    frame_arp(&frame, BM_FW_IN, 1);
    CHECK(dropped(BM_FW_DEFAULT));
    frame.n = 13;
    CHECK(dropped(BM_FW_MALFORMED));
}

static void what_no_rule_names_is_dropped(void)
{
    policy();
    start();
    tcp(BM_FW_IN, 1000, 82, BM_FW_SYN);
    CHECK(dropped(BM_FW_DEFAULT));
    tcp(BM_FW_OUT, 23, 1000, BM_FW_SYN);
    CHECK(dropped(BM_FW_DEFAULT));
    frame_arp(&frame, BM_FW_OUT, 1);
    CHECK(dropped(BM_FW_DEFAULT));
    frame_arp(&frame, BM_FW_IN, 1);
    CHECK(through(BM_FW_BY_RULE));
    frame_ethernet(&frame, BM_FW_IN, 0x8100);
    CHECK(dropped(BM_FW_DEFAULT));
    CHECK(fw.reasons[BM_FW_DEFAULT] == 4 && fw.reasons[BM_FW_BY_RULE] == 1);
}

/* ---- Verdicts, modes, tables, events */

static void a_reset_answers_what_came_in_and_no_reset(void)
{
    struct bm_fw_decision d;

    policy();
    start();
    tcp(BM_FW_IN, 1000, 23, SYN);
    d = judge();
    CHECK(d.verdict == BM_FW_RESET && d.reason == BM_FW_BY_RULE);
    CHECK(!bm_fw_passes(d) && d.rule == TELNET);
    tcp(BM_FW_IN, 1000, 23, RST);
    CHECK(dropped(BM_FW_BY_RULE));
    CHECK(bm_fw_counts(&fw, TELNET).dropped == 2);
    CHECK(bm_fw_counts(&fw, TELNET).passed == 0);
}

static void what_is_observed_passes_and_counts(void)
{
    struct bm_fw_decision d;

    policy();
    start();
    udp(BM_FW_IN, 1000, 7);
    d = judge();
    CHECK(d.verdict == BM_FW_OBSERVE && bm_fw_passes(d));
    CHECK(bm_fw_counts(&fw, WATCH).passed == 1);
}

static void a_change_of_mode_ends_flows_that_are_not_in_it(void)
{
    policy();
    maker.rules[WEB].modes = 1 << BM_FW_NORMAL;
    start();
    tcp(BM_FW_IN, 1, 80, SYN);
    CHECK(through(BM_FW_BY_RULE));
    udp(BM_FW_OUT, 53, 2000);
    CHECK(through(BM_FW_BY_RULE) && fw.flow_n == 2);
    bm_fw_set_mode(&fw, BM_FW_REPAIR);
    CHECK(fw.flow_n == 1);
    tcp(BM_FW_OUT, 1, 80, SYN_ACK);
    CHECK(dropped(BM_FW_DEFAULT));
    udp(BM_FW_IN, 53, 2000);
    CHECK(through(BM_FW_BY_FLOW));
}

static void each_mode_has_its_own_rules(void)
{
    policy();
    (void)table_end(&maker);
    for (unsigned i = 0; i < BM_FW_CLASSES; i++) {
        maker.parts.roots[BM_FW_ROOT(BM_FW_LOCKDOWN, BM_FW_IN, i)] =
            BM_FW_NO_RULE;
    }
    bm_fw_init(&fw, 1);
    CHECK_STATUS(bm_fw_load(&fw, table_write(&maker), room, sizeof room),
                 BM_OK);
    udp(BM_FW_IN, 1000, 123);
    CHECK(through(BM_FW_BY_RULE));
    bm_fw_set_mode(&fw, BM_FW_LOCKDOWN);
    CHECK(dropped(BM_FW_DEFAULT));
    bm_fw_set_mode(&fw, BM_FW_REPAIR);
    CHECK(through(BM_FW_BY_RULE));
}

static void a_table_below_the_floor_is_refused_and_nothing_changes(void)
{
    static struct table_maker older;
    struct bm_bytes t;

    policy();
    older = maker;
    older.parts.rules = older.rules;
    older.parts.names = older.names;
    older.parts.nodes = older.nodes;
    older.parts.version = 3;
    t = table_end(&older);
    maker.parts.version = 9;
    maker.parts.floor = 4;
    start();
    tcp(BM_FW_IN, 1, 80, SYN);
    CHECK(through(BM_FW_BY_RULE));
    CHECK_STATUS(bm_fw_load(&fw, t, room, sizeof room), BM_E_FW_FLOOR);
    CHECK(fw.flow_n == 1 && fw.table.version == 9);
    older.parts.version = 4;
    t = table_write(&older);
    CHECK_STATUS(bm_fw_load(&fw, t, room, bm_fw_room(&fw.table) - 1),
                 BM_E_FW_ROOM);
    CHECK(fw.flow_n == 1 && fw.table.version == 9);
    CHECK_STATUS(bm_fw_load(&fw, t, room, bm_fw_room(&fw.table)), BM_OK);
    CHECK(fw.flow_n == 0 && fw.table.version == 4);
    older.parts.version = 3; /* that one's own floor is lower */
    t = table_write(&older);
    CHECK_STATUS(bm_fw_load(&fw, t, room, sizeof room), BM_E_FW_FLOOR);
    CHECK(fw.table.version == 4);
}

static void room_is_as_the_macro_says(void)
{
    policy();
    rate(TIME, 10, 2);
    rate(BACK, 10, 2);
    maker.rules[TIME].flags = BM_FW_PER_SOURCE;
    maker.parts.sources = 5;
    maker.parts.flows = 9;
    start();
    CHECK(bm_fw_room(&fw.table) == BM_FW_ROOM(RULES, 2, 9, 5));
    CHECK((uint8_t *)(fw.source_heads + fw.source_mask + 1) <=
          (uint8_t *)room + BM_FW_ROOM(RULES, 2, 9, 5));
}

int main(void)
{
    RUN(without_a_table_everything_is_dropped);
    RUN(what_no_rule_names_is_dropped);
    RUN(a_reset_answers_what_came_in_and_no_reset);
    RUN(what_is_observed_passes_and_counts);
    RUN(a_change_of_mode_ends_flows_that_are_not_in_it);
    RUN(each_mode_has_its_own_rules);
    RUN(a_table_below_the_floor_is_refused_and_nothing_changes);
    RUN(room_is_as_the_macro_says);
    return bm_test_done();
}
