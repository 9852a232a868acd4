/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_LWIP_LISTEN_H
#define BM_PORTS_LWIP_LISTEN_H

#include "ports/lwip/stream.h"

/*
 * Inbound connections: a port that is listened to, and a bounded number of
 * streams. Who comes when all of them are taken is refused (RST), and may come
 * again. While a place is not handed out it costs nobody anything but the
 * stream; a peer that says nothing loses its place.
 *
 *     rc = bm_net_listen(&l, &config);
 *     ...
 *     stream = bm_net_accept(&l);
 *     if (stream != NULL) { ... stream->transport to tls->open() ... }
 *     ...
 *     bm_net_stream_close(stream);
 */
struct bm_net_listener_config {
    struct bm_net *net;
    uint16_t port;
    struct bm_net_stream *streams; /* zeroed; the places */
    size_t places;
    uint32_t idle_ms;      /* silence that ends a stream; 0: BM_NET_PEER_MS */
    uint32_t handshake_ms; /* deadline of a stream that was accepted, until
                              bm_net_stream_deadline(); 0: the same */
};

/* Peers are on the same network, and their handshake takes a second or so. */
#define BM_NET_PEER_MS 10000

struct bm_net_listener {
    uint32_t refused; /* connections for which there was no place */

    /* Private. */
    struct bm_net_listener_config config;
    struct tcp_pcb *pcb;
    uint32_t fresh; /* a bit for each place that bm_net_accept() will give */
};

/* Places: bits of a word. */
#define BM_NET_PLACES_MAX 32

/* BM_E_MEMORY: lwIP has no listening connection left; BM_E_EXISTS: somebody
 * listens there; BM_E_ARGUMENT. `*l` must not move. */
BM_MUST_CHECK bm_status bm_net_listen(
    struct bm_net_listener *l, const struct bm_net_listener_config *config);

/* The next connection, or NULL. The caller closes it. */
struct bm_net_stream *bm_net_accept(struct bm_net_listener *l);

/* Listen no more. Streams that were handed out go on, others are closed. */
void bm_net_listener_close(struct bm_net_listener *l);

#endif
