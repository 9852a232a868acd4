/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/lwip/stream.h"

#include <lwip/priv/tcp_priv.h>
#include <string.h>

#include "ports/lwip/internal.h"

/* Where memory is short, so many octets may still find room. */
#define SEND_LEAST 256

/* ---- What lwIP calls */

/*
 * Small segments share a buffer: a peer that sends its window an octet at a
 * time must not take all buffers there are. Was there room?
 */
static bool join(struct pbuf *queue, struct pbuf *p)
{
    struct pbuf *last = queue;
    const uint8_t *end;
    uint8_t *to;

    while (last->next != NULL) {
        last = last->next;
    }
    to = (uint8_t *)last->payload + last->len;
    end = (uint8_t *)last + LWIP_MEM_ALIGN_SIZE(sizeof *last) +
          LWIP_MEM_ALIGN_SIZE(PBUF_POOL_BUFSIZE);
    if (p->next != NULL || p->len > end - to || last->ref != 1 ||
        !pbuf_match_allocsrc(last,
                             PBUF_TYPE_ALLOC_SRC_MASK_STD_MEMP_PBUF_POOL)) {
        return false;
    }
    memcpy(to, p->payload, p->len);
    for (struct pbuf *q = queue; q != NULL; q = q->next) {
        q->tot_len = (uint16_t)(q->tot_len + p->len);
    }
    last->len = (uint16_t)(last->len + p->len);
    pbuf_free(p);
    return true;
}

/* lwIP keeps what is refused here, and no more than that; it offers it again
 * when something was read (receive()). */
static err_t on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                        err_t err)
{
    struct bm_net_stream *s = arg;

    (void)pcb;
    (void)err;
    s->moved = sys_now();
    if (p == NULL) {
        s->ended = true;
        return ERR_OK;
    }
    if (s->in == NULL) {
        s->in = p;
        return ERR_OK;
    }
    if (join(s->in, p)) {
        return ERR_OK;
    }
    if (pbuf_clen(s->in) + pbuf_clen(p) > BM_NET_STREAM_BUFFERS) {
        return ERR_MEM;
    }
    pbuf_cat(s->in, p);
    return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, uint16_t n)
{
    struct bm_net_stream *s = arg;

    (void)pcb;
    (void)n;
    s->moved = sys_now();
    return ERR_OK;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct bm_net_stream *s = arg;

    (void)pcb;
    (void)err;
    s->status = BM_OK;
    s->moved = sys_now();
    return ERR_OK;
}

/* The connection is gone, and lwIP has freed it. */
static void on_error(void *arg, err_t err)
{
    struct bm_net_stream *s = arg;

    s->pcb = NULL;
    s->status = s->status != BM_E_TLS_AGAIN ? BM_E_NET_BROKEN
                : err == ERR_RST            ? BM_E_NET_CONNECT
                                            : BM_E_NET_TIMEOUT;
}

/* ---- The transport */

static void put_out(struct bm_net_stream *s)
{
    if (s->dirty && s->pcb != NULL) {
        s->dirty = false;
        (void)tcp_output(s->pcb);
    }
}

static bm_status stream_send(void *self, struct bm_bytes octets, size_t *n)
{
    struct bm_net_stream *s = self;
    size_t some = octets.n;
    err_t err;

    *n = 0;
    if (s->status != BM_OK) {
        return s->status;
    }
    if (some > tcp_sndbuf(s->pcb)) {
        some = tcp_sndbuf(s->pcb);
    }
    err = some == 0 ? ERR_MEM
                    : tcp_write(s->pcb, octets.p, (uint16_t)some,
                                TCP_WRITE_FLAG_COPY);
    if (err == ERR_MEM && some > SEND_LEAST) {
        some = SEND_LEAST;
        err = tcp_write(s->pcb, octets.p, SEND_LEAST, TCP_WRITE_FLAG_COPY);
    }
    if (err == ERR_MEM) {
        put_out(s);
        return BM_E_TLS_AGAIN;
    }
    if (err != ERR_OK) {
        return BM_E_NET_BROKEN;
    }
    s->dirty = true;
    *n = some;
    return BM_OK;
}

/* There is room again: for the peer's window, and for what was refused. */
static void let_in(struct bm_net_stream *s, uint16_t n)
{
    if (s->pcb != NULL) {
        tcp_recved(s->pcb, n);
    }
    if (s->pcb != NULL && s->pcb->refused_data != NULL) {
        (void)tcp_process_refused_data(s->pcb);
    }
}

static bm_status stream_receive(void *self, uint8_t *out, size_t cap, size_t *n)
{
    struct bm_net_stream *s = self;
    uint16_t some;

    *n = 0;
    put_out(s);
    if (s->in == NULL) {
        return s->status != BM_OK ? s->status
               : s->ended         ? BM_E_TLS_CLOSED
                                  : BM_E_TLS_AGAIN;
    }
    some = cap < s->in->tot_len ? (uint16_t)cap : s->in->tot_len;
    (void)pbuf_copy_partial(s->in, out, some, 0);
    s->in = pbuf_free_header(s->in, some);
    let_in(s, some);
    *n = some;
    return BM_OK;
}

/* ---- Life */

void lwip_stream_open(struct bm_net_stream *s, struct bm_net *net,
                      struct tcp_pcb *pcb, bm_status status)
{
    *s = (struct bm_net_stream){
        .transport = { s, stream_send, stream_receive },
        .net = net,
        .next = net->streams,
        .pcb = pcb,
        .status = status,
        .moved = sys_now(),
    };
    net->streams = s;
    tcp_arg(pcb, s);
    tcp_recv(pcb, on_receive);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_error);
    tcp_nagle_disable(pcb); /* what is written together leaves together */
}

err_t lwip_stream_connect(struct bm_net_stream *s, const ip_addr_t *address,
                          uint16_t port)
{
    return tcp_connect(s->pcb, address, port, on_connected);
}

/* Without callbacks, so that nothing of it comes back. */
static struct tcp_pcb *let_go(struct bm_net_stream *s)
{
    struct tcp_pcb *pcb = s->pcb;

    s->pcb = NULL;
    if (pcb != NULL) {
        tcp_arg(pcb, NULL);
        tcp_recv(pcb, NULL);
        tcp_sent(pcb, NULL);
        tcp_err(pcb, NULL);
    }
    return pcb;
}

static void give_up(struct bm_net_stream *s)
{
    struct tcp_pcb *pcb = let_go(s);

    if (pcb != NULL) {
        tcp_abort(pcb);
    }
    s->status = BM_E_NET_TIMEOUT;
}

void lwip_stream_poll(struct bm_net_stream *s, uint32_t now)
{
    put_out(s);
    if (s->pcb != NULL &&
        ((s->idle != 0 && lwip_passed(now, s->moved + s->idle)) ||
         (s->limited && lwip_passed(now, s->until)))) {
        give_up(s);
    }
}

void bm_net_stream_deadline(struct bm_net_stream *s, uint32_t ms)
{
    s->limited = ms != 0;
    s->until = sys_now() + ms;
}

void bm_net_stream_peer(const struct bm_net_stream *s,
                        char out[BM_NET_ADDRESS_SIZE])
{
    out[0] = '\0';
    if (s->pcb != NULL) {
        (void)ipaddr_ntoa_r(&s->pcb->remote_ip, out, BM_NET_ADDRESS_SIZE);
    }
}

static void unlink_stream(struct bm_net_stream *s)
{
    struct bm_net_stream **at = &s->net->streams;

    while (*at != NULL && *at != s) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = s->next;
    }
}

void bm_net_stream_close(struct bm_net_stream *s)
{
    struct tcp_pcb *pcb;

    if (s->net == NULL) {
        return;
    }
    put_out(s);
    /* Unread octets would make lwIP reset the connection, and the peer would
     * not hear what we said last: why we refuse it, for example. */
    while (s->in != NULL) {
        struct pbuf *in = s->in;

        s->in = NULL;
        let_in(s, in->tot_len);
        pbuf_free(in);
    }
    pcb = let_go(s);
    if (pcb != NULL && tcp_close(pcb) != ERR_OK) {
        tcp_abort(pcb);
    }
    unlink_stream(s);
    *s = (struct bm_net_stream){ 0 };
}
