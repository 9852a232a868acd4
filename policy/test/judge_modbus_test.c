/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/firewall.h"
#include "firewall/test/frames.h"
#include "policy/compile.h"
#include "policy/judge.h"
#include "policy/test/generate.h"
#include "tests/harness/bm_test.h"

/*
 * The reference against the engine, about what a filter for Modbus lets
 * through: requests at the borders of its ranges, whole, short and damaged.
 */

static const char text[] =
    "policy: m\nversion: 1\nfloor: 1\nflows: 4\nrules:\n"
    "- {name: active, direction: in, protocol: tcp, port: 502,\n"
    "   verdict: allow, modbus: {mode: active, allow: [\n"
    "     {functions: [1-4, 23], addresses: [100-199, 300]},\n"
    "     {functions: [3, 16], addresses: 200-209},\n"
    "     {functions: [5, 6, 15, 16, 22, 23, 24], addresses: [110-119]},\n"
    "     {functions: [17, 43]}]}}\n"
    "- {name: watch, direction: in, protocol: tcp, port: 503,\n"
    "   verdict: allow, modbus: {mode: observe, allow: [\n"
    "     {functions: [3], addresses: [0-9]}]}}\n";

static struct policy *policy;
static struct policy_judge *judge;
static struct bm_fw fw;
static uint32_t room[1024];

static bool same(const struct frame *f, uint32_t now, unsigned *reason)
{
    struct policy_judgement a =
        policy_judge_frame(judge, f->direction, frame_bytes(f), f->n, now);
    struct bm_fw_decision b =
        bm_fw_judge(&fw, f->direction, frame_bytes(f), f->n, now);

    *reason = b.reason;
    return (unsigned)a.verdict == b.verdict && (unsigned)a.reason == b.reason;
}

static unsigned near(struct dice *d)
{
    static const unsigned borders[] = { 0,   9,   100, 110, 119,
                                        199, 200, 209, 300, 65535 };

    return (borders[dice_throw(d, 10)] + dice_throw(d, 3) - 1) & 0xffff;
}

/* A request, mostly a good one; its length. */
static size_t request(struct dice *d, uint8_t *p)
{
    static const uint8_t functions[] = { 1,  3,  4,  5,  6, 15,   16, 17,
                                         22, 23, 24, 43, 7, 0x83, 0 };
    unsigned count = 1 + dice_throw(d, 4);
    size_t n = 12;

    memset(p, 0, 64);
    p[7] = functions[dice_throw(d, sizeof functions)];
    frame_16(p + 8, near(d));
    frame_16(p + 10, dice_throw(d, 8) == 0 ? near(d) : count);
    if (p[7] == 15 || p[7] == 16) {
        p[12] = (uint8_t)(p[7] == 15 ? 1 : 2 * count);
        n = 13u + p[12];
    } else if (p[7] == 22) {
        n = 14;
    } else if (p[7] == 23) {
        frame_16(p + 12, near(d));
        frame_16(p + 14, count);
        p[16] = (uint8_t)(2 * count);
        n = 17u + p[16];
    } else if (p[7] == 24) {
        n = 10;
    } else if (p[7] == 17) {
        n = 8;
    }
    n += dice_throw(d, 12) == 0;
    frame_16(p + 4, (unsigned)n - 6);
    if (dice_throw(d, 8) == 0) {
        p[2 + dice_throw(d, 12)] ^= (uint8_t)(1u << dice_throw(d, 8));
    }
    return n - (dice_throw(d, 12) == 0);
}

static void segment(struct frame *f, unsigned port, unsigned flags,
                    uint32_t number)
{
    frame_ipv4(f, BM_FW_IN, BM_FW_PROTO_TCP);
    frame_tcp(f, 1000, port, flags);
    frame_32(f->p + f->n - 16, number);
}

/* So that segments of the opener are accepted. */
static void open_flow(unsigned port)
{
    unsigned reason;
    struct frame f;

    segment(&f, port, BM_FW_SYN, 0);
    CHECK(same(&f, 0, &reason) && reason == BM_FW_BY_RULE);
    frame_ipv4(&f, BM_FW_OUT, BM_FW_PROTO_TCP);
    frame_tcp(&f, port, 1000, BM_FW_SYN | BM_FW_ACK);
    frame_32(f.p + f.n - 12, 2); /* it is of another SYN */
    CHECK(same(&f, 0, &reason) && reason == BM_FW_FILTER);
    frame_32(f.p + f.n - 12, 1);
    CHECK(same(&f, 0, &reason) && reason == BM_FW_BY_FLOW);
}

static bool open_both(void)
{
    struct policy_compiled c;
    struct config_error e;
    static uint32_t table[256];

    if (policy_parse(
            (struct bm_bytes){ (const uint8_t *)text, sizeof text - 1 },
            &policy, &e) != BM_OK ||
        policy_compile(policy, &c, NULL, &e) != BM_OK) {
        printf("# %u:%u: %s\n", e.line, e.column, e.words);
        return false;
    }
    CHECK(c.n <= sizeof table);
    memcpy(table, c.table, c.n);
    judge = policy_judge_new(policy);
    bm_fw_init(&fw, 1);
    CHECK_STATUS(bm_fw_load(&fw,
                            (struct bm_bytes){ (const uint8_t *)table, c.n },
                            room, sizeof room),
                 BM_OK);
    policy_compiled_wipe(&c);
    return judge != NULL;
}

static void the_engine_lets_through_what_the_reference_does(void)
{
    static const unsigned flags[8] = { BM_FW_ACK,
                                       BM_FW_ACK,
                                       BM_FW_ACK,
                                       BM_FW_ACK,
                                       BM_FW_ACK,
                                       BM_FW_SYN,
                                       BM_FW_ACK | BM_FW_URG,
                                       BM_FW_SYN | BM_FW_ACK };
    struct dice dice = { 7 };
    uint32_t next[2] = { 1, 1 };
    unsigned fit = 0;
    unsigned unfit = 0;
    unsigned reason;
    struct frame f;

    if (!open_both()) {
        CHECK(!"no policy");
        return;
    }
    open_flow(502);
    open_flow(503);
    for (unsigned i = 0; i < 40000; i++) {
        uint8_t data[64];
        size_t n = request(&dice, data);
        unsigned which = dice_throw(&dice, 2);
        uint32_t off = dice_throw(&dice, 8) == 0 ? dice_throw(&dice, 40) : 0;

        /* Of flags, the last are refused. */
        segment(&f, 502 + which, flags[dice_throw(&dice, 8)],
                next[which] - off);
        memcpy(frame_append(&f, n), data, n);
        if (!same(&f, 1, &reason)) {
            printf("# function %u at %u\n", data[7], data[8] << 8 | data[9]);
            CHECK(!"the engine and the reference differ");
            break;
        }
        if (reason == BM_FW_BY_FLOW || (which == 1 && reason == BM_FW_FILTER)) {
            next[which] += (uint32_t)n - off;
        }
        fit += reason == BM_FW_BY_FLOW;
        unfit += reason == BM_FW_FILTER;
    }
    printf("# %u fit, %u do not\n", fit, unfit);
    CHECK(fit > 2000 && unfit > 2000);
    policy_judge_free(judge);
    policy_free(policy);
}

int main(void)
{
    RUN(the_engine_lets_through_what_the_reference_does);
    return bm_test_done();
}
