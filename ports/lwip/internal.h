/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_LWIP_INTERNAL_H
#define BM_PORTS_LWIP_INTERNAL_H

#include <lwip/sys.h>

#include "ports/lwip/stream.h"

/* What the files of this folder share, and nobody else needs. */

/* lwIP asks for time and randomness without a context: hence the one static
 * variable of this port (net.c). NULL before bm_net_open(). */
struct bm_net *lwip_net(void);

/* net.c: have we an address from which one like `address` may be talked to? */
bool lwip_may_reach(const struct bm_net *net, const ip_addr_t *address);

/* random.c */
bm_status lwip_random_open(struct bm_net *net);

/*
 * stream.c: take over a connection, made or being made (`status`
 * BM_E_TLS_AGAIN). Callbacks of `pcb` are the stream's from now on.
 */
void lwip_stream_open(struct bm_net_stream *s, struct bm_net *net,
                      struct tcp_pcb *pcb, bm_status status);
err_t lwip_stream_connect(struct bm_net_stream *s, const ip_addr_t *address,
                          uint16_t port);
/* Put out what was written; end what was silent for too long. */
void lwip_stream_poll(struct bm_net_stream *s, uint32_t now);

/* Is `now` at or after `then`, both in wrapping milliseconds? */
static inline bool lwip_passed(uint32_t now, uint32_t then)
{
    return (int32_t)(now - then) >= 0;
}

#endif
