/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/corpus.h"

/* UDP, echoes, errors about them; crowds; a worm. */

static void ip(struct frame *f, bool six, enum bm_fw_direction d,
               unsigned proto)
{
    if (six) {
        frame_ipv6(f, d,
                   proto == BM_FW_PROTO_ICMP ? BM_FW_PROTO_ICMPV6 : proto);
    } else {
        frame_ipv4(f, d, proto);
    }
}

static void put_udp(struct corpus *c, bool six, enum bm_fw_direction d,
                    unsigned sport, unsigned port)
{
    struct frame f;

    ip(&f, six, d, BM_FW_PROTO_UDP);
    frame_udp(&f, sport, port);
    corpus_frame(c, &f);
}

static void put_echo(struct corpus *c, bool six, enum bm_fw_direction d,
                     bool request, unsigned id, unsigned code)
{
    struct frame f;

    ip(&f, six, d, BM_FW_PROTO_ICMP);
    frame_icmp(&f, six ? (request ? 128 : 129) : (request ? 8 : 0), code, id);
    corpus_frame(c, &f);
}

/* An error of `kind` that quotes `about`, which went the other way. */
static struct frame error(const struct frame *about, unsigned kind)
{
    bool six = frame_is_6(about);
    struct frame f;

    ip(&f, six, about->direction == BM_FW_OUT ? BM_FW_IN : BM_FW_OUT,
       BM_FW_PROTO_ICMP);
    frame_quote(&f, kind, about);
    return f;
}

/* Good ones, and what is wrong with the others. */
static void put_errors(struct corpus *c, const struct frame *about)
{
    bool six = frame_is_6(about);
    size_t quote = six ? 62 : 42; /* where it begins */
    struct frame f;

    for (unsigned kind = 0; kind < 14; kind++) {
        f = error(about, kind);
        corpus_frame(c, &f);
    }
    f = error(about, six ? 1 : 3);
    f.n -= 1; /* fewer than 8 octets behind the quoted header */
    frame_finish(&f);
    corpus_frame(c, &f);
    f = error(about, six ? 1 : 3);
    f.p[quote + (six ? 41 : 21)] ^= 1; /* another port, kind or identifier */
    corpus_frame(c, &f);
    f = error(about, six ? 1 : 3);
    f.p[quote + (six ? 6 : 9)] ^= 1; /* another protocol */
    corpus_frame(c, &f);
    f = error(about, six ? 1 : 3);
    f.p[quote + (six ? 23 : 15)] ^= 1; /* quotes another sender */
    corpus_frame(c, &f);
    if (!six) {
        f = error(about, 3);
        f.p[quote] = 0x46; /* with an option */
        corpus_frame(c, &f);
        f = error(about, 3);
        f.p[quote] = 0x46; /* with an option, and the rest behind it */
        memmove(f.p + quote + 24, f.p + quote + 20, 8);
        (void)frame_append(&f, 4);
        corpus_frame(c, &f);
        f = error(about, 3);
        f.p[quote + 7] = 1; /* a later fragment */
        corpus_frame(c, &f);
    }
}

static void talk(struct corpus *c, bool six, enum bm_fw_direction d)
{
    enum bm_fw_direction back = d == BM_FW_IN ? BM_FW_OUT : BM_FW_IN;
    unsigned service = d == BM_FW_IN ? 5683 : 53;
    struct frame about;

    ip(&about, six, d, BM_FW_PROTO_UDP);
    frame_udp(&about, 3000, service);
    put_errors(c, &about); /* about nothing */
    put_udp(c, six, back, service, 3000);
    put_udp(c, six, d, 3000, service);
    put_udp(c, six, d, 3000, service);
    put_udp(c, six, back, service, 3000);
    put_udp(c, six, back, service, 3001);
    put_udp(c, six, back, 3000, service);
    put_udp(c, six, d, 3000, service);
    put_errors(c, &about);
    for (unsigned code = 0; code < 2; code++) {
        put_echo(c, six, back, false, 9, code);
        put_echo(c, six, d, true, 9, code);
        put_echo(c, six, d, false, 9, code);
        put_echo(c, six, back, false, 9, code);
        put_echo(c, six, back, false, 10, code);
        put_echo(c, six, back, true, 9, code);
        put_echo(c, six, d, false, 9, code);
    }
    ip(&about, six, d, BM_FW_PROTO_ICMP);
    frame_icmp(&about, six ? 128 : 8, 0, 9);
    put_errors(c, &about);
    ip(&about, six, d, BM_FW_PROTO_TCP);
    frame_tcp(&about, 3002, d == BM_FW_IN ? 80 : 443, BM_FW_SYN);
    put_errors(c, &about);
    corpus_frame(c, &about);
    put_errors(c, &about);
}

void corpus_talk(struct corpus *c)
{
    for (unsigned i = 0; i < 4; i++) {
        corpus_clear(c);
        talk(c, i / 2 != 0, i % 2 == 0 ? BM_FW_IN : BM_FW_OUT);
    }
    corpus_clear(c);
}

/* More of everything than any rate, cap or table of these policies takes. */
void corpus_crowd(struct corpus *c)
{
    struct frame f;

    corpus_closed(c, 30); /* more than there are places: some give way */
    for (unsigned i = 0; i < 200; i++) {
        bool six = i % 3 == 0;
        enum bm_fw_direction d = i % 2 == 0 ? BM_FW_IN : BM_FW_OUT;

        ip(&f, six, d, i % 5 == 0 ? BM_FW_PROTO_UDP : BM_FW_PROTO_TCP);
        if (i % 5 == 0) {
            frame_udp(&f, 2000 + i, d == BM_FW_IN ? 5683 : 53);
        } else {
            frame_tcp(&f, 2000 + i, d == BM_FW_IN ? 80 : 443, BM_FW_SYN);
        }
        if (six) {
            frame_peer_6(&f, 2 + corpus_below(c, 12));
        } else {
            frame_peer_4(&f, FRAME_PEER_4 + corpus_below(c, 12));
        }
        corpus_frame(c, &f);
        put_echo(c, six, d, true, i, 0);
    }
    corpus_clear(c);
}

/* As Mirai scans: SYN to 23, one of ten to 2323, numbered by the address. */
void corpus_scan(struct corpus *c, unsigned n)
{
    struct frame f;

    for (unsigned i = 0; i < n; i++) {
        uint32_t peer =
            (1 + corpus_below(c, 223)) << 24 | (corpus_random(c) & 0xffffff);

        frame_ipv4(&f, i % 2 == 0 ? BM_FW_OUT : BM_FW_IN, BM_FW_PROTO_TCP);
        frame_peer_4(&f, peer);
        frame_tcp(&f, 1024 + corpus_below(c, 60000), i % 10 == 0 ? 2323 : 23,
                  BM_FW_SYN);
        memcpy(f.p + 38, f.p + 30, 4);
        frame_16(f.p + 48, corpus_random(c) & 0xffff);
        corpus_frame(c, &f);
    }
    corpus_clear(c);
}
