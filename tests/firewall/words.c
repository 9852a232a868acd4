/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/corpus.h"

/* Sequences of TCP: words of ten letters, five of each side. */

#define LETTERS 10
#define WORD    12

enum letter {
    SYN,
    SYN_ACK,
    FIN,
    ACK,
    RST,
    ANSWERER /* and on: the same from the other side */
};

/* Words that share a table of flows. */
#define TOGETHER 100

static const uint8_t flags[] = { BM_FW_SYN, BM_FW_SYN | BM_FW_ACK,
                                 BM_FW_FIN | BM_FW_ACK, BM_FW_ACK, BM_FW_RST };

/* Whose words: the opener's direction, and the family. */
struct talk {
    enum bm_fw_direction opener;
    bool six;
    unsigned port; /* the opener's */
    enum words_numbers numbers;
};

static void segment(struct corpus *c, const struct talk *t, unsigned letter)
{
    bool answers = letter >= ANSWERER;
    enum bm_fw_direction d =
        (t->opener == BM_FW_IN) != answers ? BM_FW_IN : BM_FW_OUT;
    unsigned service = t->opener == BM_FW_IN ? 80 : 443;
    struct frame f;

    (t->six ? frame_ipv6 : frame_ipv4)(&f, d, BM_FW_PROTO_TCP);
    frame_tcp(&f, answers ? service : t->port, answers ? t->port : service,
              flags[letter % ANSWERER]);
    if (t->numbers == WORDS_RANDOM) {
        frame_32(f.p + f.n - 16, corpus_random(c));
        frame_32(f.p + f.n - 12, corpus_random(c));
    } else {
        frame_32(f.p + f.n - 16, (answers ? 9000 : 1000) + corpus_below(c, 3));
        frame_32(f.p + f.n - 12, (answers ? 1000 : 9000) + corpus_below(c, 3));
        frame_16(f.p + f.n - 6, 8192);
    }
    corpus_frame(c, &f);
}

/*
 * After a SYN of the answerer, which is of no flow here, conntrack takes the
 * opener's SYN+ACK for the other half of a simultaneous open, and what it makes
 * of the rest it keeps to itself.
 */
static bool leaves_the_page(bool *met, unsigned letter)
{
    *met = *met || letter == ANSWERER + SYN;
    return *met && letter == SYN_ACK;
}

static void word(struct corpus *c, const struct talk *t, const unsigned *w,
                 unsigned n)
{
    bool met = false;

    for (unsigned i = 0; i < n && !leaves_the_page(&met, w[i]); i++) {
        segment(c, t, w[i]);
    }
}

static void next(struct corpus *c, struct talk *t)
{
    if (++t->port % TOGETHER == 0) {
        corpus_clear(c);
    }
    if (t->port == 60000) {
        t->port = 1024;
    }
}

/* After a first SYN alone, or after all that opens a connection. */
static void all_words(struct corpus *c, struct talk *t, bool open,
                      unsigned depth)
{
    unsigned w[WORD] = { SYN, ANSWERER + SYN_ACK, ACK };
    unsigned before = open ? 3 : 1;
    unsigned n = 1;

    for (unsigned i = 0; i < depth; i++) {
        n *= LETTERS;
    }
    for (unsigned k = 0; k < n; k++) {
        unsigned left = k;

        for (unsigned i = depth; i > 0; i--) {
            w[before + i - 1] = left % LETTERS;
            left /= LETTERS;
        }
        word(c, t, w, before + depth);
        next(c, t);
    }
}

/*
 * Without SYNs of the answerer: conntrack refuses them where the page has no
 * flow any more, once it has missed an end.
 */
static void walks(struct corpus *c, struct talk *t, unsigned n)
{
    unsigned w[WORD] = { SYN };

    for (unsigned k = 0; k < n; k++) {
        for (unsigned i = 1; i < WORD; i++) {
            w[i] = corpus_below(c, LETTERS - 1);
            w[i] += w[i] >= ANSWERER + SYN;
        }
        word(c, t, w, WORD);
        next(c, t);
    }
}

void corpus_tcp(struct corpus *c, enum words_numbers numbers, unsigned depth,
                unsigned walk_n)
{
    for (unsigned i = 0; i < 4; i++) {
        struct talk t = { i % 2 == 0 ? BM_FW_IN : BM_FW_OUT, i / 2 != 0, 1024,
                          numbers };

        corpus_clear(c);
        all_words(c, &t, false, depth);
        if (numbers == WORDS_NEAR) {
            all_words(c, &t, true, depth);
        }
        walks(c, &t, walk_n);
    }
    corpus_clear(c);
}

/* ---- Time */

static const struct {
    enum policy_timeout state;
    unsigned n;
    unsigned way[6];
} ways[] = {
    { POLICY_ASKED, 1, { SYN } },
    { POLICY_ANSWERED, 2, { SYN, ANSWERER + SYN_ACK } },
    { POLICY_OPEN, 3, { SYN, ANSWERER + SYN_ACK, ACK } },
    { POLICY_ONE, 4, { SYN, ANSWERER + SYN_ACK, ACK, FIN } },
    { POLICY_HALF, 5, { SYN, ANSWERER + SYN_ACK, ACK, FIN, ANSWERER + ACK } },
    { POLICY_TWO, 5, { SYN, ANSWERER + SYN_ACK, ACK, FIN, ANSWERER + FIN } },
    { POLICY_DONE,
      6,
      { SYN, ANSWERER + SYN_ACK, ACK, FIN, ANSWERER + FIN, ACK } },
};

/* Of grace: the kernel's clock runs meanwhile, on a busy machine for long. */
static uint32_t less(uint32_t seconds)
{
    return seconds - seconds / 4;
}

/* Get into a state; half of its time later a SYN is taken, and gives none. */
static void enter(struct corpus *c, const struct talk *t, unsigned way,
                  uint32_t seconds)
{
    for (unsigned i = 0; i < ways[way].n; i++) {
        segment(c, t, ways[way].way[i]);
    }
    corpus_wait(c, seconds / 2);
    if (ways[way].state != POLICY_TWO && ways[way].state != POLICY_DONE) {
        segment(c, t, SYN);
    }
}

static void tcp_time(struct corpus *c, const struct talk *t, unsigned way,
                     uint32_t seconds)
{
    enter(c, t, way, seconds);
    corpus_wait(c, less(seconds) - seconds / 2);
    segment(c, t, ANSWERER + ACK);
    corpus_clear(c);
    enter(c, t, way, seconds);
    corpus_wait(c, seconds - seconds / 2 + 1);
    segment(c, t, ANSWERER + ACK);
    segment(c, t, ACK);
    corpus_clear(c);
}

static void other(struct corpus *c, bool six, bool echo, bool answer)
{
    enum bm_fw_direction d = answer ? BM_FW_IN : BM_FW_OUT;
    unsigned icmp = six ? BM_FW_PROTO_ICMPV6 : BM_FW_PROTO_ICMP;
    struct frame f;

    (six ? frame_ipv6 : frame_ipv4)(&f, d, echo ? icmp : BM_FW_PROTO_UDP);
    if (echo) {
        frame_icmp(&f, answer ? (six ? 129 : 0) : (six ? 128 : 8), 0, 77);
    } else {
        frame_udp(&f, answer ? 53 : 4000, answer ? 4000 : 53);
    }
    corpus_frame(c, &f);
}

static void other_time(struct corpus *c, bool six, bool echo, uint32_t seconds)
{
    for (unsigned i = 0; i < 2; i++) {
        other(c, six, echo, false);
        corpus_wait(c, less(seconds));
        other(c, six, echo, true);
        corpus_wait(c, less(seconds)); /* from the answer on */
        other(c, six, echo, true);
        corpus_wait(c, seconds + 1);
        other(c, six, echo, true);
        corpus_clear(c);
    }
}

void corpus_times(struct corpus *c, const struct policy *policy)
{
    for (unsigned i = 0; i < 4; i++) {
        struct talk t = { i % 2 == 0 ? BM_FW_IN : BM_FW_OUT, i / 2 != 0, 1024,
                          WORDS_NEAR };

        for (unsigned way = 0; way < sizeof ways / sizeof *ways; way++) {
            t.port++;
            tcp_time(c, &t, way, policy->timeouts[ways[way].state]);
        }
        other_time(c, i / 2 != 0, i % 2 != 0,
                   policy->timeouts[i % 2 != 0 ? POLICY_ICMP : POLICY_UDP]);
    }
}
