/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_FIREWALL_TEST_ENGINE_H
#define BM_FIREWALL_TEST_ENGINE_H

/* An engine under a policy, and frames for it: for tests of its parts. */
#include "firewall/firewall.h"
#include "firewall/state.h"
#include "firewall/test/frames.h"
#include "firewall/test/tables.h"
#include "tests/harness/bm_test.h"

#define SYN     BM_FW_SYN
#define ACK     BM_FW_ACK
#define SYN_ACK (BM_FW_SYN | BM_FW_ACK)
#define FIN     (BM_FW_FIN | BM_FW_ACK)
#define RST     BM_FW_RST

static struct table_maker maker;
static struct bm_fw fw;
static uint32_t room[1024];
static uint32_t now;
static struct frame frame; /* the last one that was made */

/* What the policy names. */
enum {
    WEB,  /* in, TCP 80 to 81: flows */
    PING, /* in, echo: flows */
    OURS, /* out, TCP 443, UDP 53, echo: flows */
    TIME, /* in, UDP 123: without flows */
    BACK, /* out, UDP 9: without */
    TELNET,
    WATCH, /* in, UDP 7: observed */
    ARPS,
    RULES
};

static inline void policy(void)
{
    table_begin(&maker);
    (void)table_rule(&maker, "web", BM_FW_ALLOW, BM_FW_FLOWS);
    (void)table_rule(&maker, "ping", BM_FW_ALLOW, BM_FW_FLOWS);
    (void)table_rule(&maker, "ours", BM_FW_ALLOW, BM_FW_FLOWS);
    (void)table_rule(&maker, "time", BM_FW_ALLOW, 0);
    (void)table_rule(&maker, "back", BM_FW_ALLOW, 0);
    (void)table_rule(&maker, "telnet", BM_FW_RESET, 0);
    (void)table_rule(&maker, "watch", BM_FW_OBSERVE, 0);
    (void)table_rule(&maker, "arps", BM_FW_ALLOW, 0);
    table_service(&maker, BM_FW_IN, TABLE_ICMP, 0x0800, PING)->port_6 = 0x8000;
    table_service(&maker, BM_FW_IN, BM_FW_PROTO_TCP, 23, TELNET);
    table_service(&maker, BM_FW_IN, BM_FW_PROTO_TCP, 80, WEB)->last = 81;
    table_service(&maker, BM_FW_IN, BM_FW_PROTO_UDP, 7, WATCH);
    table_service(&maker, BM_FW_IN, BM_FW_PROTO_UDP, 123, TIME);
    table_service(&maker, BM_FW_OUT, TABLE_ICMP, 0x0800, OURS)->port_6 = 0x8000;
    table_service(&maker, BM_FW_OUT, BM_FW_PROTO_TCP, 443, OURS);
    table_service(&maker, BM_FW_OUT, BM_FW_PROTO_UDP, 9, BACK);
    table_service(&maker, BM_FW_OUT, BM_FW_PROTO_UDP, 53, OURS);
    maker.arp[BM_FW_IN] = BM_FW_TARGET_RULE + ARPS;
}

static inline void rate(unsigned rule, unsigned per_second, unsigned burst)
{
    maker.rules[rule].rate = per_second * 65536 / 1000;
    maker.rules[rule].burst = (uint16_t)burst;
}

static inline void start(void)
{
    now = 0xfffff000; /* soon to wrap around */
    bm_fw_init(&fw, 1);
    CHECK_STATUS(bm_fw_load(&fw, table_end(&maker), room, sizeof room), BM_OK);
}

static struct bm_fw_decision judge(void)
{
    return bm_fw_judge(&fw, frame.direction, frame_bytes(&frame), frame.n, now);
}

/* Through, because of `reason`? A drop is by none that lets through. */
static inline bool through(enum bm_fw_reason reason)
{
    struct bm_fw_decision d = judge();

    return d.verdict == BM_FW_ALLOW && d.reason == reason;
}

static inline bool dropped(enum bm_fw_reason reason)
{
    struct bm_fw_decision d = judge();

    return d.verdict == BM_FW_DROP && d.reason == reason;
}

static bool six; /* make frames of IPv6 */

static inline void ip(enum bm_fw_direction d, unsigned proto)
{
    if (six) {
        frame_ipv6(&frame, d, proto == TABLE_ICMP ? 58 : proto);
    } else {
        frame_ipv4(&frame, d, proto);
    }
}

/* Between the peer's `theirs` and the device's `port`. */
static inline void tcp(enum bm_fw_direction d, unsigned theirs, unsigned port,
                       unsigned flags)
{
    ip(d, BM_FW_PROTO_TCP);
    frame_tcp(&frame, d == BM_FW_IN ? theirs : port,
              d == BM_FW_IN ? port : theirs, flags);
}

static inline void udp(enum bm_fw_direction d, unsigned theirs, unsigned port)
{
    ip(d, BM_FW_PROTO_UDP);
    frame_udp(&frame, d == BM_FW_IN ? theirs : port,
              d == BM_FW_IN ? port : theirs);
}

static inline void echo(enum bm_fw_direction d, bool request, unsigned id)
{
    ip(d, TABLE_ICMP);
    if (six) {
        frame_icmp(&frame, request ? 128 : 129, 0, id);
    } else {
        frame_icmp(&frame, request ? 8 : 0, 0, id);
    }
}

static inline void in_both_families(void (*test)(void))
{
    six = false;
    test();
    six = true;
    test();
    six = false;
}

#endif
