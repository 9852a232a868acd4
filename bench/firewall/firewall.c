/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "bench/firewall/table.h"
#include "firewall/firewall.h"
#include "firewall/test/frames.h"

/*
 * What the engine takes for a frame, by the kinds of frames that differ in
 * their way through it, under a policy of so many rules. On a board ticks are
 * instructions, on a host nanoseconds; firewall.sh puts them into a table.
 */
#ifdef __unix__
#include <time.h>
#define RULES  BENCH_RULES_MAX
#define ROUNDS 20000

static double clock_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}
#else
#include "ports/mps2/board.h"
#define RULES  100
#define ROUNDS 1000

/* QEMU's -icount: one tick is 40 instructions. */
static double clock_now(void)
{
    return (double)bm_board_ticks() * 40;
}
#endif

static struct bm_fw fw;
static uint32_t octets[RULES * 40 + 4096];
static uint32_t room[BM_FW_ROOM(RULES, 0, 64, 0) / 4 + 1];
static struct frame frame;

static void ip(bool six, enum bm_fw_direction d, unsigned rule, unsigned proto)
{
    if (six) {
        frame_ipv6(&frame, d, proto);
        frame_32(frame.p + (d == BM_FW_IN ? 26 : 42), bench_net_6(rule));
    } else {
        frame_ipv4(&frame, d, proto);
        frame_peer_4(&frame, bench_net_4(rule) + 7);
    }
}

typedef struct bm_fw_decision judging(struct bm_fw *fw,
                                      enum bm_fw_direction direction,
                                      struct bm_bytes head, size_t length,
                                      uint32_t now);

/* What calls take that do nothing: it is taken off. */
static struct bm_fw_decision nothing(struct bm_fw *engine,
                                     enum bm_fw_direction direction,
                                     struct bm_bytes head, size_t length,
                                     uint32_t now)
{
    (void)engine;
    (void)direction;
    (void)head;
    (void)length;
    (void)now;
    return (struct bm_fw_decision){ BM_FW_DROP, 0, 0 };
}

static judging *volatile judge_by = bm_fw_judge;

static struct bm_fw_decision judge(uint32_t now)
{
    return judge_by(&fw, frame.direction, frame_bytes(&frame), frame.n, now);
}

/* The same frame again and again; how many were not as they should be? */
static double rounds(enum bm_fw_reason want, unsigned verdict, unsigned *others)
{
    double before = clock_now();

    *others = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct bm_fw_decision d = judge(i);

        *others += d.reason != want || d.verdict != verdict;
    }
    return (clock_now() - before) / ROUNDS;
}

static double idle(void)
{
    unsigned others;
    double value;

    judge_by = nothing;
    value = rounds(BM_FW_BY_RULE, BM_FW_DROP, &others);
    judge_by = bm_fw_judge;
    return value;
}

/* What one takes, or 0 if it is not `want`. */
static double cost(enum bm_fw_reason want, unsigned verdict)
{
    unsigned others;
    double value = rounds(want, verdict, &others) - idle();

    return others == 0 ? value : 0;
}

static void row(const char *name, unsigned rules, bool six, double value)
{
    printf("%u %s %s %.0f\n", rules, six ? "IPv6" : "IPv4", name, value);
}

static unsigned last_of(unsigned rules, bool tcp)
{
    unsigned i = rules - 1;

    while (bench_is_tcp(i) != tcp) {
        i--;
    }
    return i;
}

/* Frames that change nothing; the last rule is the farthest. */
static void stateless(unsigned rules, bool six)
{
    unsigned last = last_of(rules, false);

    ip(six, BM_FW_IN, last, BM_FW_PROTO_UDP);
    frame_udp(&frame, 5000, bench_port(last));
    row("stateless", rules, six, cost(BM_FW_BY_RULE, BM_FW_ALLOW));
    ip(six, BM_FW_IN, last, BM_FW_PROTO_UDP);
    frame_udp(&frame, 5000, bench_port(last) + 1);
    row("dropped", rules, six, cost(BM_FW_DEFAULT, BM_FW_DROP));
}

#ifdef __unix__
/* Rules one after another, as engines without a compiled table go by them. */
static void in_turn(unsigned rules)
{
    volatile uint32_t peer = bench_net_4(rules - 1) + 7;
    volatile unsigned port = bench_port(rules - 1);
    unsigned found = 0;
    double before = clock_now();

    for (unsigned i = 0; i < ROUNDS / 10; i++) {
        unsigned r = 0;

        while (r < rules && (bench_port(r) != port ||
                             (peer & 0xffffff00) != bench_net_4(r))) {
            r++;
        }
        found += r;
    }
    row("in-turn", rules, false,
        found != 0 ? (clock_now() - before) / (ROUNDS / 10) : 0);
}
#else
static void in_turn(unsigned rules)
{
    (void)rules;
}
#endif

static void begin(unsigned rules)
{
    struct bm_bytes t = { (const uint8_t *)octets, 0 };

    t.n = bench_table(rules, (uint8_t *)octets, sizeof octets);
    bm_fw_init(&fw, 1);
    if (bm_fw_load(&fw, t, room, sizeof room) != BM_OK) {
        printf("0 no table\n");
    }
}

/* Of 40 flows that are open, and frames that open one each time. */
static void stateful(unsigned rules, bool six)
{
    unsigned last = last_of(rules, true);

    begin(rules);
    for (unsigned i = 0; i < 40; i++) {
        ip(six, BM_FW_IN, last, BM_FW_PROTO_TCP);
        frame_tcp(&frame, 6000 + i, bench_port(last), BM_FW_SYN);
        (void)judge(0);
    }
    for (unsigned i = 0; i < 3; i++) {
        static const unsigned flags[3] = { BM_FW_SYN | BM_FW_ACK, BM_FW_ACK,
                                           BM_FW_ACK };
        enum bm_fw_direction d = i == 0 ? BM_FW_OUT : BM_FW_IN;

        ip(six, d, last, BM_FW_PROTO_TCP);
        frame_tcp(&frame, d == BM_FW_IN ? 6020 : bench_port(last),
                  d == BM_FW_IN ? bench_port(last) : 6020, flags[i]);
        if (i < 2) {
            (void)judge(0);
        }
    }
    row("of-flow", rules, six, cost(BM_FW_BY_FLOW, BM_FW_ALLOW));
}

/* A flow that is opened and reset: half of what two frames take. */
static void opening(unsigned rules, bool six)
{
    unsigned last = last_of(rules, true);
    struct frame syn;
    double before;
    double off = idle();
    bool as_wanted = true;

    ip(six, BM_FW_IN, last, BM_FW_PROTO_TCP);
    frame_tcp(&frame, 7000, bench_port(last), BM_FW_SYN);
    syn = frame;
    ip(six, BM_FW_IN, last, BM_FW_PROTO_TCP);
    frame_tcp(&frame, 7000, bench_port(last), BM_FW_RST);
    before = clock_now();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct bm_fw_decision d =
            judge_by(&fw, BM_FW_IN, frame_bytes(&syn), syn.n, i);

        as_wanted = as_wanted && d.reason == BM_FW_BY_RULE;
        as_wanted = as_wanted && judge(i).reason == BM_FW_BY_FLOW;
    }
    row("opening", rules, six,
        as_wanted ? (clock_now() - before) / ROUNDS / 2 - off : 0);
}

int main(void)
{
    for (unsigned rules = 10; rules <= RULES; rules *= 10) {
        for (unsigned six = 0; six < 2; six++) {
            begin(rules);
            stateless(rules, six != 0);
            stateful(rules, six != 0);
            opening(rules, six != 0);
        }
        in_turn(rules);
        printf("%u all probes %u\n", rules, fw.table.probes);
    }
    return 0;
}
