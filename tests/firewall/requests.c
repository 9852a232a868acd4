/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/corpus.h"

/*
 * Connections to services of Modbus, both ways: requests at the borders of what
 * fits, whole, in parts, two at once, damaged, sent again, and with numbers
 * that are not next.
 */

#define ADU_MAX 64

/* Connections that share a table of flows. */
#define TOGETHER 60

struct talk {
    enum bm_fw_direction opener;
    bool six;
    unsigned port; /* the opener's */
    unsigned service;
    uint32_t next;         /* number of what the opener says next */
    uint8_t last[ADU_MAX]; /* request that it has sent, */
    size_t last_n;         /* and how long */
};

static void send(struct corpus *c, const struct talk *t, bool answers,
                 unsigned flags, struct bm_bytes data)
{
    enum bm_fw_direction d =
        (t->opener == BM_FW_IN) != answers ? BM_FW_IN : BM_FW_OUT;
    struct frame f;

    (t->six ? frame_ipv6 : frame_ipv4)(&f, d, BM_FW_PROTO_TCP);
    frame_tcp(&f, answers ? t->service : t->port,
              answers ? t->port : t->service, flags);
    frame_32(f.p + f.n - 16, answers ? 9000 : t->next);
    frame_32(f.p + f.n - 12, answers ? t->next : 9000);
    frame_16(f.p + f.n - 6, 8192);
    if (data.n != 0) {
        memcpy(frame_append(&f, data.n), data.p, data.n);
    }
    corpus_frame(c, &f);
}

static void say(struct corpus *c, const struct talk *t, const uint8_t *p,
                size_t n)
{
    send(c, t, false, BM_FW_ACK, (struct bm_bytes){ p, n });
}

/* ---- Requests */

static unsigned near(struct corpus *c)
{
    static const unsigned borders[] = { 0,   9,   100, 110, 119,
                                        199, 200, 209, 300, 65535 };

    return (borders[corpus_below(c, 10)] + corpus_below(c, 3) - 1) & 0xffff;
}

/* Its header, of so many octets behind it. */
static size_t head(uint8_t *p, size_t n)
{
    frame_16(p + 4, (unsigned)n - 6);
    p[6] = 9;
    return n;
}

static size_t request(struct corpus *c, uint8_t *p)
{
    static const uint8_t functions[] = { 1,  2,  3,  3,  4,  5,    6, 15, 16,
                                         17, 22, 23, 24, 43, 0x83, 7, 0 };
    unsigned count = 1 + corpus_below(c, 4);

    memset(p, 0, ADU_MAX);
    frame_16(p, corpus_below(c, 0x10000));
    p[7] = functions[corpus_below(c, sizeof functions)];
    frame_16(p + 8, near(c));
    frame_16(p + 10, count);
    switch (p[7]) {
    case 15:
    case 16:
        p[12] = (uint8_t)(p[7] == 15 ? 1 : 2 * count);
        return head(p, 13u + p[12]);
    case 22:
        return head(p, 14);
    case 23:
        frame_16(p + 12, near(c));
        frame_16(p + 14, count);
        p[16] = (uint8_t)(2 * count);
        return head(p, 17u + p[16]);
    case 24:
        return head(p, 10);
    case 17:
    case 7:
        return head(p, 8);
    default:
        return head(p, 12);
    }
}

/* A read that fits, as a client would mostly send. */
static size_t plain(uint8_t *p, unsigned service)
{
    memset(p, 0, ADU_MAX);
    p[7] = 3;
    frame_16(p + 8, service == 503 ? 1 : 120);
    frame_16(p + 10, 2);
    return head(p, 12);
}

/* ---- What a client does */

/* Sent, and taken by its stack for sent: what is next is behind it. */
static void sent(struct talk *t, const uint8_t *p, size_t n)
{
    memcpy(t->last, p, n);
    t->last_n = n;
    t->next += (uint32_t)n;
}

static void again(struct corpus *c, struct talk *t, size_t n)
{
    t->next -= (uint32_t)t->last_n;
    say(c, t, t->last, n);
    t->next += (uint32_t)t->last_n;
}

/* With a number that is not next: before, within, behind. */
static void elsewhere(struct corpus *c, struct talk *t, const uint8_t *p,
                      size_t n)
{
    const uint32_t next = t->next;

    t->next += corpus_below(c, 40) - 20;
    say(c, t, p, n);
    t->next = next;
}

/* In two, and then all of it at once, as TCP sends again what was lost. */
static void in_parts(struct corpus *c, struct talk *t, const uint8_t *p,
                     size_t n)
{
    const size_t cut = 1 + corpus_below(c, (uint32_t)n - 1);
    const uint32_t next = t->next;

    say(c, t, p, cut);
    t->next += (uint32_t)cut;
    say(c, t, p + cut, n - cut);
    t->next = next;
    if (corpus_below(c, 2) == 0) {
        say(c, t, p, n);
        sent(t, p, n);
    }
}

static void damaged(struct corpus *c, struct talk *t, uint8_t *p, size_t n)
{
    p[2 + corpus_below(c, (uint32_t)n - 2)] ^=
        (uint8_t)(1u << corpus_below(c, 8));
    say(c, t, p, n - corpus_below(c, 2));
}

static void do_something(struct corpus *c, struct talk *t)
{
    uint8_t p[2 * ADU_MAX];
    size_t n = corpus_below(c, 3) == 0 ? request(c, p) : plain(p, t->service);

    switch (corpus_below(c, 16)) {
    case 0:
        again(c, t, t->last_n);
        break;
    case 1: /* shorter than it was, or another */
        again(c, t, corpus_below(c, 20));
        break;
    case 2:
        elsewhere(c, t, p, n);
        break;
    case 3:
        in_parts(c, t, p, n);
        break;
    case 4: /* the second one whole, or not */
        memcpy(p + n, t->last, sizeof t->last);
        say(c, t, p, n + 1 + corpus_below(c, ADU_MAX - 1));
        break;
    case 5:
        damaged(c, t, p, n);
        break;
    case 6:
        send(c, t, false, BM_FW_ACK | BM_FW_URG, (struct bm_bytes){ p, n });
        break;
    case 7: /* what an answerer says is not looked at */
        send(c, t, true, BM_FW_ACK, (struct bm_bytes){ p, n });
        break;
    case 8:
        send(c, t, false, BM_FW_ACK, (struct bm_bytes){ NULL, 0 });
        break;
    case 9: /* once more a SYN, of the same number or of another */
        p[0] = (uint8_t)corpus_below(c, 3);
        t->next -= p[0];
        send(c, t, false, BM_FW_SYN, (struct bm_bytes){ NULL, 0 });
        t->next += p[0];
        break;
    default:
        say(c, t, p, n);
        sent(t, p, n);
    }
}

static void open_it(struct corpus *c, struct talk *t)
{
    const struct bm_bytes none = { NULL, 0 };
    uint8_t p[ADU_MAX];

    if (corpus_below(c, 6) == 0) { /* data where none belongs */
        send(c, t, false, BM_FW_SYN,
             (struct bm_bytes){ p, plain(p, t->service) });
    }
    send(c, t, false, BM_FW_SYN, none);
    t->next++;
    if (corpus_below(c, 6) == 0) { /* to another SYN */
        t->next += 5;
        send(c, t, true, BM_FW_SYN | BM_FW_ACK, none);
        t->next -= 5;
    }
    send(c, t, true, BM_FW_SYN | BM_FW_ACK, none);
    send(c, t, false, BM_FW_ACK, none);
}

/* To the end, or not: then it is open when the port is used again. */
static void close_it(struct corpus *c, struct talk *t)
{
    const struct bm_bytes none = { NULL, 0 };

    switch (corpus_below(c, 3)) {
    case 0:
        send(c, t, false, BM_FW_FIN | BM_FW_ACK, none);
        send(c, t, true, BM_FW_FIN | BM_FW_ACK, none);
        send(c, t, false, BM_FW_ACK, none);
        break;
    case 1:
        send(c, t, corpus_below(c, 2) == 0, BM_FW_RST, none);
        break;
    default:
        break;
    }
    do_something(c, t);
    /* Of no flow, even if there is one: some rule decides. What it answers is
     * the end of what conntrack knows of it. */
    if (corpus_below(c, 3) == 0) {
        send(c, t, true, BM_FW_SYN, none);
    }
}

void corpus_requests(struct corpus *c, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct talk t = { .opener = i % 3 == 2 ? BM_FW_OUT : BM_FW_IN,
                          .six = i % 4 == 3,
                          .port = 2000 + i % TOGETHER,
                          .service = i % 3 == 1 ? 503 : 502,
                          .next = corpus_random(c) };

        if (i % TOGETHER == 0) {
            corpus_clear(c);
        }
        t.last_n = plain(t.last, t.service);
        open_it(c, &t);
        for (unsigned k = 0; k < 12; k++) {
            do_something(c, &t);
        }
        close_it(c, &t);
    }
    corpus_clear(c);
}
