/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/corpus.h"

/* Frames that are damaged, cut, filled up, or made at random. */

#define TOGETHER 200

static unsigned some_port(struct corpus *c)
{
    static const unsigned ports[] = { 22,  23,  53,  67,  68,   80,   123,
                                      443, 502, 546, 547, 5683, 8000, 8010 };

    return corpus_below(c, 2) == 0
               ? ports[corpus_below(c, sizeof ports / sizeof *ports)]
               : corpus_below(c, 65536);
}

static void some_inside(struct corpus *c, struct frame *f, bool six)
{
    switch (f->p[six ? 20 : 23]) {
    case BM_FW_PROTO_TCP:
        frame_tcp(f, some_port(c), some_port(c),
                  corpus_below(c, 2) == 0 ? BM_FW_SYN : corpus_below(c, 256));
        break;
    case BM_FW_PROTO_UDP:
        frame_udp(f, some_port(c), some_port(c));
        break;
    default:
        frame_icmp(f, corpus_below(c, 3) == 0 ? 8 : corpus_below(c, 256),
                   corpus_below(c, 3), corpus_below(c, 65536));
    }
}

static struct frame some_frame(struct corpus *c)
{
    static const uint8_t protos[] = { 6, 6, 6, 17, 17, 1, 58, 47, 132 };
    unsigned proto = protos[corpus_below(c, sizeof protos)];
    enum bm_fw_direction d = corpus_below(c, 3) == 0 ? BM_FW_OUT : BM_FW_IN;
    unsigned what = corpus_below(c, 10);
    struct frame f;

    if (what == 0) {
        frame_arp(&f, d, corpus_below(c, 4));
        frame_32(f.p + 28, FRAME_PEER_4 + corpus_below(c, 300));
        return f;
    }
    if (what == 1) {
        frame_ethernet(&f, d, corpus_below(c, 65536));
        f.n = 14 + corpus_below(c, 60);
        return f;
    }
    if (what < 7) {
        frame_ipv4(&f, d, proto);
        frame_peer_4(&f, FRAME_PEER_4 + (corpus_below(c, 4) == 0
                                             ? corpus_random(c)
                                             : corpus_below(c, 200)));
    } else {
        frame_ipv6(&f, d, proto);
        frame_peer_6(&f, corpus_random(c));
    }
    some_inside(c, &f, what >= 7);
    frame_append(&f, corpus_below(c, 120));
    return f;
}

/* A listener report's way of hop-by-hop options, whole or not. */
static struct frame options_6(struct corpus *c, enum bm_fw_direction d)
{
    static const uint8_t alert[8] = { 58, 0, 5, 2, 0, 0, 1, 0 };
    struct frame f;

    frame_ipv6(&f, d, 0);
    memcpy(frame_append(&f, 8), alert, sizeof alert);
    frame_icmp(&f, corpus_below(c, 2) == 0 ? 143 : 131, 0, 0);
    if (corpus_below(c, 4) == 0) {
        f.p[54] = (uint8_t)corpus_below(c, 256); /* before something else */
    }
    if (corpus_below(c, 4) == 0) {
        f.n -= corpus_below(c, 16);
        frame_finish(&f);
    }
    return f;
}

/* Does the kernel itself look for what it knows in what was damaged? */
static bool spoils_options(const struct frame *f)
{
    return f->n > 54 && frame_is_6(f) && f->p[20] == 0;
}

static void damage(struct corpus *c, struct frame *f)
{
    size_t first = f->direction == BM_FW_OUT ? 34 : 12;
    unsigned n = 1 + corpus_below(c, 3);

    for (unsigned i = 0; i < n && f->n > first; i++) {
        size_t at = first + corpus_below(c, (uint32_t)(f->n - first));

        f->p[at] ^= (uint8_t)(1u << corpus_below(c, 8));
    }
    if (f->p[12] == 8 && f->p[13] == 0 && f->n >= 34 &&
        corpus_below(c, 3) != 0) {
        frame_checksum(f); /* or else most are dropped for that */
    }
}

static void cut_or_fill(struct corpus *c, struct frame *f)
{
    size_t n = corpus_below(c, (uint32_t)f->n + 20);

    if (f->direction == BM_FW_IN && n <= FRAME_MAX) {
        f->n = n; /* zeros, as padding is */
    }
}

void corpus_noise(struct corpus *c, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct frame f =
            corpus_below(c, 20) == 0
                ? options_6(c, corpus_below(c, 2) == 0 ? BM_FW_IN : BM_FW_OUT)
                : some_frame(c);
        unsigned what = corpus_below(c, 4);

        if (what == 0 && !spoils_options(&f)) {
            damage(c, &f);
        } else if (what == 1) {
            cut_or_fill(c, &f);
        }
        if (c->since >= TOGETHER) {
            corpus_clear(c);
        }
        if (what != 0 || !spoils_options(&f)) {
            corpus_frame(c, &f);
        }
    }
    corpus_clear(c);
}
