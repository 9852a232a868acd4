/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/corpus.h"

/*
 * Every shape of docs/firewall.md, good and bad, of frames that rules without
 * flows let through: so nothing but the shape decides. The policy lets TCP from
 * port 443 in and to port 444 out, UDP likewise 5683 and 5684.
 */

static void ip(struct frame *f, bool six, enum bm_fw_direction d,
               unsigned proto)
{
    if (six) {
        frame_ipv6(f, d, proto);
        frame_32(f->p + (d == BM_FW_IN ? 22 : 38), 0x20010db9);
    } else {
        frame_ipv4(f, d, proto);
        frame_peer_4(f, 0xc0000209);
    }
}

static struct frame tcp(bool six, enum bm_fw_direction d, unsigned flags)
{
    struct frame f;

    ip(&f, six, d, BM_FW_PROTO_TCP);
    if (d == BM_FW_IN) {
        frame_tcp(&f, 443, 7000, flags);
    } else {
        frame_tcp(&f, 7000, 444, flags);
    }
    return f;
}

static struct frame udp(bool six, enum bm_fw_direction d)
{
    struct frame f;

    ip(&f, six, d, BM_FW_PROTO_UDP);
    frame_udp(&f, 7000, d == BM_FW_IN ? 5683 : 5684);
    return f;
}

static void put_tcp(struct corpus *c, bool six, enum bm_fw_direction d)
{
    struct frame f;

    for (unsigned flags = 0; flags < 256; flags++) {
        f = tcp(six, d, flags);
        corpus_frame(c, &f);
    }
    for (unsigned words = 0; words < 16; words++) {
        for (unsigned more = 0; more < 48; more += more % 4 == 0 ? 3 : 1) {
            f = tcp(six, d, BM_FW_ACK);
            f.p[f.n - 8] = (uint8_t)(words << 4);
            (void)frame_append(&f, more);
            corpus_frame(c, &f);
        }
    }
    for (unsigned less = 1; less < 20; less++) {
        f = tcp(six, d, BM_FW_ACK);
        f.n -= less;
        frame_finish(&f);
        corpus_frame(c, &f);
    }
}

static void put_udp(struct corpus *c, bool six, enum bm_fw_direction d)
{
    struct frame f;

    for (unsigned more = 0; more < 12; more += 3) {
        for (unsigned length = 0; length < 24; length++) {
            f = udp(six, d);
            frame_16(f.p + f.n - 4, length);
            (void)frame_append(&f, more);
            corpus_frame(c, &f);
        }
    }
    for (unsigned less = 1; less <= 8; less++) {
        f = udp(six, d);
        f.n -= less;
        frame_finish(&f);
        corpus_frame(c, &f);
    }
}

static void put_fragments(struct corpus *c, enum bm_fw_direction d)
{
    for (unsigned bit = 0; bit < 16; bit++) {
        struct frame f =
            bit % 2 == 0 ? tcp(false, d, BM_FW_ACK) : udp(false, d);

        frame_16(f.p + 20, 1u << bit);
        frame_checksum(&f);
        corpus_frame(c, &f);
    }
}

/* Each number as the first header, before 8 octets and TCP. */
static void put_headers(struct corpus *c, enum bm_fw_direction d)
{
    static const uint8_t fragment[8] = { BM_FW_PROTO_TCP, 0, 0, 0, 0, 0, 0, 1 };

    for (unsigned proto = 0; proto < 256; proto++) {
        struct frame f;

        ip(&f, true, d, proto);
        memcpy(frame_append(&f, 8), fragment, sizeof fragment);
        frame_tcp(&f, d == BM_FW_IN ? 443 : 7000, d == BM_FW_IN ? 7000 : 444,
                  BM_FW_ACK);
        corpus_frame(c, &f);
    }
}

/* Of what comes in the header of IP, too; a stack makes none that is wrong. */
static void put_ip_header(struct corpus *c)
{
    for (unsigned i = 0; i < 256; i++) {
        struct frame f = tcp(false, BM_FW_IN, BM_FW_ACK);

        f.p[14] = (uint8_t)i;
        frame_checksum(&f);
        corpus_frame(c, &f);
        f = tcp(true, BM_FW_IN, BM_FW_ACK);
        f.p[14] = (uint8_t)i;
        corpus_frame(c, &f);
    }
    for (unsigned length = 0; length < 60; length++) {
        struct frame f = tcp(false, BM_FW_IN, BM_FW_ACK);

        frame_16(f.p + 16, length);
        frame_checksum(&f);
        corpus_frame(c, &f);
        f = tcp(true, BM_FW_IN, BM_FW_ACK);
        frame_16(f.p + 18, length);
        corpus_frame(c, &f);
    }
    for (unsigned bit = 0; bit < 16; bit++) {
        struct frame f = tcp(false, BM_FW_IN, BM_FW_ACK);

        f.p[24 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        corpus_frame(c, &f); /* a wrong checksum */
    }
}

static void put_arp(struct corpus *c, enum bm_fw_direction d)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        struct frame f;

        frame_arp(&f, d, 1);
        f.p[14 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        corpus_frame(c, &f);
    }
    for (unsigned n = 14; n < 50; n++) {
        struct frame f;

        frame_arp(&f, d, 2);
        f.n = n;
        corpus_frame(c, &f);
    }
}

void corpus_shapes(struct corpus *c)
{
    for (unsigned i = 0; i < 4; i++) {
        enum bm_fw_direction d = i % 2 == 0 ? BM_FW_IN : BM_FW_OUT;

        corpus_clear(c);
        put_tcp(c, i / 2 != 0, d);
        put_udp(c, i / 2 != 0, d);
    }
    for (unsigned i = 0; i < 2; i++) {
        enum bm_fw_direction d = i % 2 == 0 ? BM_FW_IN : BM_FW_OUT;

        corpus_clear(c);
        put_fragments(c, d);
        put_headers(c, d);
        put_arp(c, d);
    }
    put_ip_header(c);
    corpus_clear(c);
}
