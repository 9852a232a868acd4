/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/judge.h"

#include <limits.h>

#include "firewall/firewall.h"
#include "firewall/test/frames.h"
#include "policy/compile.h"
#include "policy/test/generate.h"
#include "tests/harness/bm_test.h"

/*
 * The reference interpreter against the engine: the same frames at the same
 * times, and all that they say of each. Few peers and ports, so that frames
 * meet; times at the borders of time-outs; all flags; both directions.
 */

static struct bm_bytes view(const char *text)
{
    return (struct bm_bytes){ (const uint8_t *)text, strlen(text) };
}

static const char *const policies[] = {
    /* Flows, in places that are few. */
    "policy: a\nversion: 1\nfloor: 1\nflows: 5\nrules:\n"
    "- {name: in, direction: in, protocol: [tcp, udp], port: [80, 53],\n"
    "   verdict: allow}\n"
    "- {name: out, direction: out, protocol: [tcp, udp], port: [80, 53],\n"
    "   verdict: observe, modes: [normal, repair]}\n"
    "- {name: ping, direction: [in, out], protocol: [icmp, icmpv6],\n"
    "   kind: echo-request, verdict: allow}\n"
    "- {name: shut, direction: in, protocol: tcp, port: 81,\n"
    "   verdict: reset}\n",
    /* Rates, thresholds and caps, of flows and of frames. */
    "policy: b\nversion: 1\nfloor: 1\nflows: 20\nsources: 2\nrules:\n"
    "- {name: tcp, direction: in, protocol: tcp, port: 80, verdict: allow,\n"
    "   rate: {connections: 12/m, burst: 3, per: source}, connections: 2}\n"
    "- {name: udp, direction: in, protocol: udp, port: 80, verdict: allow,\n"
    "   rate: {packets: 9/m, burst: 2}}\n"
    "- {name: plain, direction: in, protocol: udp, port: 53, flows: false,\n"
    "   verdict: allow, threshold: {high: 5/s, low: 2/s}}\n"
    "- {name: both, direction: in, protocol: udp, port: 81, flows: false,\n"
    "   verdict: allow, threshold: {high: 3/s, low: 3/s},\n"
    "   rate: {packets: 1/s, burst: 9, per: source}}\n"
    "- {name: arp, direction: in, protocol: arp, verdict: allow,\n"
    "   rate: {packets: 3/s, burst: 3, per: source}}\n"
    "- {name: out, direction: out, protocol: ip, verdict: allow}\n",
    /* Other time-outs. */
    "policy: c\nversion: 1\nfloor: 1\nflows: 50\n"
    "timeouts: {asked: 1s, answered: 2s, open: 3s, one: 4s, half: 1s,\n"
    "           two: 2s, done: 1s, udp: 1s, icmp: 2s}\nrules:\n"
    "- {name: in, direction: [in, out], protocol: [tcp, udp],\n"
    "   verdict: allow}\n"
    "- {name: ping, direction: [in, out], protocol: icmp, kind: 8,\n"
    "   verdict: allow}\n"
    "- {name: ping6, direction: [in, out], protocol: icmpv6, kind: 128,\n"
    "   verdict: allow}\n",
};

#define ROOM 65536

struct pair {
    struct policy *policy;
    struct policy_compiled compiled;
    struct policy_judge *judge;
    struct bm_fw fw;
};

static bool open_pair(struct pair *pair, const char *text)
{
    static uint32_t room[ROOM / 4];
    struct config_error e;

    if (policy_parse(view(text), &pair->policy, &e) != BM_OK ||
        policy_compile(pair->policy, &pair->compiled, NULL, &e) != BM_OK) {
        printf("# %u:%u: %s\n%s\n", e.line, e.column, e.words, text);
        return false;
    }
    pair->judge = policy_judge_new(pair->policy);
    bm_fw_init(&pair->fw, 4711);
    return pair->judge != NULL && pair->compiled.ram <= sizeof room &&
           bm_fw_load(
               &pair->fw,
               (struct bm_bytes){ pair->compiled.table, pair->compiled.n },
               room, pair->compiled.ram) == BM_OK;
}

static void close_pair(struct pair *pair)
{
    policy_judge_free(pair->judge);
    policy_compiled_wipe(&pair->compiled);
    policy_free(pair->policy);
}

/* ---- Frames */

static unsigned pick(struct dice *d, const unsigned *of, uint32_t n)
{
    return of[dice_throw(d, n)];
}

static void put_tcp(struct frame *f, struct dice *d, unsigned sport,
                    unsigned port)
{
    static const unsigned flags[] = {
        BM_FW_SYN, BM_FW_SYN,
        BM_FW_SYN, BM_FW_SYN | BM_FW_ACK,
        BM_FW_ACK, BM_FW_ACK,
        BM_FW_ACK, BM_FW_FIN | BM_FW_ACK,
        BM_FW_RST, BM_FW_FIN | BM_FW_ACK | BM_FW_URG,
        BM_FW_FIN, BM_FW_RST | BM_FW_ACK,
        0,         BM_FW_SYN | BM_FW_URG,
    };

    frame_tcp(f, sport, port, pick(d, flags, sizeof flags / sizeof flags[0]));
}

/* A frame of TCP, UDP or ICMP echo between few. */
static void make_inner(struct frame *f, struct dice *d,
                       enum bm_fw_direction direction)
{
    static const unsigned ports[] = { 80, 53, 81 };
    bool six = dice_throw(d, 3) == 0;
    unsigned a = 1024 + dice_throw(d, 2);
    unsigned b = pick(d, ports, 3);
    unsigned what = dice_throw(d, 5);
    unsigned proto = what < 3   ? BM_FW_PROTO_TCP
                     : what < 4 ? BM_FW_PROTO_UDP
                     : six      ? BM_FW_PROTO_ICMPV6
                                : BM_FW_PROTO_ICMP;

    if (dice_throw(d, 2) != 0) { /* an answer, as like as not */
        unsigned service = b;

        b = a;
        a = service;
    }
    if (six) {
        frame_ipv6(f, direction, proto);
        frame_peer_6(f, 2 + dice_throw(d, 2));
    } else {
        frame_ipv4(f, direction, proto);
        frame_peer_4(f, FRAME_PEER_4 + dice_throw(d, 2));
    }
    if (proto == BM_FW_PROTO_TCP) {
        put_tcp(f, d, a, b);
    } else if (proto == BM_FW_PROTO_UDP) {
        frame_udp(f, a, b);
    } else {
        static const unsigned kinds[] = { 8, 0, 128, 129 };

        frame_icmp(f, kinds[dice_throw(d, 2) + (six ? 2 : 0)],
                   dice_throw(d, 8) == 0, dice_throw(d, 2));
    }
}

static void make_quote(struct frame *f, struct dice *d,
                       enum bm_fw_direction direction)
{
    static const unsigned errors[] = { 3, 11, 12, 5, 1, 2, 3, 4 };
    struct frame about;
    bool six;

    make_inner(&about, d, direction == BM_FW_IN ? BM_FW_OUT : BM_FW_IN);
    six = frame_is_6(&about);
    if (six) {
        frame_ipv6(f, direction, BM_FW_PROTO_ICMPV6);
    } else {
        frame_ipv4(f, direction, BM_FW_PROTO_ICMP);
    }
    frame_quote(f, errors[dice_throw(d, 4) + (six ? 4 : 0)], &about);
}

/* ---- Frames that follow others: more of the same, or an answer */

static void turn_round(struct frame *f)
{
    bool six = frame_is_6(f);
    size_t n = six ? 16 : 4;
    size_t at = six ? 22 : 26;
    size_t l4 = six ? 54 : 34;
    uint8_t proto = f->p[six ? 20 : 23];
    uint8_t address[16];
    uint8_t port[2];

    f->direction = f->direction == BM_FW_IN ? BM_FW_OUT : BM_FW_IN;
    memcpy(address, f->p + at, n);
    memcpy(f->p + at, f->p + at + n, n);
    memcpy(f->p + at + n, address, n);
    if (proto == BM_FW_PROTO_TCP || proto == BM_FW_PROTO_UDP) {
        memcpy(port, f->p + l4, 2);
        memcpy(f->p + l4, f->p + l4 + 2, 2);
        memcpy(f->p + l4 + 2, port, 2);
    } else {
        f->p[l4] ^= six ? 128 ^ 129 : 8;
    }
}

static void make_follower(struct frame *f, struct dice *d)
{
    size_t l4 = frame_is_6(f) ? 54 : 34;
    uint8_t proto = f->p[frame_is_6(f) ? 20 : 23];

    switch (dice_throw(d, 4)) {
    case 0:
        break;
    case 1:
        f->p[l4 + 1] = (uint8_t)dice_throw(d, 30); /* of its source port */
        break;
    default:
        turn_round(f);
        break;
    }
    if (proto == BM_FW_PROTO_TCP) {
        struct frame other;

        frame_ipv4(&other, BM_FW_IN, BM_FW_PROTO_TCP);
        put_tcp(&other, d, 1, 1);
        f->p[l4 + 13] = other.p[34 + 13];
    }
}

#define RECENT 3

struct maker {
    struct dice dice;
    struct frame recent[RECENT];
    unsigned n;
};

static void make_new(struct frame *f, struct maker *m);

static void make_frame(struct frame *f, struct maker *m)
{
    if (m->n >= RECENT && dice_throw(&m->dice, 5) != 0) {
        *f = m->recent[dice_throw(&m->dice, RECENT)];
        make_follower(f, &m->dice);
        return;
    }
    make_new(f, m);
}

static void make_new(struct frame *f, struct maker *m)
{
    struct dice *d = &m->dice;
    enum bm_fw_direction direction = (enum bm_fw_direction)dice_throw(d, 2);

    switch (dice_throw(d, 16)) {
    case 0:
        frame_arp(f, direction, 1 + dice_throw(d, 2));
        f->p[14 + 17] = (uint8_t)dice_throw(d, 4);
        break;
    case 1:
    case 2:
        make_quote(f, d, direction);
        break;
    case 3:
        make_inner(f, d, direction);
        f->p[dice_throw(d, (uint32_t)f->n)] ^= (uint8_t)dice_throw(d, 256);
        break;
    case 4:
        make_inner(f, d, direction);
        f->p[20] = frame_is_6(f) ? 43 : 0x20; /* routed; more fragments */
        if (!frame_is_6(f)) {
            frame_finish(f);
        }
        break;
    default:
        make_inner(f, d, direction);
        m->recent[m->n++ % RECENT] = *f;
        break;
    }
}

static uint64_t step(struct dice *d)
{
    static const unsigned steps[] = { 0,    1,    499,  500,   999,   1000,
                                      1001, 1999, 2000, 29999, 30000, 61000 };

    return dice_throw(d, 200) != 0
               ? dice_throw(d, 25)
               : pick(d, steps, sizeof steps / sizeof steps[0]);
}

/* ---- Both */

struct counts {
    unsigned long reasons[BM_FW_REASONS];
    unsigned long n;
};

static bool agree(struct pair *pair, const struct frame *f, uint64_t now,
                  struct counts *counts)
{
    struct policy_judgement a = policy_judge_frame(pair->judge, f->direction,
                                                   frame_bytes(f), f->n, now);
    struct bm_fw_decision b = bm_fw_judge(&pair->fw, f->direction,
                                          frame_bytes(f), f->n, (uint32_t)now);
    unsigned rule = a.rule != NULL ? (unsigned)(a.rule - pair->policy->rules)
                                   : BM_FW_NO_RULE;

    counts->n++;
    counts->reasons[a.reason]++;
    if ((unsigned)a.verdict == b.verdict && (unsigned)a.reason == b.reason &&
        rule == b.rule) {
        return true;
    }
    printf("# at %llu: reference %u %s rule %u, engine %u %s rule %u\n",
           (unsigned long long)now, a.verdict, policy_reason_name(a.reason),
           rule, b.verdict, policy_reason_name((enum bm_fw_reason)b.reason),
           b.rule);
    return false;
}

static bool run(const char *text, unsigned frames, uint64_t seed,
                struct counts *counts)
{
    static struct maker maker;
    struct dice *dice = &maker.dice;
    static struct pair pair;
    uint64_t now = 5;
    bool ok = open_pair(&pair, text);

    maker = (struct maker){ .dice = { seed } };
    for (unsigned i = 0; ok && i < frames; i++) {
        struct frame f;

        make_frame(&f, &maker);
        now += step(dice);
        if (dice_throw(dice, 500) == 0) {
            enum policy_mode mode = (enum policy_mode)dice_throw(dice, 3);

            mode = dice_throw(dice, 2) != 0 ? POLICY_NORMAL : mode;
            policy_judge_set_mode(pair.judge, mode);
            bm_fw_set_mode(&pair.fw, (enum bm_fw_mode)mode);
        }
        ok = agree(&pair, &f, now, counts);
        if (!ok) {
            printf("# frame %u\n", i);
        }
    }
    close_pair(&pair);
    return ok;
}

static void the_engine_says_what_the_reference_says(void)
{
    struct counts counts = { .n = 0 };
    unsigned long least = ULONG_MAX;

    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        CHECK(run(policies[i], 60000, i + 1, &counts));
    }
    printf("# %lu frames compared:", counts.n);
    for (unsigned i = 0; i < BM_FW_REASONS; i++) {
        printf(" %s %lu", policy_reason_name((enum bm_fw_reason)i),
               counts.reasons[i]);
        if (i != BM_FW_FILTER && counts.reasons[i] < least) {
            least = counts.reasons[i];
        }
    }
    printf("\n");
    CHECK(least > 0);
}

static void of_generated_policies_too(void)
{
    static struct generate g;
    struct counts counts = { .n = 0 };
    struct dice dice = { 99 };

    for (unsigned i = 0; i < 40; i++) {
        generate_policy(&g, &dice, true);
        if (!run(g.text, 1000, i, &counts)) {
            printf("# policy %u\n%s\n", i, g.text);
            CHECK(!"they differ");
            return;
        }
    }
    printf("# %lu frames compared\n", counts.n);
}

/* ---- Every cell of the table of TCP */

static const unsigned segments[] = { BM_FW_SYN, BM_FW_SYN | BM_FW_ACK,
                                     BM_FW_FIN | BM_FW_ACK, BM_FW_ACK,
                                     BM_FW_RST };

/* The way to a state: who sends which segment. */
static const struct {
    const char *way; /* letters: o, a: opener, answerer; then 0..4 */
} ways[] = {
    { "o0" },           /* asked */
    { "o0a1" },         /* answered */
    { "o0a1o3" },       /* open */
    { "o0a1o3o2" },     /* one */
    { "o0a1o3o2a3" },   /* half */
    { "o0a1o3o2a2" },   /* two */
    { "o0a1o3o2a2o3" }, /* done */
};

static struct frame tcp_frame(bool opener, unsigned segment)
{
    struct frame f;

    frame_ipv4(&f, opener ? BM_FW_IN : BM_FW_OUT, BM_FW_PROTO_TCP);
    frame_tcp(&f, opener ? 1024 : 80, opener ? 80 : 1024, segments[segment]);
    return f;
}

static bool go(struct pair *pair, const char *way, struct counts *counts)
{
    bool ok = true;

    for (; *way != '\0'; way += 2) {
        struct frame f = tcp_frame(way[0] == 'o', (unsigned)(way[1] - '0'));

        ok = agree(pair, &f, 10, counts) && ok;
    }
    return ok;
}

static void every_cell_of_the_table_of_tcp_is_the_same(void)
{
    struct counts counts = { .n = 0 };
    static struct pair pair;

    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
        for (unsigned cell = 0; cell < 10 * 10; cell++) {
            char way[32];

            snprintf(way, sizeof way, "%s%c%u%c%u", ways[w].way,
                     cell / 10 < 5 ? 'o' : 'a', cell / 10 % 5,
                     cell % 10 < 5 ? 'o' : 'a', cell % 10 % 5);
            CHECK(open_pair(&pair, policies[0]));
            CHECK(go(&pair, way, &counts));
            close_pair(&pair);
        }
    }
    printf("# %lu frames compared\n", counts.n);
    CHECK(counts.reasons[BM_FW_BY_FLOW] > 1000);
    CHECK(counts.reasons[BM_FW_STATE] > 100);
}

int main(void)
{
    RUN(the_engine_says_what_the_reference_says);
    RUN(of_generated_policies_too);
    RUN(every_cell_of_the_table_of_tcp_is_the_same);
    return bm_test_done();
}
