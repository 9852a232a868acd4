/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/modbus.h"

#include "firewall/test/engine.h"

static uint32_t filter_words[64];
static uint8_t *const filter = (uint8_t *)filter_words;
static size_t filter_n;

/* Read registers 100 to 199 and 300; write 110; ask anything of 17 and 43. */
static const struct bm_fw_modbus_row rows[] = {
    { 1, 4, 100, 199 },    { 1, 4, 300, 300 },   { 5, 6, 110, 110 },
    { 15, 16, 110, 119 },  { 17, 17, 0, 65535 }, { 22, 24, 100, 120 },
    { 43, 127, 0, 65535 },
};

static void make_filter(const struct bm_fw_modbus_row *r, size_t n)
{
    struct bm_wr w;

    bm_wr_init(&w, filter, sizeof filter_words);
    bm_fw_modbus_put(&w, r, n);
    CHECK_STATUS(bm_wr_finish(&w, &filter_n), BM_OK);
}

static uint32_t number; /* of the next segment's first octet */

/* A segment that carries `n` octets as they are. */
static void carry(enum bm_fw_direction d, const uint8_t *p, size_t n)
{
    tcp(d, 1000, 80, ACK);
    frame_32(frame.p + frame.n - 16, number);
    memcpy(frame_append(&frame, n), p, n);
}

/* A request as it should be, of a function and what belongs to it. */
static void request(const uint8_t *pdu, size_t n)
{
    uint8_t adu[64] = { 0, 1, 0, 0, 0, (uint8_t)(n + 1), 9 };

    memcpy(adu + 7, pdu, n);
    carry(BM_FW_IN, adu, n + 7);
}

static bool fits(void)
{
    static const struct bm_fw_subnets none;
    struct bm_fw_packet p;

    CHECK(bm_fw_packet_parse(&p, frame.direction, frame_bytes(&frame), frame.n,
                             &none) == BM_FW_BY_RULE);
    return bm_fw_modbus_fits(filter, &p);
}

static const struct {
    const char *name;
    uint8_t n;
    uint8_t pdu[16];
    bool fits;
} requests[] = {
    { "first", 5, { 3, 0, 100, 0, 1 }, true },
    { "below first", 5, { 3, 0, 99, 0, 1 }, false },
    { "from below", 5, { 3, 0, 99, 0, 2 }, false },
    { "all", 5, { 4, 0, 100, 0, 100 }, true },
    { "one too many", 5, { 4, 0, 100, 0, 101 }, false },
    { "last", 5, { 1, 0, 199, 0, 1 }, true },
    { "behind last", 5, { 1, 0, 200, 0, 1 }, false },
    { "none at all", 5, { 1, 0, 100, 0, 0 }, false },
    { "the other row", 5, { 2, 1, 44, 0, 1 }, true },
    { "over the gap", 5, { 2, 0, 199, 0, 102 }, false },
    { "around the end", 5, { 3, 0xff, 0xff, 0, 2 }, false },
    { "far around", 5, { 3, 0, 100, 0xff, 0xff }, false },
    { "short", 4, { 3, 0, 100, 0 }, false },
    { "long", 6, { 3, 0, 100, 0, 1, 0 }, false },
    { "write one", 5, { 6, 0, 110, 1, 2 }, true },
    { "write another", 5, { 6, 0, 111, 1, 2 }, false },
    { "write a coil", 5, { 5, 0, 110, 0xff, 0 }, true },
    { "write two", 10, { 16, 0, 110, 0, 2, 4, 1, 2, 3, 4 }, true },
    { "write at the end", 8, { 16, 0, 119, 0, 1, 2, 1, 2 }, true },
    { "write over the end", 10, { 16, 0, 119, 0, 2, 4, 1, 2, 3, 4 }, false },
    { "count that lies", 10, { 16, 0, 110, 0, 1, 4, 1, 2, 3, 4 }, false },
    { "fewer than said", 8, { 16, 0, 110, 0, 2, 4, 1, 2 }, false },
    { "coils", 8, { 15, 0, 110, 0, 10, 2, 1, 2 }, true },
    { "coils and one octet", 7, { 15, 0, 110, 0, 10, 1, 1 }, false },
    { "mask", 7, { 22, 0, 120, 0, 1, 0, 1 }, true },
    { "mask beyond", 7, { 22, 0, 121, 0, 1, 0, 1 }, false },
    { "both ways", 12, { 23, 0, 100, 0, 1, 0, 120, 0, 1, 2, 0, 0 }, true },
    { "writes beyond", 12, { 23, 0, 100, 0, 1, 0, 121, 0, 1, 2, 0, 0 }, false },
    { "reads beyond", 12, { 23, 0, 99, 0, 1, 0, 120, 0, 1, 2, 0, 0 }, false },
    { "queue", 3, { 24, 0, 100 }, true },
    { "queue beyond", 3, { 24, 0, 99 }, false },
    { "who are you", 1, { 17 }, true },
    { "identification", 4, { 43, 14, 1, 0 }, true },
    { "not named", 1, { 7 }, false },
    { "an exception", 2, { 0x83, 2 }, false },
    { "function zero", 5, { 0, 0, 100, 0, 1 }, false },
};

static void each_request_fits_or_does_not(void)
{
    make_filter(rows, sizeof rows / sizeof rows[0]);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        request(requests[i].pdu, requests[i].n);
        if (fits() != requests[i].fits) {
            printf("# %s\n", requests[i].name);
            CHECK(!"another answer");
        }
    }
}

static void a_segment_is_one_whole_request(void)
{
    static const uint8_t adu[24] = { 0, 1, 0, 0, 0, 6, 9, 3, 0, 100, 0, 1,
                                     0, 2, 0, 0, 0, 6, 9, 3, 0, 100, 0, 1 };
    uint8_t bad[12];

    make_filter(rows, sizeof rows / sizeof rows[0]);
    tcp(BM_FW_IN, 1000, 80, ACK);
    CHECK(fits()); /* carries nothing */
    for (size_t n = 1; n <= sizeof adu; n++) {
        carry(BM_FW_IN, adu, n);
        CHECK(fits() == (n == 12));
    }
    for (size_t i = 2; i < 6; i++) { /* protocol and length, not transaction */
        memcpy(bad, adu, sizeof bad);
        bad[i] ^= 1;
        carry(BM_FW_IN, bad, sizeof bad);
        CHECK(!fits());
    }
}

static void data_of_a_syn_does_not_fit(void)
{
    static const uint8_t pdu[] = { 3, 0, 100, 0, 1 };

    make_filter(rows, sizeof rows / sizeof rows[0]);
    request(pdu, sizeof pdu);
    frame.p[47] = SYN;
    CHECK(!fits());
    tcp(BM_FW_IN, 1000, 80, SYN);
    CHECK(fits()); /* carries nothing */
}

static void urgent_data_does_not_fit(void)
{
    static const uint8_t pdu[] = { 3, 0, 100, 0, 1 };

    make_filter(rows, sizeof rows / sizeof rows[0]);
    request(pdu, sizeof pdu);
    CHECK(fits());
    frame.p[47] |= BM_FW_URG;
    CHECK(!fits());
    tcp(BM_FW_IN, 1000, 80, ACK | BM_FW_URG);
    CHECK(fits()); /* carries nothing */
}

static void what_is_not_in_sight_does_not_fit(void)
{
    static const struct bm_fw_subnets none;
    static const uint8_t pdu[] = { 16, 0, 110, 0, 2, 4, 1, 2, 3, 4 };
    struct bm_fw_packet p;

    make_filter(rows, sizeof rows / sizeof rows[0]);
    request(pdu, sizeof pdu);
    for (size_t n = 54; n <= frame.n; n++) {
        CHECK(bm_fw_packet_parse(&p, BM_FW_IN, (struct bm_bytes){ frame.p, n },
                                 frame.n, &none) == BM_FW_BY_RULE);
        CHECK(bm_fw_modbus_fits(filter, &p) == (n >= 54 + 7 + 6));
    }
}

/* However much is handed in: with this header function 23 ends at 131. */
static void no_more_is_looked_at_than_the_first_octets(void)
{
    static const uint8_t adu[] = { 0, 1, 0, 0,   0, 13, 9, 23, 0, 100,
                                   0, 1, 0, 120, 0, 1,  2, 0,  0 };
    unsigned i;

    make_filter(rows, sizeof rows / sizeof rows[0]);
    for (i = 0; i < 2; i++) {
        frame_ipv6(&frame, BM_FW_IN, BM_FW_PROTO_TCP);
        frame_tcp(&frame, 1000, 80, ACK);
        frame.p[54 + 12] = i == 0 ? 0xf0 : 0xe0; /* header of 60, of 56 */
        (void)frame_append(&frame, i == 0 ? 40 : 36);
        memcpy(frame_append(&frame, sizeof adu), adu, sizeof adu);
        CHECK(fits() == (i == 1));
    }
}

/* ---- The record */

static bool is_filter(const struct bm_fw_modbus_row *r, size_t n)
{
    make_filter(r, n);
    return bm_fw_modbus_size((struct bm_bytes){ filter, filter_n }) == filter_n;
}

static void rows_stand_in_one_order(void)
{
    static const struct {
        struct bm_fw_modbus_row rows[2];
        bool good;
    } pairs[] = {
        { { { 1, 1, 0, 5 }, { 1, 1, 7, 9 } }, true },
        { { { 1, 1, 0, 5 }, { 1, 1, 6, 9 } }, false }, /* touch */
        { { { 1, 1, 7, 9 }, { 1, 1, 0, 5 } }, false },
        { { { 1, 2, 0, 5 }, { 3, 3, 0, 5 } }, true },
        { { { 1, 2, 0, 5 }, { 2, 3, 0, 5 } }, false }, /* 2 in common */
        { { { 1, 2, 0, 5 }, { 1, 3, 7, 9 } }, false },
        { { { 3, 3, 0, 5 }, { 1, 2, 0, 5 } }, false },
        { { { 1, 2, 5, 4 }, { 3, 3, 0, 5 } }, false },
        { { { 2, 1, 0, 5 }, { 3, 3, 0, 5 } }, false },
        { { { 0, 1, 0, 5 }, { 3, 3, 0, 5 } }, false },
        { { { 0, 0, 2, 5 }, { 3, 3, 0, 5 } }, false },
        { { { 0, 0, 2, 5 }, { 0, 0, 7, 9 } }, false },
        { { { 1, 2, 0, 5 }, { 3, 128, 0, 5 } }, false },
    };

    CHECK(is_filter(rows, sizeof rows / sizeof rows[0]));
    CHECK(!is_filter(rows, 0));
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        CHECK(is_filter(pairs[i].rows, 2) == pairs[i].good);
    }
}

static void no_prefix_is_a_filter(void)
{
    make_filter(rows, sizeof rows / sizeof rows[0]);
    for (size_t n = 0; n < filter_n; n++) {
        CHECK(bm_fw_modbus_size((struct bm_bytes){ filter, n }) == 0);
    }
}

/* ---- In a table */

/* The stack's, to a SYN behind which `next` stands. */
static void answer_syn(uint32_t next)
{
    tcp(BM_FW_OUT, 1000, 80, SYN_ACK);
    frame_32(frame.p + frame.n - 12, next);
}

static void guarded(unsigned flags)
{
    policy();
    make_filter(rows, sizeof rows / sizeof rows[0]);
    maker.rules[WEB].filter = 1;
    maker.rules[WEB].flags |= (uint8_t)flags;
    maker.parts.filters = (struct bm_bytes){ filter, filter_n };
    start();
    number = 0xfffffff0; /* soon to wrap around */
    tcp(BM_FW_IN, 1000, 80, SYN);
    frame_32(frame.p + frame.n - 16, number++);
    CHECK(through(BM_FW_BY_RULE));
    answer_syn(number);
    CHECK(through(BM_FW_BY_FLOW));
    tcp(BM_FW_IN, 1000, 80, ACK);
    CHECK(through(BM_FW_BY_FLOW));
}

static const uint8_t good_pdu[] = { 3, 0, 100, 0, 1 };
static const uint8_t bad_pdu[] = { 6, 0, 1, 0, 1 };

static void an_active_filter_drops_and_touches_no_flow(void)
{
    guarded(0);
    request(good_pdu, sizeof good_pdu);
    CHECK(through(BM_FW_BY_FLOW));
    number += 12;
    request(bad_pdu, sizeof bad_pdu);
    frame.p[47] = FIN;
    CHECK(dropped(BM_FW_FILTER));
    CHECK(fw.flow_n == 1 && fw.flows[0].state == BM_FW_OPEN);
    carry(BM_FW_OUT, bad_pdu, sizeof bad_pdu); /* answers are not looked at */
    CHECK(through(BM_FW_BY_FLOW));
    tcp(BM_FW_IN, 2000, 80, SYN); /* nor may it come with the first segment */
    memcpy(frame_append(&frame, 5), bad_pdu, 5);
    CHECK(dropped(BM_FW_FILTER) && fw.flow_n == 1);
}

/* A request at a number that is so far from the next one. */
static void request_at(uint32_t from_next, const uint8_t *pdu, size_t n)
{
    number += from_next;
    request(pdu, n);
    number -= from_next;
}

static void the_stream_goes_on_where_the_last_request_ended(void)
{
    guarded(0);
    for (unsigned i = 0; i < 5; i++) {
        for (uint32_t off = 1; off < 30; off++) {
            request_at(off, good_pdu, sizeof good_pdu);
            CHECK(dropped(BM_FW_FILTER));
            request_at(0 - off, good_pdu, sizeof good_pdu);
            /* The last one is again what it was. */
            CHECK(off == 12 && i != 0 ? through(BM_FW_BY_FLOW)
                                      : dropped(BM_FW_FILTER));
        }
        request(good_pdu, sizeof good_pdu);
        CHECK(through(BM_FW_BY_FLOW));
        number += 12;
    }
}

static void what_is_sent_again_is_what_it_was_octet_by_octet(void)
{
    guarded(0);
    request(good_pdu, sizeof good_pdu);
    CHECK(through(BM_FW_BY_FLOW));
    CHECK(through(BM_FW_BY_FLOW)); /* before it was acknowledged */
    for (size_t bit = 0; bit < 12u * 8; bit++) {
        request(good_pdu, sizeof good_pdu);
        frame.p[54 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(dropped(BM_FW_FILTER)); /* it may fit, in another place */
    }
    request(good_pdu, sizeof good_pdu);
    CHECK(through(BM_FW_BY_FLOW));
}

static void what_does_not_fit_is_not_behind_the_stream(void)
{
    uint8_t half[12] = { 0, 1, 0, 0, 0, 6, 9, 3, 0, 100, 0, 1 };

    guarded(0);
    for (size_t cut = 1; cut < sizeof half; cut++) {
        carry(BM_FW_IN, half, cut);
        CHECK(dropped(BM_FW_FILTER));
        number += (uint32_t)cut; /* the other part is not next */
        carry(BM_FW_IN, half + cut, sizeof half - cut);
        CHECK(dropped(BM_FW_FILTER));
        number -= (uint32_t)cut;
        carry(BM_FW_IN, half, sizeof half); /* sent again, all of it */
        CHECK(through(BM_FW_BY_FLOW));
        number += sizeof half;
    }
}

/* Else the stack would take its number, and the stream be elsewhere. */
static void a_second_syn_has_the_number_of_the_first(void)
{
    guarded(0);
    for (uint32_t off = 0; off < 20; off++) {
        tcp(BM_FW_IN, 1000, 80, SYN);
        frame_32(frame.p + frame.n - 16, number - 1 + off);
        CHECK(off == 0 ? through(BM_FW_BY_FLOW) : dropped(BM_FW_FILTER));
    }
    request(good_pdu, sizeof good_pdu);
    CHECK(through(BM_FW_BY_FLOW));
}

/* Checksums are the stack's: a reset, and another SYN, may be for us alone.
 * What the stack answers is the SYN that it has, so it begins elsewhere. */
static void a_stream_begins_where_the_stack_says_that_it_does(void)
{
    guarded(0);
    tcp(BM_FW_IN, 1000, 80, RST);
    CHECK(through(BM_FW_BY_FLOW) && fw.flow_n == 0);
    tcp(BM_FW_IN, 1000, 80, SYN);
    frame_32(frame.p + frame.n - 16, number - 8);
    CHECK(through(BM_FW_BY_RULE));
    for (uint32_t off = 0; off < 20; off++) {
        answer_syn(number + off);
        CHECK(dropped(BM_FW_FILTER) && fw.flows[0].state == BM_FW_ASKED);
    }
    number -= 7;
    request(good_pdu, sizeof good_pdu); /* of which the stack reads the end */
    CHECK(dropped(BM_FW_STATE));
    answer_syn(number);
    CHECK(through(BM_FW_BY_FLOW));
    request(good_pdu, sizeof good_pdu);
    CHECK(through(BM_FW_BY_FLOW));
    answer_syn(number); /* again */
    CHECK(through(BM_FW_BY_FLOW));
}

static void an_observing_filter_counts_and_lets_through(void)
{
    struct bm_fw_decision d;
    struct bm_fw_event e;

    guarded(BM_FW_FILTER_WATCH);
    request(bad_pdu, sizeof bad_pdu);
    d = judge();
    CHECK(d.verdict == BM_FW_OBSERVE && d.reason == BM_FW_FILTER);
    CHECK(d.rule == WEB && fw.reasons[BM_FW_FILTER] == 1);
    CHECK(bm_fw_take_event(&fw, &e) && e.reason == BM_FW_FILTER);
    CHECK(e.rule == WEB && e.verdict == BM_FW_OBSERVE);
    number += 12; /* the stream goes on behind it, wherever it was */
    request(good_pdu, sizeof good_pdu);
    CHECK(through(BM_FW_BY_FLOW));
    request_at(100, good_pdu, sizeof good_pdu);
    CHECK(judge().reason == BM_FW_FILTER);
    request_at(112, good_pdu, sizeof good_pdu);
    CHECK(through(BM_FW_BY_FLOW));
    tcp(BM_FW_IN, 2000, 80, SYN); /* with the first segment, too */
    memcpy(frame_append(&frame, 5), bad_pdu, 5);
    d = judge();
    CHECK(d.verdict == BM_FW_OBSERVE && d.reason == BM_FW_FILTER);
    CHECK(fw.flow_n == 2);
}

/* What a flow does not accept is not its filter's, but the rules'. */
static void only_what_a_flow_accepts_is_shown_to_its_filter(void)
{
    for (unsigned i = 0; i < 2; i++) {
        guarded(i == 0 ? 0 : BM_FW_FILTER_WATCH);
        request(bad_pdu, sizeof bad_pdu);
        frame.p[47] = SYN_ACK; /* the opener says no such thing */
        CHECK(dropped(BM_FW_STATE));
        CHECK(fw.reasons[BM_FW_FILTER] == 0);
        CHECK(fw.flow_n == 1 && fw.flows[0].state == BM_FW_OPEN);
    }
}

static void filters_stand_one_behind_the_other(void)
{
    static uint8_t both[sizeof filter_words * 2];
    struct bm_fw_table t;

    guarded(0);
    memcpy(both, filter, filter_n);
    make_filter(rows, 2);
    memcpy(both + 60, filter, filter_n);
    maker.parts.filters = (struct bm_bytes){ both, 60 + filter_n };
    CHECK(bm_fw_table_open(&t, table_write(&maker)) != BM_OK); /* unused */
    maker.rules[OURS].filter = 60 / 4 + 1;
    CHECK_STATUS(bm_fw_table_open(&t, table_write(&maker)), BM_OK);
    maker.rules[OURS].filter = 1; /* shared, and the other unused */
    CHECK(bm_fw_table_open(&t, table_write(&maker)) != BM_OK);
    maker.parts.filters.n = 60;
    CHECK_STATUS(bm_fw_table_open(&t, table_write(&maker)), BM_OK);
    maker.rules[OURS].filter = 2; /* in the middle of one */
    CHECK(bm_fw_table_open(&t, table_write(&maker)) != BM_OK);
    maker.rules[OURS].filter = 0;
    maker.rules[TIME].filter = 1; /* makes no flows */
    CHECK(bm_fw_table_open(&t, table_write(&maker)) != BM_OK);
    maker.rules[TIME].filter = 0;
    maker.rules[WEB].filter = 0;
    CHECK(bm_fw_table_open(&t, table_write(&maker)) != BM_OK);
}

int main(void)
{
    RUN(each_request_fits_or_does_not);
    RUN(a_segment_is_one_whole_request);
    RUN(data_of_a_syn_does_not_fit);
    RUN(urgent_data_does_not_fit);
    RUN(what_is_not_in_sight_does_not_fit);
    RUN(no_more_is_looked_at_than_the_first_octets);
    RUN(rows_stand_in_one_order);
    RUN(no_prefix_is_a_filter);
    RUN(an_active_filter_drops_and_touches_no_flow);
    RUN(the_stream_goes_on_where_the_last_request_ended);
    RUN(what_is_sent_again_is_what_it_was_octet_by_octet);
    RUN(what_does_not_fit_is_not_behind_the_stream);
    RUN(a_second_syn_has_the_number_of_the_first);
    RUN(a_stream_begins_where_the_stack_says_that_it_does);
    RUN(an_observing_filter_counts_and_lets_through);
    RUN(only_what_a_flow_accepts_is_shown_to_its_filter);
    RUN(filters_stand_one_behind_the_other);
    return bm_test_done();
}
