/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/corpus.h"

/* What comes as time goes by: rates, thresholds, and flows that give way. */

/* The life of a connection; odd ones are what the answerer says. */
static const uint8_t life[][2] = {
    { 0, BM_FW_SYN },
    { 1, BM_FW_SYN | BM_FW_ACK },
    { 0, BM_FW_ACK },
    { 0, BM_FW_FIN | BM_FW_ACK },
    { 1, BM_FW_FIN | BM_FW_ACK },
    { 0, BM_FW_ACK },
};

#define LIFE (sizeof life / sizeof *life)

static void segment(struct corpus *c, bool six, enum bm_fw_direction opener,
                    unsigned port, unsigned step)
{
    bool answers = life[step][0] != 0;
    unsigned service = opener == BM_FW_IN ? 80 : 443;
    struct frame f;

    (six ? frame_ipv6 : frame_ipv4)(
        &f, (opener == BM_FW_IN) != answers ? BM_FW_IN : BM_FW_OUT,
        BM_FW_PROTO_TCP);
    frame_tcp(&f, answers ? service : port, answers ? port : service,
              life[step][1]);
    corpus_frame(c, &f);
}

void corpus_closed(struct corpus *c, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        for (unsigned j = 0; j < LIFE; j++) {
            segment(c, i % 3 == 0, BM_FW_IN, 20000 + i, j);
        }
        corpus_pause(c, 0); /* the kernel takes a while to count anew */
    }
}

static void datagram(struct corpus *c, bool six, unsigned peer)
{
    bool in = corpus_below(c, 2) == 0;
    struct frame f;

    (six ? frame_ipv6 : frame_ipv4)(&f, in ? BM_FW_IN : BM_FW_OUT,
                                    BM_FW_PROTO_UDP);
    frame_udp(&f, 4000, in ? 5683 : 53);
    if (six) {
        frame_peer_6(&f, 2 + peer);
    } else {
        frame_peer_4(&f, FRAME_PEER_4 + peer);
    }
    corpus_frame(c, &f);
}

static void other(struct corpus *c, bool six, unsigned peer)
{
    enum bm_fw_direction d = corpus_below(c, 2) == 0 ? BM_FW_IN : BM_FW_OUT;
    struct frame f;

    if (corpus_below(c, 2) == 0) {
        frame_arp(&f, d, 1);
        frame_32(f.p + (d == BM_FW_IN ? 28 : 38), FRAME_PEER_4 + peer);
    } else {
        (six ? frame_ipv6
             : frame_ipv4)(&f, d, six ? BM_FW_PROTO_ICMPV6 : BM_FW_PROTO_ICMP);
        frame_icmp(&f, six ? 128 : 8, 0, 5);
    }
    corpus_frame(c, &f);
}

/* Often none, often around a token's time, sometimes around an interval's. */
static void wait(struct corpus *c)
{
    unsigned kind = corpus_below(c, 16);

    if (kind < 3) {
        corpus_pause(c, 1 + corpus_below(c, 400));
    } else if (kind == 3) {
        corpus_pause(c, 990 + corpus_below(c, 20));
    } else if (kind == 4 && corpus_below(c, 4) == 0) {
        corpus_pause(c, 1000 * (1 + corpus_below(c, 9)) - corpus_below(c, 2));
    }
}

/* A connection gets on by a step, or one that is over has one more to say. */
static void get_on(struct corpus *c, unsigned char *lives, unsigned n)
{
    unsigned i = corpus_below(c, n);
    unsigned step = lives[i];

    if (step == LIFE || corpus_below(c, 12) == 0) {
        step = corpus_below(c, LIFE);
    } else {
        lives[i]++;
    }
    if (corpus_below(c, 200) == 0) {
        lives[i] = 0;
    }
    segment(c, i % 3 == 0, i % 2 == 0 ? BM_FW_IN : BM_FW_OUT, 2000 + i, step);
}

static void pings(struct corpus *c, unsigned n)
{
    struct frame f;

    for (unsigned i = 0; i < n; i++) {
        frame_ipv4(&f, BM_FW_IN, BM_FW_PROTO_ICMP);
        frame_icmp(&f, 8, 0, 5);
        corpus_frame(c, &f);
    }
}

/* Around `high` in one interval, around `low` in the next, just before its end
 * and just after: is it over? */
static void thresholds(struct corpus *c)
{
    static const uint16_t pauses[] = { 999, 1000, 1001, 1999, 2000, 2001 };

    /* The digits of i: what comes first, what comes next, and both pauses. */
    for (unsigned i = 0; i < 3 * 6 * 6 * 6; i++) {
        pings(c, 5 + i / 216);
        corpus_pause(c, pauses[i % 6]);
        pings(c, 1 + i / 36 % 6);
        corpus_pause(c, pauses[i / 6 % 6]);
        pings(c, 1);
        corpus_clear(c);
    }
}

/* Connections that are over, some heard again since; which ones are still
 * known when so many places were needed? */
static void places(struct corpus *c)
{
    for (unsigned needed = 0; needed < 12; needed++) {
        struct frame f;

        for (unsigned i = 0; i < 12 * LIFE; i++) {
            corpus_pause(c, i % LIFE == 0 ? 350 : 0);
            segment(c, false, BM_FW_IN, 3000 + i / LIFE, i % LIFE);
        }
        for (unsigned i = 0; i < 12; i += 5) {
            segment(c, false, BM_FW_IN, 3000 + i, LIFE - 1);
        }
        for (unsigned i = 0; i < needed; i++) {
            frame_ipv4(&f, BM_FW_OUT, BM_FW_PROTO_UDP);
            frame_udp(&f, 5000 + i, 53);
            corpus_frame(c, &f);
        }
        for (unsigned i = 0; i < 12; i++) {
            segment(c, false, BM_FW_IN, 3000 + i, LIFE - 1);
        }
        corpus_clear(c);
    }
}

/* One more, from a port that is new. */
static void opener(struct corpus *c, bool six, unsigned i)
{
    segment(c, six, i % 2 == 0 ? BM_FW_IN : BM_FW_OUT, 10000 + i, 0);
}

void corpus_bursts(struct corpus *c, unsigned n)
{
    unsigned port = 0;

    for (unsigned i = 0; i < n; i++) {
        bool six = corpus_below(c, 3) == 0;
        unsigned kind = corpus_below(c, 4);

        for (unsigned k = corpus_below(c, 14); k != 0; k--) {
            if (kind == 0) {
                opener(c, six, port++);
            } else if (kind == 1) {
                datagram(c, six, corpus_below(c, 5));
            } else {
                other(c, six, corpus_below(c, 5));
            }
            corpus_pause(c, corpus_below(c, 4) == 0 ? corpus_below(c, 300) : 0);
        }
        corpus_pause(c, corpus_below(c, 3) * (500 + corpus_below(c, 499)));
        if (i % 40 == 39) {
            corpus_clear(c);
        }
    }
}

void corpus_paced(struct corpus *c, unsigned n)
{
    unsigned char lives[40] = { 0 };

    thresholds(c);
    places(c);
    for (unsigned i = 0; i < n; i++) {
        bool six = corpus_below(c, 3) == 0;
        unsigned kind = corpus_below(c, 12);

        wait(c);
        if (kind < 7) {
            get_on(c, lives, sizeof lives);
        } else if (kind < 9) {
            datagram(c, six, corpus_below(c, 7));
        } else {
            other(c, six, corpus_below(c, 7));
        }
        if (i % 1000 == 999) {
            memset(lives, 0, sizeof lives);
            corpus_clear(c);
        }
    }
}
