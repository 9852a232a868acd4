/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_LWIP_CONNECT_H
#define BM_PORTS_LWIP_CONNECT_H

#include "device/pump.h"
#include "ports/lwip/stream.h"

/*
 * Outbound connections: struct bm_connector of device/pump.h. One connection
 * at a time; a program that needs two at once has two of them.
 *
 * `host` is an address, or a name where a DNS server is known. Its open() says
 * BM_E_TLS_AGAIN while there is no link or address, while the name is looked
 * up and while the connection is made; all of that may take `connect_ms`.
 *
 *   BM_E_NET_DOWN      time was up, and there was no link, or no address of
 *                      the peer's kind
 *   BM_E_NET_RESOLVE   no such name, no server to ask, or no answer in time
 *   BM_E_NET_CONNECT   refused
 *   BM_E_NET_TIMEOUT   time was up
 *   BM_E_MEMORY        lwIP has no connection to spare
 */
struct bm_net_connector_config {
    struct bm_net *net;
    uint32_t connect_ms; /* 0: BM_NET_CONNECT_MS */
    uint32_t idle_ms;    /* see struct bm_net_stream; 0: BM_NET_IDLE_MS */
};

/* Some lost SYNs, and a look-up. */
#define BM_NET_CONNECT_MS 10000
/* A server that is busy with a queue of devices answers before this. */
#define BM_NET_IDLE_MS 30000

struct bm_net_connector {
    struct bm_connector connector; /* to hand in */

    /* Private. */
    struct bm_net_connector_config config;
    struct bm_net_stream stream;
    uint8_t state;
    uint32_t since;
    const char *host; /* that is looked up */
    ip_addr_t address;
};

/* `*c` must not move, and lives until the program ends: a look-up that was
 * given up may still be answered. */
void bm_net_connector_init(struct bm_net_connector *c,
                           const struct bm_net_connector_config *config);

#endif
