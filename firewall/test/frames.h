/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_TEST_FRAMES_H
#define BM_FIREWALL_TEST_FRAMES_H

/*
 * Frames for tests, made as a stack would: begin with the Ethernet type or
 * with IP, then what is inside; lengths and checksums follow. The device is
 * 10.0.0.1 and 2001:db8::1, its peer 10.0.0.2 and 2001:db8::2, unless a test
 * says otherwise before what is inside is put.
 */
#include <string.h>

#include "firewall/packet.h"

#define FRAME_MAX    256
#define FRAME_OWN_4  UINT32_C(0x0a000001)
#define FRAME_PEER_4 UINT32_C(0x0a000002)

struct frame {
    enum bm_fw_direction direction;
    size_t n;
    uint8_t p[FRAME_MAX];
};

static inline struct bm_bytes frame_bytes(const struct frame *f)
{
    return (struct bm_bytes){ f->p, f->n };
}

static inline void frame_16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void frame_32(uint8_t *p, uint32_t value)
{
    frame_16(p, value >> 16);
    frame_16(p + 2, value & 0xffff);
}

static inline bool frame_is_6(const struct frame *f)
{
    return f->p[12] == 0x86;
}

static inline void frame_ethernet(struct frame *f, enum bm_fw_direction d,
                                  unsigned type)
{
    static const uint8_t own[6] = { 2, 0, 0x5e, 0, 0, 1 };
    static const uint8_t peer[6] = { 2, 0, 0x5e, 0, 0, 2 };

    memset(f, 0, sizeof *f);
    f->direction = d;
    f->n = 14;
    memcpy(f->p, d == BM_FW_IN ? own : peer, 6);
    memcpy(f->p + 6, d == BM_FW_IN ? peer : own, 6);
    frame_16(f->p + 12, type);
}

static inline void frame_checksum(struct frame *f)
{
    uint8_t *h = f->p + 14;
    uint32_t sum = 0;

    frame_16(h + 10, 0);
    for (unsigned i = 0; i < 20; i += 2) {
        sum += (uint32_t)h[i] << 8 | h[i + 1];
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    frame_16(h + 10, ~sum & 0xffff);
}

/* Length and checksum of IP, after anything was changed in it. */
static inline void frame_finish(struct frame *f)
{
    if (frame_is_6(f)) {
        frame_16(f->p + 18, (unsigned)f->n - 54);
    } else {
        frame_16(f->p + 16, (unsigned)f->n - 14);
        frame_checksum(f);
    }
}

/* The addresses of IPv4. */
static inline void frame_peer_4(struct frame *f, uint32_t peer)
{
    frame_32(f->p + (f->direction == BM_FW_IN ? 26 : 30), peer);
    frame_finish(f);
}

static inline void frame_ipv4(struct frame *f, enum bm_fw_direction d,
                              unsigned proto)
{
    frame_ethernet(f, d, BM_FW_TYPE_IPV4);
    f->n = 34;
    f->p[14] = 0x45;
    f->p[22] = 64;
    f->p[23] = (uint8_t)proto;
    frame_32(f->p + (d == BM_FW_IN ? 30 : 26), FRAME_OWN_4);
    frame_peer_4(f, FRAME_PEER_4);
}

/* The last number of the peer's address in IPv6. */
static inline void frame_peer_6(struct frame *f, uint32_t last)
{
    frame_32(f->p + (f->direction == BM_FW_IN ? 34 : 50), last);
}

static inline void frame_ipv6(struct frame *f, enum bm_fw_direction d,
                              unsigned proto)
{
    frame_ethernet(f, d, BM_FW_TYPE_IPV6);
    f->n = 54;
    f->p[14] = 0x60;
    f->p[20] = (uint8_t)proto;
    f->p[21] = 64;
    frame_32(f->p + 22, 0x20010db8);
    frame_32(f->p + 38, 0x20010db8);
    frame_32(f->p + (d == BM_FW_IN ? 50 : 34), 1);
    frame_peer_6(f, 2);
}

/* Append `n` octets that are zero, and return where they are. */
static inline uint8_t *frame_append(struct frame *f, size_t n)
{
    uint8_t *at = f->p + f->n;

    f->n += n;
    frame_finish(f);
    return at;
}

static inline void frame_tcp(struct frame *f, unsigned sport, unsigned port,
                             unsigned flags)
{
    uint8_t *h = frame_append(f, 20);

    frame_16(h, sport);
    frame_16(h + 2, port);
    h[12] = 0x50;
    h[13] = (uint8_t)flags;
}

static inline void frame_udp(struct frame *f, unsigned sport, unsigned port)
{
    uint8_t *h = frame_append(f, 8);

    frame_16(h, sport);
    frame_16(h + 2, port);
    frame_16(h + 4, 8);
}

static inline void frame_icmp(struct frame *f, unsigned kind, unsigned code,
                              unsigned id)
{
    uint8_t *h = frame_append(f, 8);

    h[0] = (uint8_t)kind;
    h[1] = (uint8_t)code;
    frame_16(h + 4, id);
}

/* Append an ICMP error that quotes the first octets of what is in `about`. */
static inline void frame_quote(struct frame *f, unsigned kind,
                               const struct frame *about)
{
    size_t n = (frame_is_6(about) ? 40 : 20) + 8;

    frame_icmp(f, kind, 0, 0);
    memcpy(frame_append(f, n), about->p + 14, n);
}

static inline void frame_arp(struct frame *f, enum bm_fw_direction d,
                             unsigned operation)
{
    uint8_t *h = f->p + 14;

    frame_ethernet(f, d, BM_FW_TYPE_ARP);
    f->n = 42;
    frame_32(h, 0x00010800);
    frame_16(h + 4, 0x0604);
    frame_16(h + 6, operation);
    frame_32(h + 14, d == BM_FW_IN ? FRAME_PEER_4 : FRAME_OWN_4);
    frame_32(h + 24, d == BM_FW_IN ? FRAME_OWN_4 : FRAME_PEER_4);
}

#endif
