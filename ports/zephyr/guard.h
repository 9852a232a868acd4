/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_ZEPHYR_GUARD_H
#define BM_PORTS_ZEPHYR_GUARD_H

#include <zephyr/kernel.h>
#include <zephyr/net/net_if.h>
#include <zephyr/net/net_pkt.h>

#include "firewall/firewall.h"

/*
 * The firewall in Zephyr (3.7 to 4.2, with CONFIG_NET_PKT_FILTER): between the
 * stack and its interface of Ethernet, in both directions
 * (docs/firewall-hooks.md says what a hook owes). There is one in a program.
 *
 *     bm_zephyr_guard_open(&guard, iface, seed);          (all is dropped)
 *     rc = bm_fw_load(&guard.fw, table, room, sizeof room);
 *     ... then the interface may come up
 *
 * What comes in passes a rule of the packet filter in front of all others;
 * behind them npf_default_ok is appended, so rules of the program's own are
 * inserted, before. Frames of any other interface are dropped: they would be
 * judged by the subnets of this one. What goes out is asked for by the
 * driver, at the beginning of `send` of its struct ethernet_api, where the
 * frame is whole:
 *
 *     if (!bm_zephyr_guard_out(&guard, pkt)) {
 *         return 0;
 *     }
 *
 * So a frame that is dropped counts as sent. A segment that a rule resets is
 * dropped: nobody is answered.
 *
 * Queues have threads of their own: a mutex is around the engine. Whoever uses
 * `fw` when the interface is up holds it, for all of bm_fw_load(),
 * bm_fw_set_mode(), bm_fw_take_event(). Not for drivers that receive or send in
 * interrupts.
 *
 * The subnets are those of the first preferred addresses that the interface
 * has, of IPv6 its /64, looked at with each frame.
 */
struct bm_zephyr_guard {
    struct bm_fw fw;
    struct k_mutex lock;

    /* Private. */
    struct net_if *iface;
    struct bm_fw_subnets subnets;
    uint32_t ticked;
};

/* Before the interface is up; it must not move from then on. `seed` is random
 * (bm_fw_init()). */
void bm_zephyr_guard_open(struct bm_zephyr_guard *guard, struct net_if *iface,
                          uint32_t seed);

/* A frame is about to go out. False: it does not. */
bool bm_zephyr_guard_out(struct bm_zephyr_guard *guard, struct net_pkt *pkt);

#endif
