/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/packet.h"

#include <string.h>

#include "firewall/octets.h"

#define ETHERNET 14
#define ARP_SIZE 28
#define IPV4     20
#define IPV6     40
#define TCP_SIZE 20
#define UDP_SIZE 8
#define ICMP     8

/* Next headers of IPv6 that are not what the packet is about. */
#define HOP_BY_HOP 0
#define FRAGMENT   44

/* One by one: a call to fill memory costs more than the rest of a frame. */
static void clear(struct bm_fw_packet *p)
{
    p->end = 0;
    p->family = BM_FW_OTHER;
    p->flags = 0;
    p->class_of = BM_FW_CLASS_OTHER;
    p->type = 0;
    p->proto = 0;
    p->port = 0;
    p->subnet = 0;
    p->id = 0;
    p->l4 = 0;
    p->sport = 0;
    p->reserved_2 = 0;
    p->own[0] = p->own[1] = p->own[2] = p->own[3] = 0;
    p->peer[0] = p->peer[1] = p->peer[2] = p->peer[3] = 0;
}

/* Are the `n` octets at `at` in the frame, and in sight? */
static bool has(const struct bm_fw_packet *p, size_t at, size_t n)
{
    return p->head.n >= at + n;
}

static void address_6(uint32_t to[4], const uint8_t *from)
{
    for (unsigned i = 0; i < 4; i++) {
        to[i] = bm_fw_be32(from + 4 * i);
    }
}

static bool in_subnets_4(const struct bm_fw_subnets *s, uint32_t peer)
{
    return s->mask != 0 && (peer & s->mask) == s->address;
}

static bool in_subnets_6(const struct bm_fw_subnets *s, const uint32_t peer[4])
{
    if (peer[0] == 0xfe800000 && peer[1] == 0) {
        return true;
    }
    for (unsigned i = 0; i < s->six_n && i < BM_FW_SUBNETS_6; i++) {
        const uint32_t *a = s->six[i].address;
        const uint32_t *m = s->six[i].mask;

        if ((peer[0] & m[0]) == a[0] && (peer[1] & m[1]) == a[1] &&
            (peer[2] & m[2]) == a[2] && (peer[3] & m[3]) == a[3]) {
            return true;
        }
    }
    return false;
}

static enum bm_fw_reason arp(struct bm_fw_packet *p)
{
    const uint8_t *h = p->head.p + ETHERNET;
    bool in = p->direction == BM_FW_IN;

    p->family = BM_FW_ARP;
    p->class_of = BM_FW_CLASS_ARP;
    /* Ethernet, IPv4, addresses of 6 and 4 octets: RFC 826. */
    if (!has(p, ETHERNET, ARP_SIZE) || bm_fw_be32(h) != 0x00010800 ||
        bm_fw_be16(h + 4) != 0x0604) {
        return BM_FW_MALFORMED;
    }
    p->port = bm_fw_be16(h + 6);
    if (p->port != 1 && p->port != 2) {
        return BM_FW_MALFORMED;
    }
    p->peer[0] = bm_fw_be32(in ? h + 14 : h + 24);
    p->own[0] = bm_fw_be32(in ? h + 24 : h + 14);
    return BM_FW_BY_RULE;
}

/* Each set of SYN, FIN, RST, ACK that is some segment's: a bit of a number. */
#define BIT(flags) (UINT32_C(1) << (flags))
#define SEGMENTS                                                    \
    (BIT(BM_FW_SYN) | BIT(BM_FW_SYN | BM_FW_ACK) | BIT(BM_FW_RST) | \
     BIT(BM_FW_RST | BM_FW_ACK) | BIT(BM_FW_FIN | BM_FW_ACK) | BIT(BM_FW_ACK))
#define URGENT (BIT(BM_FW_SYN) | BIT(BM_FW_FIN | BM_FW_ACK) | BIT(BM_FW_ACK))

/* Where a header of IP says that it ends, and what is in it. */
struct found {
    uint32_t l4;
    uint32_t end;
    uint32_t proto;
    unsigned tcp_class; /* of its version; UDP's and so on follow */
};

/* What is in IP: `left` octets from `h` on, of which `n` are in sight. */
static enum bm_fw_reason tcp(struct bm_fw_packet *p, const uint8_t *h,
                             uint32_t n, uint32_t left)
{
    uint32_t size;
    unsigned flags;

    if (n < TCP_SIZE) {
        return BM_FW_MALFORMED;
    }
    size = (uint32_t)(h[12] >> 4) * 4;
    p->sport = bm_fw_be16(h);
    p->port = bm_fw_be16(h + 2);
    flags = h[13] & (BM_FW_FIN | BM_FW_SYN | BM_FW_RST | BM_FW_ACK);
    if (size < TCP_SIZE || size > left ||
        (((h[13] & BM_FW_URG) != 0 ? URGENT : SEGMENTS) >> flags & 1) == 0) {
        return BM_FW_MALFORMED;
    }
    p->flags =
        h[13] & (BM_FW_FIN | BM_FW_SYN | BM_FW_RST | BM_FW_ACK | BM_FW_URG);
    return BM_FW_BY_RULE;
}

static enum bm_fw_reason udp(struct bm_fw_packet *p, const uint8_t *h,
                             uint32_t n, uint32_t left)
{
    uint32_t size;

    if (n < UDP_SIZE) {
        return BM_FW_MALFORMED;
    }
    size = bm_fw_be16(h + 4);
    if (size - UDP_SIZE > left - UDP_SIZE) { /* below or beyond */
        return BM_FW_MALFORMED;
    }
    p->sport = bm_fw_be16(h);
    p->port = bm_fw_be16(h + 2);
    return BM_FW_BY_RULE;
}

static enum bm_fw_reason icmp(struct bm_fw_packet *p, const uint8_t *h,
                              uint32_t n)
{
    bool request;

    if (n < ICMP) {
        return BM_FW_MALFORMED;
    }
    p->port = bm_fw_be16(h);
    if (bm_fw_packet_is_echo(p, &request)) {
        p->id = bm_fw_be16(h + 4);
    }
    return BM_FW_BY_RULE;
}

BM_FW_INLINE enum bm_fw_reason inside(struct bm_fw_packet *p,
                                      const struct found *found)
{
    const uint8_t *h = p->head.p + found->l4;
    uint32_t left = found->end - found->l4;
    uint32_t n = (uint32_t)p->head.n - found->l4;

    n = n < left ? n : left;
    p->end = found->end;
    p->l4 = (uint16_t)found->l4;
    p->proto = (uint16_t)found->proto;
    if (found->proto == BM_FW_PROTO_UDP) {
        p->class_of = (uint8_t)(found->tcp_class + 1);
        return udp(p, h, n, left);
    }
    if (found->proto == BM_FW_PROTO_TCP) {
        p->class_of = (uint8_t)found->tcp_class;
        return tcp(p, h, n, left);
    }
    if (found->proto == (found->tcp_class == BM_FW_CLASS_TCP_6
                             ? BM_FW_PROTO_ICMPV6
                             : BM_FW_PROTO_ICMP)) {
        p->class_of = (uint8_t)(found->tcp_class + 2);
        return icmp(p, h, n);
    }
    p->class_of = (uint8_t)(found->tcp_class + 3);
    return BM_FW_BY_RULE;
}

/*
 * Is the sum of a header of IPv4 without options right? It is the same in
 * whatever order octets are taken, so words are, and carries at the end.
 */
BM_FW_INLINE bool good_sum(uint32_t first, const uint8_t *h)
{
    uint64_t sum = (uint64_t)first + bm_fw_le32(h + 4) + bm_fw_le32(h + 8) +
                   bm_fw_le32(h + 12) + bm_fw_le32(h + 16);
    uint32_t s = (uint32_t)sum;

    s = (s & 0xffff) + (s >> 16) + (uint32_t)(sum >> 32);
    return (s & 0xffff) + (s >> 16) == 0xffff;
}

/* MF and the offset, in the second word of the header. */
#define FRAGMENT_BITS UINT32_C(0xff3f0000)

static enum bm_fw_reason ipv4(struct bm_fw_packet *p, struct found *found)
{
    const uint8_t *h = p->head.p + ETHERNET;
    uint32_t first;
    uint32_t from;
    uint32_t to;
    uint32_t n;

    p->family = BM_FW_IPV4;
    if (!has(p, ETHERNET, IPV4)) {
        return BM_FW_MALFORMED;
    }
    first = bm_fw_le32(h);
    n = (first >> 16 & 0xff) << 8 | first >> 24;
    /* Version 4, and a header of 5 words: no options. */
    if ((first & 0xff) != 0x45 || n - IPV4 > p->length - (ETHERNET + IPV4) ||
        !good_sum(first, h)) {
        return BM_FW_MALFORMED;
    }
    if ((bm_fw_le32(h + 4) & FRAGMENT_BITS) != 0) {
        return BM_FW_FRAGMENT;
    }
    from = bm_fw_be32(h + 12);
    to = bm_fw_be32(h + 16);
    if (p->direction == BM_FW_IN) {
        p->peer[0] = from;
        p->own[0] = to;
    } else {
        p->peer[0] = to;
        p->own[0] = from;
    }
    found->tcp_class = BM_FW_CLASS_TCP_4;
    found->l4 = ETHERNET + IPV4;
    found->end = ETHERNET + n;
    found->proto = h[9];
    return BM_FW_BY_RULE;
}

/*
 * The headers that may stand between IPv6 and what is in it. The one of 8
 * octets before ICMPv6 is in each report of multicast listeners (RFC 3810 5).
 */
static enum bm_fw_reason next_header(const struct bm_fw_packet *p,
                                     struct found *found)
{
    const uint8_t *h = p->head.p + found->l4;

    switch (found->proto) {
    case FRAGMENT:
        return BM_FW_FRAGMENT;
    case 43:
    case 50:
    case 51:
    case 60:
    case 135:
    case 139:
    case 140:
        return BM_FW_EXTENSION;
    case HOP_BY_HOP:
        if (found->end - found->l4 < 8 || !has(p, found->l4, 8) ||
            h[0] != BM_FW_PROTO_ICMPV6 || h[1] != 0) {
            return BM_FW_EXTENSION;
        }
        found->proto = BM_FW_PROTO_ICMPV6;
        found->l4 += 8;
        return BM_FW_BY_RULE;
    default:
        return BM_FW_BY_RULE;
    }
}

static enum bm_fw_reason ipv6(struct bm_fw_packet *p, struct found *found)
{
    const uint8_t *h = p->head.p + ETHERNET;
    bool in = p->direction == BM_FW_IN;
    uint32_t n;

    p->family = BM_FW_IPV6;
    if (!has(p, ETHERNET, IPV6) || h[0] >> 4 != 6) {
        return BM_FW_MALFORMED;
    }
    n = bm_fw_be16(h + 4);
    if (n > p->length - ETHERNET - IPV6) {
        return BM_FW_MALFORMED;
    }
    found->tcp_class = BM_FW_CLASS_TCP_6;
    found->l4 = ETHERNET + IPV6;
    found->end = ETHERNET + IPV6 + n;
    found->proto = h[6];
    address_6(p->peer, in ? h + 8 : h + 24);
    address_6(p->own, in ? h + 24 : h + 8);
    return next_header(p, found);
}

enum bm_fw_reason bm_fw_packet_read(struct bm_fw_packet *p)
{
    enum bm_fw_reason reason;
    struct found found;

    clear(p);
    if (!has(p, 0, ETHERNET)) {
        return BM_FW_MALFORMED;
    }
    p->type = bm_fw_be16(p->head.p + 12);
    if (p->type == BM_FW_TYPE_IPV4) {
        reason = ipv4(p, &found);
    } else if (p->type == BM_FW_TYPE_IPV6) {
        reason = ipv6(p, &found);
    } else {
        return p->type == BM_FW_TYPE_ARP ? arp(p) : BM_FW_BY_RULE;
    }
    return reason == BM_FW_BY_RULE ? inside(p, &found) : reason;
}

void bm_fw_packet_read_rest(struct bm_fw_packet *p,
                            const struct bm_fw_subnets *subnets)
{
    if (p->direction == BM_FW_IN) {
        p->mac[0] = bm_fw_be16(p->head.p + 6);
        p->mac[1] = bm_fw_be32(p->head.p + 8);
    }
    if (p->family == BM_FW_IPV6) {
        p->subnet = in_subnets_6(subnets, p->peer);
    } else if (p->family != BM_FW_OTHER) {
        p->subnet = in_subnets_4(subnets, p->peer[0]);
    }
}

enum bm_fw_reason bm_fw_packet_parse(struct bm_fw_packet *p,
                                     enum bm_fw_direction direction,
                                     struct bm_bytes head, size_t length,
                                     const struct bm_fw_subnets *subnets)
{
    enum bm_fw_reason reason;

    p->head = bm_fw_look(head, length);
    p->length = (uint32_t)length;
    p->direction = (uint8_t)direction;
    p->mac[0] = p->mac[1] = 0;
    reason = bm_fw_packet_read(p);
    if (reason == BM_FW_BY_RULE) {
        bm_fw_packet_read_rest(p, subnets);
    }
    return reason;
}

bool bm_fw_packet_is_icmp(const struct bm_fw_packet *p)
{
    return p->class_of == BM_FW_CLASS_ICMP_4 ||
           p->class_of == BM_FW_CLASS_ICMP_6;
}

bool bm_fw_packet_is_echo(const struct bm_fw_packet *p, bool *request)
{
    unsigned kind = p->port >> 8;
    bool six = p->family == BM_FW_IPV6;

    *request = kind == (six ? BM_FW_ECHO_REQUEST_6 : BM_FW_ECHO_REQUEST);
    return bm_fw_packet_is_icmp(p) &&
           (*request || kind == (six ? BM_FW_ECHO_REPLY_6 : BM_FW_ECHO_REPLY));
}

/* Is it one of the errors, which quote? */
static bool is_error(const struct bm_fw_packet *p)
{
    unsigned kind = p->port >> 8;

    if (!bm_fw_packet_is_icmp(p)) {
        return false;
    }
    return p->family == BM_FW_IPV6 ? kind >= 1 && kind <= 4
                                   : kind == 3 || kind == 11 || kind == 12;
}

/* The IP header of a quoted packet, which went the other way than `e`. */
static bool quoted_header(const struct bm_fw_packet *e, const uint8_t *h,
                          struct bm_fw_packet *q)
{
    bool out = q->direction == BM_FW_OUT;

    if (e->family == BM_FW_IPV4) {
        if (h[0] != 0x45 || (bm_fw_be16(h + 6) & 0x1fff) != 0) {
            return false;
        }
        q->proto = h[9];
        q->own[0] = bm_fw_be32(out ? h + 12 : h + 16);
        q->peer[0] = bm_fw_be32(out ? h + 16 : h + 12);
        return true;
    }
    q->proto = h[6];
    address_6(q->own, out ? h + 8 : h + 24);
    address_6(q->peer, out ? h + 24 : h + 8);
    return h[0] >> 4 == 6;
}

bool bm_fw_packet_quote(const struct bm_fw_packet *e, struct bm_fw_packet *q)
{
    uint32_t ip = e->family == BM_FW_IPV4 ? IPV4 : IPV6;
    const uint8_t *h;
    bool request;

    clear(q);
    q->head = (struct bm_bytes){ NULL, 0 };
    q->length = 0;
    q->mac[0] = q->mac[1] = 0;
    q->direction = e->direction == BM_FW_IN ? BM_FW_OUT : BM_FW_IN;
    if (!is_error(e) || e->end - e->l4 < ICMP + ip + 8 ||
        !has(e, e->l4, ICMP + ip + 8)) {
        return false;
    }
    q->family = e->family;
    q->type = e->type;
    h = e->head.p + e->l4 + ICMP;
    if (!quoted_header(e, h, q)) {
        return false;
    }
    /* To whom the packet came from: that is its own end if it went out. */
    if (q->direction == BM_FW_OUT
            ? memcmp(q->own, e->own, sizeof q->own) != 0
            : memcmp(q->peer, e->peer, sizeof q->peer) != 0) {
        return false;
    }
    q->port = bm_fw_be16(h + ip);
    if (q->proto == BM_FW_PROTO_TCP || q->proto == BM_FW_PROTO_UDP) {
        q->class_of = (uint8_t)(q->proto == BM_FW_PROTO_TCP ? e->class_of - 2
                                                            : e->class_of - 1);
        q->sport = q->port;
        q->port = bm_fw_be16(h + ip + 2);
    } else if (q->proto == e->proto) {
        q->class_of = e->class_of;
        q->id = bm_fw_packet_is_echo(q, &request) ? bm_fw_be16(h + ip + 4) : 0;
    } else {
        return false;
    }
    return true;
}
