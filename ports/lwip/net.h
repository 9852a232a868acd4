/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_LWIP_NET_H
#define BM_PORTS_LWIP_NET_H

#include <lwip/netif.h>

#include "core/crypto.h"
#include "device/nic.h"

/*
 * The network of a device: lwIP 2.2 over one interface. A board brings a
 * struct of four functions (device/nic.h), a count of milliseconds, and a main
 * loop:
 *
 *     rc = bm_net_open(&net, &config);
 *     ...
 *     for (;;) {
 *         bm_net_poll(&net);
 *         ... whatever has work: pumps, sessions, bm_tls_layer_poll() ...
 *         ... sleep, bm_net_sleep(&net) milliseconds at most, or until the
 *             interface has something ...
 *     }
 *
 * What passes the interface is a firewall's to say (guard.h).
 *
 * Connections are in connect.h (outbound), listen.h (inbound) and tls_layer.h
 * (lwIP's own MQTT client); all are streams (stream.h).
 *
 * An address is given, or comes by DHCP; in builds with IPv6 there are a
 * link-local one and one by announcement (RFC 4862) beside it. Names are looked
 * up where a DNS server is known; addresses in place of names need none, so a
 * site with neither DHCP nor DNS works.
 *
 * lwIP has its state in static variables, and its memory: lwipopts.h says how
 * much. So there is one network in a program, for one thread; nothing of it
 * may be called from an interrupt. Nothing blocks.
 */

/* An address as text with its NUL: of IPv6 the longest, and a zone. */
#define BM_NET_ADDRESS_SIZE 48

struct bm_net_guard;

/* What is pointed to lives until the program ends. */
struct bm_net_config {
    const struct bm_nic *nic;
    const struct bm_crypto *crypto; /* randomness, and keyed hashes */
    uint32_t (*ms)(void);           /* milliseconds since any moment; wraps */
    const char *name;               /* told to a DHCP server; or NULL */
    const char *address;            /* IPv4, as text; NULL: by DHCP */
    const char *mask;               /* NULL: 255.255.255.0 */
    const char *gateway;            /* NULL: none */
    const char *dns;                /* a server; NULL: what DHCP says, if any */
    struct bm_net_guard *guard;     /* guard.h; NULL: each frame passes */
};

struct bm_net_stream;

/* Caller-allocated; must not move. */
struct bm_net {
    uint32_t dropped; /* frames for which there was no memory */

    /* Private. */
    const struct bm_net_config *config;
    struct netif netif;
    struct bm_net_stream *streams; /* open ones */
    uint8_t secret[BM_HASH_MAX / 2];
    uint32_t drawn; /* random numbers made of it */
    uint32_t asked; /* when the interface was asked for its link */
};

/*
 * Start. BM_E_ARGUMENT: an address that is none; BM_E_RANDOM or what else the
 * provider said. Once in a program: lwIP cannot be stopped.
 */
BM_MUST_CHECK bm_status bm_net_open(struct bm_net *net,
                                    const struct bm_net_config *config);

/*
 * Take what came, at most BM_NET_FRAMES of it, send what waits, and do what
 * lwIP has timers for. No cryptography but the hash of a sequence number for
 * each connection.
 */
#define BM_NET_FRAMES 16
void bm_net_poll(struct bm_net *net);

/* Milliseconds until bm_net_poll() has something to do that no frame causes. */
uint32_t bm_net_sleep(const struct bm_net *net);

/* There is a link, and an address that may be used; a link-local one is none,
 * since what is behind a router cannot be reached from it. */
bool bm_net_ready(const struct bm_net *net);

/* That address as text: of IPv4, else of IPv6; "" while there is none. */
void bm_net_address(const struct bm_net *net, char out[BM_NET_ADDRESS_SIZE]);

#endif
