/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/lwip/stream.h"

#include "ports/lwip/internal.h"

/* Where memory is short, so many octets may still find room. */
#define SEND_LEAST 256

/* Half seconds that a peer has to acknowledge the end: what is lost is sent
 * again after one second and after three. */
#define LINGER 8

/* ---- What lwIP calls */

/* Room behind the octets of a buffer of the pool. */
static size_t room_behind(const struct pbuf *p, uint8_t **to)
{
    uint8_t *payload = p->payload;
    const uint8_t *end = (const uint8_t *)p + LWIP_MEM_ALIGN_SIZE(sizeof *p) +
                         LWIP_MEM_ALIGN_SIZE(PBUF_POOL_BUFSIZE);

    *to = payload + p->len;
    return p->ref == 1 && pbuf_match_allocsrc(
                              p, PBUF_TYPE_ALLOC_SRC_MASK_STD_MEMP_PBUF_POOL)
               ? (size_t)(end - *to)
               : 0;
}

/*
 * Append `p`, whose first octets fill what room there is. So a peer that sends
 * its window an octet at a time takes no more buffers with it than one that
 * sends full segments, and nothing within the window is ever refused.
 */
static struct pbuf *append(struct pbuf *queue, struct pbuf *p)
{
    struct pbuf *last = queue;
    uint8_t *to;
    size_t room;
    uint16_t n;

    while (last->next != NULL) {
        last = last->next;
    }
    room = room_behind(last, &to);
    n = room < p->tot_len ? (uint16_t)room : p->tot_len;
    (void)pbuf_copy_partial(p, to, n, 0);
    for (struct pbuf *q = queue; q != NULL; q = q->next) {
        q->tot_len = (uint16_t)(q->tot_len + n);
    }
    last->len = (uint16_t)(last->len + n);
    p = pbuf_free_header(p, n);
    if (p != NULL) {
        pbuf_cat(queue, p);
    }
    return queue;
}

static err_t on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                        err_t err)
{
    struct bm_net_stream *s = arg;

    (void)pcb;
    (void)err;
    s->moved = sys_now();
    if (p == NULL) {
        s->ended = true;
    } else {
        s->in = s->in == NULL ? p : append(s->in, p);
    }
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
    if (s->pcb != NULL) {
        tcp_recved(s->pcb, some);
    }
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

static err_t linger(void *arg, struct tcp_pcb *pcb)
{
    (void)arg;
    tcp_abort(pcb);
    return ERR_ABRT;
}

/* A peer that acknowledges nothing would hold the connection and what we sent
 * on it for minutes: it gives way to whoever needs one, and ends soon. */
static void end(struct tcp_pcb *pcb)
{
    tcp_setprio(pcb, TCP_PRIO_MIN);
    tcp_poll(pcb, linger, LINGER);
    if (tcp_close(pcb) != ERR_OK) {
        tcp_abort(pcb);
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
    if (s->in != NULL && s->pcb != NULL) {
        tcp_recved(s->pcb, s->in->tot_len);
    }
    if (s->in != NULL) {
        pbuf_free(s->in);
    }
    pcb = let_go(s);
    if (pcb != NULL) {
        end(pcb);
    }
    unlink_stream(s);
    *s = (struct bm_net_stream){ 0 };
}
