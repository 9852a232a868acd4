/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A network over an interface that is two arrays. There is one in a program
 * (net.h), so tests follow each other over the same one, and each begins with
 * a table of its own.
 */
#include "ports/lwip/guard.h"

#include <lwip/inet_chksum.h>
#include <lwip/ip.h>
#include <lwip/nd6.h>
#include <lwip/tcp.h>
#include <lwip/udp.h>

#include "firewall/test/frames.h"
#include "firewall/test/tables.h"
#include "ports/lwip/net.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

#define SENT_MAX 16

static struct {
    struct frame waiting[24]; /* to be taken */
    size_t waiting_n;
    size_t taken;
    struct frame sent[SENT_MAX];
    size_t sent_n;
} wire;

static struct bm_net net;
static struct bm_net_guard guard;
static struct table_maker maker;
static uint32_t room[1024];
static uint32_t now = 1000;
static struct frame frame;

/* ---- The interface */

static bool link_is_up(void *self)
{
    (void)self;
    return true;
}

static size_t next(void *self)
{
    (void)self;
    return wire.taken < wire.waiting_n ? wire.waiting[wire.taken].n : 0;
}

static void take(void *self, const struct bm_nic_room *parts, size_t n)
{
    const struct frame *f = &wire.waiting[wire.taken++];
    size_t at = 0;

    (void)self;
    for (size_t i = 0; i < n && at < f->n; i++) {
        size_t some = f->n - at < parts[i].n ? f->n - at : parts[i].n;

        memcpy(parts[i].p, f->p + at, some);
        at += some;
    }
}

static bm_status send(void *self, const struct bm_bytes *parts, size_t n)
{
    struct frame *f = &wire.sent[wire.sent_n];

    (void)self;
    if (wire.sent_n == SENT_MAX) {
        return BM_E_NIC_BUSY;
    }
    f->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (f->n + parts[i].n > FRAME_MAX) {
            return BM_E_LIMIT;
        }
        memcpy(f->p + f->n, parts[i].p, parts[i].n);
        f->n += parts[i].n;
    }
    wire.sent_n++;
    return BM_OK;
}

static const struct bm_nic nic = {
    .mac = { 2, 0, 0x5e, 0, 0, 1 },
    .link = link_is_up,
    .next = next,
    .take = take,
    .send = send,
};

static uint32_t ms(void)
{
    return now;
}

/* ---- A policy, and frames */

enum {
    WEB,    /* in, TCP 80: flows */
    TELNET, /* in, TCP 23: reset */
    OURS,   /* out, UDP 53: flows */
    ARPS,
};

static void policy(void)
{
    table_begin(&maker);
    (void)table_rule(&maker, "web", BM_FW_ALLOW, BM_FW_FLOWS);
    (void)table_rule(&maker, "telnet", BM_FW_RESET, 0);
    (void)table_rule(&maker, "ours", BM_FW_ALLOW, BM_FW_FLOWS);
    (void)table_rule(&maker, "arps", BM_FW_ALLOW, 0);
    table_service(&maker, BM_FW_IN, BM_FW_PROTO_TCP, 23, TELNET);
    table_service(&maker, BM_FW_IN, BM_FW_PROTO_TCP, 80, WEB);
    table_service(&maker, BM_FW_OUT, BM_FW_PROTO_UDP, 53, OURS);
    maker.arp[BM_FW_IN] = BM_FW_TARGET_RULE + ARPS;
    maker.arp[BM_FW_OUT] = BM_FW_TARGET_RULE + ARPS;
}

static void quiet(void)
{
    struct bm_fw_event event;

    memset(&wire, 0, sizeof wire);
    memset(guard.fw.reasons, 0, sizeof guard.fw.reasons);
    guard.resets = 0;
    guard.unsent = 0;
    while (bm_fw_take_event(&guard.fw, &event)) {
        continue;
    }
}

static void begin(void)
{
    policy();
    CHECK_STATUS(bm_fw_load(&guard.fw, table_end(&maker), room, sizeof room),
                 BM_OK);
    quiet();
}

static uint16_t tcp_sum(const struct frame *f)
{
    size_t at = frame_is_6(f) ? 22 : 26;
    size_t addresses = frame_is_6(f) ? 32 : 8;
    size_t n = f->n - at - addresses;
    uint8_t summed[FRAME_MAX + 4] = { 0 };

    memcpy(summed, f->p + at, addresses);
    summed[addresses + 1] = BM_FW_PROTO_TCP;
    summed[addresses + 3] = (uint8_t)n;
    memcpy(summed + addresses + 4, f->p + at + addresses, n);
    return inet_chksum(summed, (uint16_t)(addresses + 4 + n));
}

/* `octets` behind the header; the checksum is good. */
static void tcp(bool six, unsigned port, unsigned flags, size_t octets)
{
    uint8_t *h;
    uint16_t sum;

    if (six) {
        frame_ipv6(&frame, BM_FW_IN, BM_FW_PROTO_TCP);
    } else {
        frame_ipv4(&frame, BM_FW_IN, BM_FW_PROTO_TCP);
    }
    frame_tcp(&frame, 4000, port, flags);
    (void)frame_append(&frame, octets);
    h = frame.p + (six ? 54 : 34);
    frame_32(h + 4, 0xfffffffe);
    frame_32(h + 8, 0x01020304);
    sum = tcp_sum(&frame);
    memcpy(h + 16, &sum, sizeof sum);
}

static void come(void)
{
    wire.waiting[wire.waiting_n++] = frame;
}

/* The frame that was made comes in. */
static void arrive(void)
{
    come();
    bm_net_poll(&net);
    wire.waiting_n = 0;
    wire.taken = 0;
}

/* ---- Before there is a table */

static void what_a_start_would_send_is_dropped_without_a_table(void)
{
    static struct bm_net_config config = {
        .nic = &nic,
        .ms = ms,
        .address = "10.0.0.1",
        .guard = &guard,
    };

    config.crypto = bm_test_crypto();
    CHECK_STATUS(bm_net_guard_init(&guard, config.crypto), BM_OK);
    CHECK_STATUS(bm_net_open(&net, &config), BM_OK);
    bm_net_poll(&net);
    CHECK(wire.sent_n == 0);
    /* It announces its address (RFC 5227). */
    CHECK(guard.fw.reasons[BM_FW_DEFAULT] > 0);
    frame_arp(&frame, BM_FW_IN, 1);
    arrive();
    CHECK(wire.sent_n == 0);
}

/* ---- In */

static void what_a_rule_names_is_answered_and_nothing_else(void)
{
    begin();
    frame_arp(&frame, BM_FW_IN, 1);
    arrive();
    CHECK(wire.sent_n == 1 && wire.sent[0].p[13] == 0x06);
    wire.sent_n = 0;
    /* Nobody listens: lwIP would say so by a reset, if it heard of it. */
    tcp(false, 81, BM_FW_SYN, 0);
    arrive();
    frame_ipv4(&frame, BM_FW_IN, BM_FW_PROTO_UDP);
    frame_udp(&frame, 4000, 7);
    arrive();
    frame_ipv4(&frame, BM_FW_IN, BM_FW_PROTO_ICMP);
    frame_icmp(&frame, 8, 0, 1);
    arrive();
    CHECK(wire.sent_n == 0);
    CHECK(guard.fw.reasons[BM_FW_DEFAULT] == 3);
    tcp(false, 80, BM_FW_SYN, 0);
    arrive();
    CHECK(bm_fw_counts(&guard.fw, WEB).passed == 2); /* and lwIP's reset */
    CHECK(wire.sent_n == 1 && wire.sent[0].p[47] == (BM_FW_RST | BM_FW_ACK));
    CHECK(guard.resets == 0);
}

static void a_frame_may_lie_in_pieces_of_any_size(void)
{
    for (uint16_t size = 1; size <= 140; size++) {
        struct pbuf *chain = NULL;

        begin();
        tcp(false, size % 2 == 0 ? 81 : 23, BM_FW_SYN, 100);
        for (size_t at = 0; at < frame.n; at += size) {
            size_t n = frame.n - at < size ? frame.n - at : size;
            struct pbuf *p = pbuf_alloc(PBUF_RAW, (uint16_t)n, PBUF_RAM);

            if (p == NULL) { /* so many pieces take more than there is */
                break;
            }
            CHECK(pbuf_take(p, frame.p + at, (uint16_t)n) == ERR_OK);
            if (chain == NULL) {
                chain = p;
            } else {
                pbuf_cat(chain, p);
            }
        }
        if (chain != NULL && chain->tot_len == frame.n) {
            CHECK(net.netif.input(chain, &net.netif) == ERR_OK);
            CHECK(guard.fw.reasons[BM_FW_DEFAULT] == (size % 2 == 0));
            CHECK(wire.sent_n == 0);
            bm_net_poll(&net);
            CHECK(wire.sent_n == size % 2);
        } else {
            CHECK(size < 8);
            pbuf_free(chain);
        }
    }
}

/* ---- Out */

static void send_udp(uint16_t port)
{
    struct udp_pcb *pcb = udp_new();
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, 4, PBUF_RAM);
    ip_addr_t to = IPADDR4_INIT_BYTES(10, 0, 0, 2);

    CHECK(pcb != NULL && p != NULL);
    CHECK(udp_sendto(pcb, p, &to, port) == ERR_OK);
    pbuf_free(p);
    udp_remove(pcb);
}

static void what_goes_out_unnamed_is_lost_and_its_sender_hears_of_nothing(void)
{
    struct bm_fw_event event;

    begin();
    frame_arp(&frame, BM_FW_IN, 1); /* who 10.0.0.2 is */
    arrive();
    quiet();
    send_udp(23);
    send_udp(23);
    CHECK(wire.sent_n == 0 && guard.fw.reasons[BM_FW_DEFAULT] == 2);
    CHECK(bm_fw_take_event(&guard.fw, &event));
    CHECK(event.direction == BM_FW_OUT && event.port == 23);
    CHECK(event.count == 2 && event.peer[0] == FRAME_PEER_4);
    send_udp(53);
    CHECK(wire.sent_n == 1 && bm_fw_counts(&guard.fw, OURS).passed == 1);
}

static void an_application_that_calls_telnet_sends_nothing(void)
{
    struct tcp_pcb *pcb = tcp_new();
    ip_addr_t to = IPADDR4_INIT_BYTES(10, 0, 0, 2);

    begin();
    CHECK(tcp_connect(pcb, &to, 23, NULL) == ERR_OK);
    bm_net_poll(&net);
    CHECK(wire.sent_n == 0 && guard.fw.reasons[BM_FW_DEFAULT] == 1);
    tcp_abort(pcb);
    CHECK(wire.sent_n == 0);
}

/* ---- Resets */

static void check_reset(bool six, unsigned flags, size_t octets, uint32_t ack)
{
    const struct frame *r = &wire.sent[0];
    const uint8_t *h = r->p + (six ? 54 : 34);
    uint8_t numbers[8] = { 0 };

    begin();
    tcp(six, 23, flags, octets);
    arrive();
    CHECK(wire.sent_n == 1 && guard.resets == 1 && guard.unsent == 0);
    CHECK(r->n == (six ? 74 : 54));
    CHECK_BYTES(r->p, 6, frame.p + 6, 6);
    CHECK_BYTES(r->p + 6, 6, frame.p, 6);
    CHECK(six || inet_chksum(r->p + 14, 20) == 0);
    CHECK(tcp_sum(r) == 0);
    CHECK_BYTES(h, 4, ((const uint8_t[]){ 0, 23, 4000 >> 8, 4000 & 255 }), 4);
    CHECK(h[13] == (flags & BM_FW_ACK ? BM_FW_RST : BM_FW_RST | BM_FW_ACK));
    frame_32(flags & BM_FW_ACK ? numbers : numbers + 4, ack);
    CHECK_BYTES(h + 4, 8, numbers, 8);
    /* It is a frame that our own reader takes. */
    CHECK(bm_fw_packet_parse(&(struct bm_fw_packet){ 0 }, BM_FW_OUT,
                             frame_bytes(r), r->n,
                             &guard.fw.subnets) == BM_FW_BY_RULE);
}

static void a_reset_acknowledges_what_came(void)
{
    /* RFC 9293 3.5.2; the sequence number wraps. */
    check_reset(false, BM_FW_SYN, 0, 0xffffffff);
    check_reset(false, BM_FW_SYN, 7, 6);
    check_reset(false, BM_FW_ACK, 7, 0x01020304);
    check_reset(false, BM_FW_ACK | BM_FW_FIN, 0, 0x01020304);
}

static void a_reset_is_sent_by_the_poll_alone(void)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, 54, PBUF_RAM);

    begin();
    tcp(false, 23, BM_FW_SYN, 0);
    CHECK(pbuf_take(p, frame.p, 54) == ERR_OK);
    CHECK(net.netif.input(p, &net.netif) == ERR_OK);
    CHECK(wire.sent_n == 0 && guard.resets == 0);
    bm_net_poll(&net);
    CHECK(wire.sent_n == 1 && guard.resets == 1);
    bm_net_poll(&net);
    CHECK(wire.sent_n == 1);
}

static void no_reset(void)
{
    arrive();
    CHECK(wire.sent_n == 0 && guard.unsent == 1 && guard.resets == 0);
    CHECK(bm_fw_counts(&guard.fw, TELNET).dropped == 1);
}

static void what_we_would_not_have_taken_gets_no_reset(void)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {
        { 5, 9 },     /* to another station */
        { 0, 0xff },  /* to a group */
        { 6, 3 },     /* from a group */
        { 33, 9 },    /* to another host */
        { 26, 224 },  /* from a group */
        { 29, 0xff }, /* from all in the subnet */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint16_t sum;

        begin();
        tcp(false, 23, BM_FW_SYN, 0);
        frame.p[cases[i].at] = cases[i].value;
        frame_checksum(&frame);
        memset(frame.p + 50, 0, 2);
        sum = tcp_sum(&frame);
        memcpy(frame.p + 50, &sum, sizeof sum);
        no_reset();
    }
    begin();
    tcp(false, 23, BM_FW_SYN, 0);
    frame.p[51] ^= 1; /* a checksum that is none */
    no_reset();
}

static void a_reset_is_not_reset(void)
{
    begin();
    tcp(false, 23, BM_FW_RST, 0);
    arrive();
    CHECK(wire.sent_n == 0 && guard.unsent == 0);
}

static void a_flood_gets_few_resets(void)
{
    begin();
    for (unsigned i = 0; i < 16; i++) {
        tcp(false, 23, BM_FW_SYN, 0);
        come();
    }
    bm_net_poll(&net);
    CHECK(wire.taken == 16 && wire.sent_n == BM_NET_RESETS);
    CHECK(guard.resets == BM_NET_RESETS);
    CHECK(guard.unsent == 16 - BM_NET_RESETS);
}

/* ---- What the engine is told */

static void subnets_follow_the_addresses(void)
{
    ip4_addr_t address;
    ip4_addr_t mask;

    begin();
    frame_arp(&frame, BM_FW_IN, 1);
    arrive();
    CHECK(guard.fw.subnets.address == 0x0a000000);
    CHECK(guard.fw.subnets.mask == 0xffffff00);
    CHECK(guard.fw.subnets.six_n == 0);
    IP4_ADDR(&address, 10, 1, 2, 3);
    IP4_ADDR(&mask, 255, 255, 0, 0);
    netif_set_addr(&net.netif, &address, &mask, &address);
    /* The announcement of the new address was judged by it. */
    CHECK(guard.fw.subnets.address == 0x0a010000);
    CHECK(guard.fw.subnets.mask == 0xffff0000);
    IP4_ADDR(&address, 10, 0, 0, 1);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    netif_set_addr(&net.netif, &address, &mask, &address);
    CHECK(guard.fw.subnets.address == 0x0a000000);
}

#if LWIP_IPV6
static void addresses_of_ipv6_are_told_and_answer_for_themselves(void)
{
    ip6_addr_t address;

    IP6_ADDR(&address, PP_HTONL(0x20010db8), 0, 0, PP_HTONL(1));
    netif_ip6_addr_set(&net.netif, 1, &address);
    netif_ip6_addr_set_state(&net.netif, 1, IP6_ADDR_TENTATIVE);
    begin();
    tcp(true, 23, BM_FW_SYN, 0);
    no_reset();
    CHECK(guard.fw.subnets.six_n == 0);
    netif_ip6_addr_set_state(&net.netif, 1, IP6_ADDR_PREFERRED);
    check_reset(true, BM_FW_SYN, 3, 2);
    check_reset(true, BM_FW_ACK, 0, 0x01020304);
    CHECK(guard.fw.subnets.six_n == 1);
    CHECK(guard.fw.subnets.six[0].address[0] == 0x20010db8);
    CHECK(guard.fw.subnets.six[0].mask[1] == UINT32_MAX);
    CHECK(guard.fw.subnets.six[0].mask[2] == 0);
}
#endif

static void flows_end_with_time_though_nothing_comes(void)
{
    begin();
    frame_arp(&frame, BM_FW_IN, 1);
    arrive();
    send_udp(53);
    CHECK(guard.fw.flow_n == 1);
    now += 61000;
    bm_net_poll(&net);
    CHECK(guard.fw.flow_n == 0);
}

static void a_mode_without_rules_is_silence(void)
{
    policy();
    for (unsigned i = 0; i < maker.parts.rule_n; i++) {
        maker.rules[i].modes = 1 << BM_FW_NORMAL;
    }
    (void)table_end(&maker);
    for (unsigned i = BM_FW_ROOT(BM_FW_LOCKDOWN, 0, 0); i < BM_FW_ROOTS; i++) {
        maker.parts.roots[i] = BM_FW_NO_RULE;
    }
    CHECK_STATUS(bm_fw_load(&guard.fw, table_write(&maker), room, sizeof room),
                 BM_OK);
    quiet();
    bm_fw_set_mode(&guard.fw, BM_FW_LOCKDOWN);
    frame_arp(&frame, BM_FW_IN, 1);
    arrive();
    CHECK(wire.sent_n == 0);
    bm_fw_set_mode(&guard.fw, BM_FW_NORMAL);
    arrive();
    CHECK(wire.sent_n == 1);
}

int main(void)
{
    RUN(what_a_start_would_send_is_dropped_without_a_table);
    RUN(what_a_rule_names_is_answered_and_nothing_else);
    RUN(a_frame_may_lie_in_pieces_of_any_size);
    RUN(what_goes_out_unnamed_is_lost_and_its_sender_hears_of_nothing);
    RUN(an_application_that_calls_telnet_sends_nothing);
    RUN(a_reset_acknowledges_what_came);
    RUN(a_reset_is_sent_by_the_poll_alone);
    RUN(what_we_would_not_have_taken_gets_no_reset);
    RUN(a_reset_is_not_reset);
    RUN(a_flood_gets_few_resets);
    RUN(subnets_follow_the_addresses);
#if LWIP_IPV6
    RUN(addresses_of_ipv6_are_told_and_answer_for_themselves);
#endif
    RUN(flows_end_with_time_though_nothing_comes);
    RUN(a_mode_without_rules_is_silence);
    return bm_test_done();
}
