/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/tell.h"

#include <stdio.h>

#include "firewall/test/tables.h"
#include "tests/harness/bm_test.h"

#define LONGEST "a-name-of-thirty-one-characters"

static struct table_maker maker;
static struct bm_fw_table table;

static void make_table(void)
{
    struct bm_bytes octets;

    table_begin(&maker);
    table_service(&maker, BM_FW_IN, BM_FW_PROTO_TCP, 23,
                  table_rule(&maker, "telnet", BM_FW_DROP, 0));
    table_service(&maker, BM_FW_IN, BM_FW_PROTO_TCP, 80,
                  table_rule(&maker, LONGEST, BM_FW_ALLOW, BM_FW_FLOWS));
    octets = table_end(&maker);
    CHECK_STATUS(bm_fw_table_open(&table, octets), BM_OK);
}

/* What was counted, and what is told of it. */
static const struct {
    struct bm_fw_event event;
    unsigned kind;
    const char *text;
} rows[] = {
    { { .count = 307,
        .rule = 0,
        .family = BM_FW_IPV4,
        .proto = 6,
        .port = 23,
        .peer = { 0xc0000209 },
        .verdict = BM_FW_DROP },
      BM_EVENT_DROPPED,
      "in tcp/23 n=307 rule=telnet peer=192.0.2.9" },
    { { .count = 2,
        .rule = 0,
        .family = BM_FW_IPV4,
        .proto = 17,
        .port = 53,
        .peer = { 0x0a000001 },
        .direction = BM_FW_OUT,
        .reason = BM_FW_RATE,
        .verdict = BM_FW_DROP },
      BM_EVENT_LIMITED,
      "out udp/53 n=2 rule=telnet why=rate peer=10.0.0.1" },
    { { .count = 1,
        .rule = BM_FW_NO_RULE,
        .type = 0x86dd,
        .reason = BM_FW_DEFAULT,
        .verdict = BM_FW_DROP },
      BM_EVENT_DROPPED,
      "in type/86dd n=1 why=default" },
    { { .count = 9,
        .rule = BM_FW_NO_RULE,
        .family = BM_FW_ARP,
        .port = 1,
        .peer = { 0xffffffff },
        .reason = BM_FW_DEFAULT,
        .verdict = BM_FW_DROP },
      BM_EVENT_DROPPED,
      "in arp/1 n=9 why=default peer=255.255.255.255" },
    { { .count = 3,
        .rule = BM_FW_NO_RULE,
        .family = BM_FW_IPV6,
        .proto = 58,
        .port = 0x8000,
        .peer = { 0xfe800000, 0, 0, 0x10002 },
        .reason = BM_FW_STATE,
        .verdict = BM_FW_DROP },
      BM_EVENT_DROPPED,
      "in icmp/128 n=3 why=state peer=fe80:0:0:0:0:0:1:2" },
    { { .count = 3,
        .rule = BM_FW_NO_RULE,
        .family = BM_FW_IPV4,
        .proto = 58,
        .reason = BM_FW_MALFORMED,
        .verdict = BM_FW_DROP },
      BM_EVENT_DROPPED,
      "in ip/58 n=3 why=malformed" },
    { { .count = 5,
        .rule = 1,
        .family = BM_FW_IPV4,
        .proto = 6,
        .port = 80,
        .peer = { 0x01020304 },
        .verdict = BM_FW_ALLOW },
      BM_EVENT_PASSED,
      "in tcp/80 n=5 rule=" LONGEST " peer=1.2.3.4" },
    { { .count = UINT32_MAX,
        .rule = 1,
        .family = BM_FW_IPV6,
        .proto = 58,
        .port = 0xffff,
        .direction = BM_FW_OUT,
        .reason = BM_FW_THRESHOLD,
        .verdict = BM_FW_DROP },
      BM_EVENT_LIMITED,
      "out icmp/255 n=4294967295 rule=" LONGEST },
    { { .count = UINT32_MAX,
        .rule = 1,
        .family = BM_FW_IPV6,
        .proto = 17,
        .port = 0xffff,
        .direction = BM_FW_OUT,
        .reason = BM_FW_FULL,
        .verdict = BM_FW_DROP },
      BM_EVENT_LIMITED,
      "out udp/65535 n=4294967295 rule=" LONGEST },
};

static void each_event_has_its_words(void)
{
    uint8_t room[BM_EVENT_TEXT_MAX];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_bytes text = bm_fw_tell(&table, &rows[i].event, room);

        CHECK_BYTES(text.p, text.n, rows[i].text, strlen(rows[i].text));
        CHECK(bm_fw_tell_kind(&rows[i].event) == rows[i].kind);
    }
}

/* It is a text that an event may have. */
static void whatever_was_counted_it_fits_an_event(void)
{
    struct bm_fw_event e = { .count = UINT32_MAX, .port = 0xffff };
    uint8_t octets[BM_EVENT_SIZE_MAX];
    uint8_t room[BM_EVENT_TEXT_MAX];
    struct bm_wr w;

    for (unsigned i = 0; i < BM_FW_REASONS * 4 * 3 * 2; i++) {
        struct bm_event event = { .number = 1, .when = BM_EVENT_NO_TIME };

        e.reason = (uint8_t)(i % BM_FW_REASONS);
        e.family = (uint8_t)(i / BM_FW_REASONS % 4);
        e.rule = i / BM_FW_REASONS / 4 % 3 == 2
                     ? BM_FW_NO_RULE
                     : (uint16_t)(i / BM_FW_REASONS / 4 % 3);
        e.direction = (uint8_t)(i / BM_FW_REASONS / 12);
        e.proto = i % 2 == 0 ? 6 : 255;
        memset(e.peer, 0xff, sizeof e.peer);
        event.kind = bm_fw_tell_kind(&e);
        event.text = bm_fw_tell(&table, &e, room);
        CHECK(event.text.n != 0 && event.text.n <= BM_EVENT_TEXT_MAX);
        bm_wr_init(&w, octets, sizeof octets);
        CHECK_STATUS(bm_event_put(&event, &w), BM_OK);
    }
}

static void what_found_no_room_is_told_as_a_number(void)
{
    uint8_t room[BM_EVENT_TEXT_MAX];
    struct bm_bytes text = bm_fw_tell_missed(UINT32_MAX, room);

    CHECK_BYTES(text.p, text.n, "n=4294967295", 12);
    text = bm_fw_tell_missed(5, room);
    CHECK_BYTES(text.p, text.n, "n=5", 3);
}

int main(void)
{
    make_table();
    RUN(each_event_has_its_words);
    RUN(whatever_was_counted_it_fits_an_event);
    RUN(what_found_no_room_is_told_as_a_number);
    return bm_test_done();
}
