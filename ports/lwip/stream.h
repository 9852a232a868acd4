/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_LWIP_STREAM_H
#define BM_PORTS_LWIP_STREAM_H

#include <lwip/pbuf.h>
#include <lwip/tcp.h>

#include "device/tls.h"
#include "ports/lwip/net.h"

/*
 * A TCP connection as a struct bm_transport (device/tls.h), whoever opened it.
 *
 * What came lies in lwIP's buffers until it is read, a window of it (TCP_WND)
 * and no more, in whatever pieces it was sent. What is sent is copied
 * into lwIP's memory until the peer has acknowledged it, at most TCP_SND_BUF;
 * where that is full, or memory is, send() says BM_E_TLS_AGAIN. It leaves with
 * the next receive() or bm_net_poll(), so that several writes share a segment.
 *
 * receive() says BM_E_TLS_CLOSED when the peer has closed its side and all
 * that came was read. Both say BM_E_NET_TIMEOUT when the peer was silent for
 * too long or a deadline has passed, BM_E_NET_BROKEN when the connection was
 * reset.
 */
struct bm_net_stream {
    struct bm_transport transport; /* to hand in */

    /* Private. */
    struct bm_net *net; /* NULL: not in use */
    struct bm_net_stream *next;
    struct tcp_pcb *pcb;
    struct pbuf *in; /* what came and was not read */
    bool dirty;      /* written, and not put out */
    bool ended;      /* the peer has closed its side */
    bool limited;
    bm_status status; /* BM_E_TLS_AGAIN: connecting; BM_OK; or why it is over */
    uint32_t moved;   /* when octets moved last */
    uint32_t idle;    /* ms of silence that are too long; 0: none are */
    uint32_t until;   /* deadline, if limited */
};

/*
 * From now on the peer has `ms` milliseconds for all that is to come, however
 * busy it is: for a handshake. 0: as long as it likes, but for silence.
 */
void bm_net_stream_deadline(struct bm_net_stream *s, uint32_t ms);

/* Who is at the other end, as text without the port; "" if it is over. */
void bm_net_stream_peer(const struct bm_net_stream *s,
                        char out[BM_NET_ADDRESS_SIZE]);

/*
 * Send what was written and close; lwIP sees to the rest, for four seconds at
 * most: then it resets the connection. What came and was not read is lost. One
 * that is not in use is fine.
 */
void bm_net_stream_close(struct bm_net_stream *s);

#endif
