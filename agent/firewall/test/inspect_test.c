/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/inspect.h"

#include <stdio.h>
#include <string.h>

#include "firewall/test/frames.h"
#include "policy/compile.h"
#include "tests/harness/bm_test.h"

static const char text[] =
    "policy: p\nversion: 1\nfloor: 1\nflows: 8\nrules:\n"
    "- {name: plc, direction: in, protocol: tcp, port: 502, verdict: allow,"
    " modbus: {mode: active, allow: [{functions: 3}]}}\n"
    "- {name: coap, direction: in, protocol: udp, port: 9, flows: false,"
    " verdict: allow, log: count, threshold: {high: 3/s, low: 1/s}}\n"
    "- {name: known, direction: in, protocol: udp, port: 7, flows: false,"
    " verdict: allow, mac: \"02:00:5e:00:00:02\"}\n"
    "- {name: near, direction: out, protocol: udp, port: 5, flows: false,"
    " verdict: allow, peer: subnet}\n";

static struct policy *policy;
static struct policy_compiled table;
static struct inspect *inspect;
static struct counts *counts;
static const struct bm_fw_subnets subnets = { .address = 0x0a000000,
                                              .mask = 0xffffff00 };

static void begin(void)
{
    inspect_free(inspect);
    counts_free(counts);
    CHECK_STATUS(
        inspect_new((struct bm_bytes){ table.table, table.n }, &inspect),
        BM_OK);
    inspect_set_subnets(inspect, &subnets);
    CHECK_STATUS(counts_new(&counts), BM_OK);
    CHECK_STATUS(counts_reserve(counts, policy), BM_OK);
    counts_begin(counts, policy, POLICY_NORMAL);
}

/* A frame, as the kernel hands over what is in it. */
static struct bm_fw_decision judge(const struct frame *f, uint32_t now)
{
    const struct inspect_packet p = {
        .direction = f->direction,
        .mac = f->direction == BM_FW_IN ? f->p + 6 : NULL,
        .head = { f->p + 14,
                  f->n - 14 < INSPECT_LOOK ? f->n - 14 : INSPECT_LOOK },
        .length = f->n - 14,
    };

    return inspect_judge(inspect, &p, now);
}

static void make_udp(struct frame *f, enum bm_fw_direction d, bool six,
                     unsigned port)
{
    (six ? frame_ipv6 : frame_ipv4)(f, d, BM_FW_PROTO_UDP);
    frame_udp(f, 4000, port);
}

static void told(const char *want)
{
    uint8_t room[FIREWALL_COUNTS_MAX];
    struct bm_bytes list = { room, 0 };
    struct firewall_count c;
    char got[256] = "";
    struct bm_wr w;

    inspect_tell(inspect, counts);
    bm_wr_init(&w, room, sizeof room);
    counts_put(counts, &w);
    CHECK_STATUS(bm_wr_finish(&w, &list.n), BM_OK);
    while (firewall_count_next(&list, &c)) {
        size_t n = strlen(got);

        (void)snprintf(got + n, sizeof got - n, "%u %s %u;", c.kind, c.name,
                       (unsigned)c.frames);
    }
    CHECK_BYTES(got, strlen(got), want, strlen(want));
    counts_heard(counts);
}

static void a_packet_is_judged_as_the_frame_it_came_in(void)
{
    struct bm_fw_decision d;
    struct frame f;

    begin();
    for (unsigned six = 0; six < 2; six++) {
        make_udp(&f, BM_FW_IN, six != 0, 9);
        CHECK(bm_fw_passes(judge(&f, 0)));
        make_udp(&f, BM_FW_IN, six != 0, 8);
        CHECK(judge(&f, 0).reason == BM_FW_DEFAULT);
        make_udp(&f, BM_FW_IN, six != 0, 7); /* by its mac */
        CHECK(bm_fw_passes(judge(&f, 0)));
        f.p[11]++;
        CHECK(!bm_fw_passes(judge(&f, 0)));
    }
    make_udp(&f, BM_FW_OUT, false, 5); /* by the subnet */
    CHECK(bm_fw_passes(judge(&f, 0)));
    frame_peer_4(&f, 0x0a000102);
    d = judge(&f, 0);
    CHECK(d.reason == BM_FW_DEFAULT && d.rule == BM_FW_NO_RULE);
}

static void every_prefix_of_a_packet_is_dropped(void)
{
    struct inspect_packet p = { .direction = BM_FW_IN };
    struct frame f;

    begin();
    make_udp(&f, BM_FW_IN, false, 9);
    for (size_t n = 0; n < f.n - 14; n++) {
        p.head = (struct bm_bytes){ f.p + 14, n };
        p.length = n;
        CHECK(!bm_fw_passes(inspect_judge(inspect, &p, 0)));
    }
}

static void what_was_decided_and_what_was_lost_is_told_once(void)
{
    struct frame f;

    begin();
    make_udp(&f, BM_FW_IN, false, 9);
    for (unsigned i = 0; i < 5; i++) {
        CHECK(bm_fw_passes(judge(&f, 10)) == (i < 3));
    }
    make_udp(&f, BM_FW_IN, false, 8);
    (void)judge(&f, 10);
    make_udp(&f, BM_FW_IN, false, 7); /* a rule that does not log */
    (void)judge(&f, 10);
    inspect_lost(inspect, 11);
    told("3 default 1;3 queue 11;2 in-coap 2;0 in-coap 3;");
    told("");
}

static void flows_end_with_their_mode_and_a_filter_refuses(void)
{
    static const uint8_t write[] = { 0, 1, 0, 0, 0, 6, 9, 6, 0, 1, 0, 1 };
    struct frame f;

    begin();
    frame_ipv4(&f, BM_FW_IN, BM_FW_PROTO_TCP);
    frame_tcp(&f, 4000, 502, BM_FW_SYN);
    CHECK(judge(&f, 0).reason == BM_FW_BY_RULE);
    frame_ipv4(&f, BM_FW_OUT, BM_FW_PROTO_TCP);
    frame_tcp(&f, 502, 4000, BM_FW_SYN | BM_FW_ACK);
    frame_32(f.p + f.n - 12, 1);
    CHECK(judge(&f, 0).reason == BM_FW_BY_FLOW);
    frame_ipv4(&f, BM_FW_IN, BM_FW_PROTO_TCP);
    frame_tcp(&f, 4000, 502, BM_FW_ACK);
    CHECK(judge(&f, 0).reason == BM_FW_BY_FLOW);
    frame_32(f.p + f.n - 16, 1);
    memcpy(frame_append(&f, sizeof write), write, sizeof write);
    CHECK(judge(&f, 0).reason == BM_FW_FILTER);
    told("2 in-plc 1;");
    inspect_set_mode(inspect, BM_FW_LOCKDOWN);
    CHECK(judge(&f, 0).reason == BM_FW_DEFAULT);
}

static void what_is_no_table_is_refused(void)
{
    struct inspect *none;

    CHECK(inspect_new((struct bm_bytes){ table.table, table.n - 4 }, &none) !=
          BM_OK);
    CHECK(none == NULL);
    begin();
    CHECK(inspect_is_of(inspect, (struct bm_bytes){ table.table, table.n }));
    CHECK(
        !inspect_is_of(inspect, (struct bm_bytes){ table.table, table.n - 4 }));
}

int main(void)
{
    CHECK_STATUS(policy_parse((struct bm_bytes){ (const uint8_t *)text,
                                                 sizeof text - 1 },
                              &policy, NULL),
                 BM_OK);
    CHECK_STATUS(policy_compile(policy, &table, NULL, NULL), BM_OK);
    RUN(a_packet_is_judged_as_the_frame_it_came_in);
    RUN(every_prefix_of_a_packet_is_dropped);
    RUN(what_was_decided_and_what_was_lost_is_told_once);
    RUN(flows_end_with_their_mode_and_a_filter_refuses);
    RUN(what_is_no_table_is_refused);
    inspect_free(inspect);
    counts_free(counts);
    policy_compiled_wipe(&table);
    policy_free(policy);
    return bm_test_done();
}
