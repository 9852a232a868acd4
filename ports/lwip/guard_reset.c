/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/lwip/guard_reset.h"

#include <lwip/inet_chksum.h>
#include <string.h>

#include "ports/lwip/net.h"

/* Where things are: a frame of good shape has neither options of IPv4 nor
 * extension headers of IPv6 before TCP (docs/firewall.md, "A frame"). */
#define ETHERNET 14
#define SIZE_4   20
#define SIZE_6   40
#define SIZE_TCP 20

/* What is read of a segment, and in its frame. */
struct segment {
    const uint8_t *ip;
    const uint8_t *tcp;
    bool six;
    uint16_t octets; /* header and data of TCP */
    ip_addr_t from;
    ip_addr_t to;
};

static uint32_t get_16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get_32(const uint8_t *p)
{
    return get_16(p) << 16 | get_16(p + 2);
}

static void put_32(uint8_t *p, uint32_t value)
{
    value = lwip_htonl(value);
    memcpy(p, &value, sizeof value);
}

/* ---- The segment */

static void read_4(struct segment *s)
{
    s->tcp = s->ip + SIZE_4;
    s->octets = (uint16_t)(get_16(s->ip + 2) - SIZE_4);
    IP_ADDR4(&s->from, s->ip[12], s->ip[13], s->ip[14], s->ip[15]);
    IP_ADDR4(&s->to, s->ip[16], s->ip[17], s->ip[18], s->ip[19]);
}

static bool is_between_us_4(const struct segment *s, const struct netif *netif)
{
    const ip4_addr_t *from = ip_2_ip4(&s->from);

    return ip4_addr_eq(ip_2_ip4(&s->to), netif_ip4_addr(netif)) &&
           !ip4_addr_isany(ip_2_ip4(&s->to)) && !ip4_addr_isany(from) &&
           !ip4_addr_ismulticast(from) && !ip4_addr_isbroadcast(from, netif);
}

#if LWIP_IPV6
static void read_6(struct segment *s, struct netif *netif)
{
    ip6_addr_t address;

    (void)netif; /* without zones */
    s->tcp = s->ip + SIZE_6;
    s->octets = (uint16_t)get_16(s->ip + 4);
    memset(&address, 0, sizeof address);
    memcpy(address.addr, s->ip + 8, sizeof address.addr);
    ip6_addr_assign_zone(&address, IP6_UNICAST, netif);
    ip_addr_copy_from_ip6(s->from, address);
    memcpy(address.addr, s->ip + 24, sizeof address.addr);
    ip6_addr_assign_zone(&address, IP6_UNICAST, netif);
    ip_addr_copy_from_ip6(s->to, address);
}

static bool is_between_us_6(const struct segment *s, struct netif *netif)
{
    const ip6_addr_t *from = ip_2_ip6(&s->from);
    int i = netif_get_ip6_addr_match(netif, ip_2_ip6(&s->to));

    return i >= 0 && ip6_addr_isvalid(netif_ip6_addr_state(netif, i)) &&
           !ip6_addr_isany(from) && !ip6_addr_ismulticast(from);
}
#else
static void read_6(struct segment *s, struct netif *netif)
{
    (void)s;
    (void)netif;
}

static bool is_between_us_6(const struct segment *s, struct netif *netif)
{
    (void)s;
    (void)netif;
    return false;
}
#endif

/* Somebody's, to our own address; groups get no answer, at either layer. */
static bool read_segment(struct bm_bytes head, struct netif *netif,
                         struct segment *s)
{
    s->ip = head.p + ETHERNET;
    s->six = head.p[12] == 0x86;
    if (memcmp(head.p, netif->hwaddr, BM_NIC_MAC_SIZE) != 0 ||
        (head.p[BM_NIC_MAC_SIZE] & 1) != 0) {
        return false;
    }
    if (s->six) {
        read_6(s, netif);
        return is_between_us_6(s, netif);
    }
    read_4(s);
    return is_between_us_4(s, netif);
}

/* Its checksum: of a frame of any number of buffers, and it ends where IP says.
 * Takes the frame. */
static bool is_whole(struct pbuf *p, const struct segment *s)
{
    uint16_t sum;

    p = pbuf_free_header(p, (uint16_t)(ETHERNET + (s->six ? SIZE_6 : SIZE_4)));
    if (p == NULL) {
        return false;
    }
    pbuf_realloc(p, s->octets);
    sum = ip_chksum_pseudo(p, BM_FW_PROTO_TCP, s->octets, &s->from, &s->to);
    pbuf_free(p);
    return sum == 0;
}

/* ---- The reset */

/* IP, the other way round. Its addresses are the beginning of what the
 * checksum is of (RFC 9293 3.1). Returns the octets of the header. */
static size_t put_4(uint8_t *out, const struct segment *s, uint8_t *pseudo)
{
    static const uint8_t head[] = { 0x45, 0, 0,  SIZE_4 + SIZE_TCP, 0, 0,
                                    0x40, 0, 64, BM_FW_PROTO_TCP,   0, 0 };
    uint16_t sum;

    memcpy(out, head, sizeof head);
    memcpy(out + 12, s->ip + 16, 4);
    memcpy(out + 16, s->ip + 12, 4);
    sum = inet_chksum(out, SIZE_4);
    memcpy(out + 10, &sum, sizeof sum);
    memcpy(pseudo, out + 12, 8);
    return SIZE_4;
}

static size_t put_6(uint8_t *out, const struct segment *s, uint8_t *pseudo)
{
    static const uint8_t head[] = { 0x60, 0, 0, 0, 0, SIZE_TCP, BM_FW_PROTO_TCP,
                                    64 };

    memcpy(out, head, sizeof head);
    memcpy(out + 8, s->ip + 24, 16);
    memcpy(out + 24, s->ip + 8, 16);
    memcpy(pseudo, out + 8, 32);
    return SIZE_6;
}

/* RFC 9293 3.5.2: what an acknowledgement asks for, else one of all that the
 * segment takes. */
static void put_tcp(uint8_t *out, const struct segment *s)
{
    const uint8_t *in = s->tcp;
    uint8_t flags = in[13];
    uint32_t takes = s->octets - 4u * (in[12] >> 4) +
                     ((flags & BM_FW_SYN) != 0) + ((flags & BM_FW_FIN) != 0);

    memset(out, 0, SIZE_TCP);
    memcpy(out, in + 2, 2);
    memcpy(out + 2, in, 2);
    out[12] = SIZE_TCP / 4 << 4;
    if ((flags & BM_FW_ACK) != 0) {
        memcpy(out + 4, in + 8, 4);
        out[13] = BM_FW_RST;
    } else {
        put_32(out + 8, get_32(in + 4) + takes);
        out[13] = BM_FW_RST | BM_FW_ACK;
    }
}

static void put_reset(struct bm_net_reset *r, struct bm_bytes head,
                      const struct segment *s)
{
    uint8_t summed[32 + 4 + SIZE_TCP] = { 0 };
    size_t addresses = s->six ? 32 : 8;
    uint8_t *at = r->octets;
    uint16_t sum;

    memcpy(at, head.p + BM_NIC_MAC_SIZE, BM_NIC_MAC_SIZE);
    memcpy(at + BM_NIC_MAC_SIZE, head.p, BM_NIC_MAC_SIZE);
    memcpy(at + 12, head.p + 12, 2);
    at += ETHERNET;
    at += s->six ? put_6(at, s, summed) : put_4(at, s, summed);
    put_tcp(at, s);
    /* Of IPv6 the two have four octets each; their sum is the same. */
    summed[addresses + 1] = BM_FW_PROTO_TCP;
    summed[addresses + 3] = SIZE_TCP;
    memcpy(summed + addresses + 4, at, SIZE_TCP);
    sum = inet_chksum(summed, (uint16_t)(addresses + 4 + SIZE_TCP));
    memcpy(at + 16, &sum, sizeof sum);
    r->n = (uint8_t)(at + SIZE_TCP - r->octets);
}

/* ---- The queue */

void lwip_reset_queue(struct bm_net_guard *g, struct bm_bytes head,
                      struct pbuf *p)
{
    struct segment s;

    if (g->queued == BM_NET_RESETS || !read_segment(head, &g->net->netif, &s)) {
        pbuf_free(p);
        g->unsent++;
        return;
    }
    put_reset(&g->queue[g->queued], head, &s);
    if (is_whole(p, &s)) {
        g->queued++;
    } else {
        g->unsent++;
    }
}

static bool send_one(const struct bm_net_guard *g, const struct bm_net_reset *r)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, r->n, PBUF_RAM);
    bool sent;

    if (p == NULL) {
        return false;
    }
    sent = pbuf_take(p, r->octets, r->n) == ERR_OK &&
           g->linkoutput(&g->net->netif, p) == ERR_OK;
    pbuf_free(p);
    return sent;
}

void lwip_reset_send(struct bm_net_guard *g)
{
    for (unsigned i = 0; i < g->queued; i++) {
        if (send_one(g, &g->queue[i])) {
            g->resets++;
        } else {
            g->unsent++;
        }
    }
    g->queued = 0;
}
