/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_LWIP_GUARD_H
#define BM_PORTS_LWIP_GUARD_H

#include <lwip/netif.h>

#include "core/crypto.h"
#include "firewall/firewall.h"

/*
 * The firewall of a device: it stands between lwIP and the interface, and each
 * frame passes the engine (firewall/firewall.h) or goes no farther, in both
 * directions. lwIP is as it was: what is wrapped are the two functions that
 * its interface has.
 *
 *     rc = bm_net_guard_init(&guard, crypto);         (all is dropped)
 *     rc = bm_fw_load(&guard.fw, table, room, sizeof room);
 *     net_config.guard = &guard;
 *     rc = bm_net_open(&net, &net_config);
 *     ...
 *         while (bm_fw_take_event(&guard.fw, &event)) { ... tell of it ... }
 *
 * So no frame leaves or comes in unjudged, those of the start included. Later,
 * tables and modes are the application's to change, by bm_fw_load() and
 * bm_fw_set_mode() on `fw`, between calls of bm_net_poll(). The subnets are
 * told to the engine from the addresses that the interface has, each time
 * before a frame is judged if they are others than before; an address of IPv6
 * makes its /64 one.
 *
 * A frame that does not go out counts as sent: who wanted to send it hears of
 * nothing, as if it were lost on its way. A reset is not sent from where lwIP
 * is in the middle of something, but by bm_net_poll(), and past the engine: the
 * rule that asks for it has decided. Only who has sent a segment to our own
 * address, with a good checksum, gets one; at most BM_NET_RESETS for the
 * frames of a poll, whatever a flood asks for.
 *
 * lwIP's loopback is off (lwipopts.h); nothing goes by another way.
 */

/* A flood of what is reset makes no more of them than a quarter of it. */
#define BM_NET_RESETS 4

/* Ethernet, IPv6, TCP. */
#define BM_NET_RESET_MAX (14 + 40 + 20)

struct bm_net_reset {
    uint8_t octets[BM_NET_RESET_MAX];
    uint8_t n;
};

/* IPv4's and its mask; of IPv6 the first half of each but the link-local. */
#define BM_NET_SUBNET_WORDS (2 * LWIP_IPV6_NUM_ADDRESSES)

struct bm_net;

/* Caller-allocated; must not move once it is in use. */
struct bm_net_guard {
    struct bm_fw fw;
    uint32_t resets; /* sent */
    uint32_t unsent; /* resets that no place, memory or reason was found for */

    /* Private. */
    struct bm_net *net;
    void (*open)(struct bm_net_guard *guard, struct bm_net *net);
    void (*poll)(struct bm_net_guard *guard);
    netif_input_fn input;
    netif_linkoutput_fn linkoutput;
    uint32_t ticked;
    uint32_t subnets[BM_NET_SUBNET_WORDS];
    struct bm_net_reset queue[BM_NET_RESETS];
    unsigned queued;
};

/* BM_E_RANDOM or what else the provider says: without what nobody can guess
 * the engine is not started. */
BM_MUST_CHECK bm_status bm_net_guard_init(struct bm_net_guard *guard,
                                          const struct bm_crypto *crypto);

#endif
