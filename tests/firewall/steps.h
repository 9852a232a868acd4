/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FIREWALL_STEPS_H
#define BM_TESTS_FIREWALL_STEPS_H

#include <string.h>

#include "firewall/firewall.h"

/*
 * What the judges are shown, one step after another, as octets: of a file that
 * a board reads, too.
 *
 *     step = op, a, u16 want, u32 n (little-endian), n octets, zeros to 4
 */

enum step_op {
    STEP_TABLE = 'T', /* begin anew, with this policy, in mode normal */
    STEP_CLEAR = 'C', /* all flows end; counts and buckets begin anew */
    STEP_MODE = 'M',  /* a: mode */
    STEP_WAIT = 'W',  /* n: milliseconds; without octets */
    STEP_FRAME = 'F'  /* a: direction; n: octets of the frame */
};

/* What becomes of a frame. */
enum step_verdict {
    STEP_DROPPED,
    STEP_PASSED,
    STEP_RESET /* dropped, and answered by a reset */
};

struct step {
    uint8_t op;
    uint8_t a;
    uint16_t want; /* step_outcome() */
    uint32_t n;
    const uint8_t *p;
};

/* What became of a frame, why (enum bm_fw_reason), and by which rule. */
static inline unsigned step_outcome(enum step_verdict verdict, unsigned reason,
                                    unsigned rule)
{
    return verdict | reason << 2 |
           (rule == BM_FW_NO_RULE ? 0 : (rule + 1) << 6);
}

static inline unsigned step_verdict_of(unsigned outcome)
{
    return outcome & 3;
}

static inline unsigned step_reason_of(unsigned outcome)
{
    return outcome >> 2 & 15;
}

/* 0: none. */
static inline unsigned step_rule_of(unsigned outcome)
{
    return outcome >> 6;
}

/* The next step of `n` octets at `p`; false: no more. */
static inline bool step_next(const uint8_t *p, size_t n, size_t *at,
                             struct step *s)
{
    const uint8_t *h = p + *at;
    size_t octets;

    if (n - *at < 8) {
        return false;
    }
    s->op = h[0];
    s->a = h[1];
    s->want = (uint16_t)(h[2] | h[3] << 8);
    s->n = (uint32_t)h[4] | (uint32_t)h[5] << 8 | (uint32_t)h[6] << 16 |
           (uint32_t)h[7] << 24;
    s->p = h + 8;
    octets = s->op == STEP_WAIT ? 0 : s->n;
    if (octets > n - *at - 8) {
        return false;
    }
    *at += 8 + ((octets + 3) & ~(size_t)3);
    return true;
}

/* A frame with RST is answered by nothing. */
static inline bool step_is_reset(const uint8_t *frame, size_t n)
{
    size_t flags = n > 12 && frame[12] == 0x86 ? 67 : 47;

    return n > flags && (frame[flags] & BM_FW_RST) != 0;
}

/* ---- The engine, on any platform */

#define STEP_SUBNET      UINT32_C(0x0a000000)
#define STEP_SUBNET_MASK UINT32_C(0xffffff00)

static inline struct bm_fw_subnets step_subnets(void)
{
    return (struct bm_fw_subnets){
        .address = STEP_SUBNET,
        .mask = STEP_SUBNET_MASK,
        .six = { { { 0x20010db8, 0, 0, 0 },
                   { 0xffffffff, 0xffffffff, 0, 0 } } },
        .six_n = 1,
    };
}

struct step_engine {
    struct bm_fw fw;
    struct bm_bytes table;
    void *room;
    size_t room_n;
    uint32_t now;
};

/* Take a step. Of a frame: step_outcome(); of others 0, or -1 if it failed.
 * A table stays where it is. */
static inline int step_engine_take(struct step_engine *e, const struct step *s)
{
    struct bm_fw_subnets subnets = step_subnets();
    struct bm_fw_decision d;
    /* As much as a stack may hand in: all, or the part that is enough. */
    size_t head = s->n > BM_FW_LOOK && s->n % 2 != 0 ? BM_FW_LOOK : s->n;

    switch (s->op) {
    case STEP_TABLE:
        bm_fw_init(&e->fw, 1);
        e->table = (struct bm_bytes){ s->p, s->n };
        bm_fw_set_subnets(&e->fw, &subnets);
        return bm_fw_load(&e->fw, e->table, e->room, e->room_n) == BM_OK ? 0
                                                                         : -1;
    case STEP_CLEAR:
        return bm_fw_load(&e->fw, e->table, e->room, e->room_n) == BM_OK ? 0
                                                                         : -1;
    case STEP_MODE:
        bm_fw_set_mode(&e->fw, (enum bm_fw_mode)s->a);
        return 0;
    case STEP_WAIT:
        e->now += s->n;
        return 0;
    default:
        d = bm_fw_judge(&e->fw, (enum bm_fw_direction)s->a,
                        (struct bm_bytes){ s->p, head }, s->n, e->now);
        return (int)step_outcome(bm_fw_passes(d) ? STEP_PASSED
                                 : d.verdict == BM_FW_RESET &&
                                         !step_is_reset(s->p, s->n)
                                     ? STEP_RESET
                                     : STEP_DROPPED,
                                 d.reason, d.rule);
    }
}

#endif
