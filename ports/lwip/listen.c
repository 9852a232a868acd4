/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/lwip/listen.h"

#include "ports/lwip/internal.h"

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct bm_net_listener *l = arg;

    if (err != ERR_OK || pcb == NULL) {
        return ERR_VAL;
    }
    for (size_t i = 0; i < l->config.places; i++) {
        struct bm_net_stream *s = &l->config.streams[i];

        if (s->net == NULL) {
            lwip_stream_open(s, l->config.net, pcb, BM_OK);
            s->idle = l->config.idle_ms;
            bm_net_stream_deadline(s, l->config.handshake_ms);
            l->fresh |= 1u << i;
            return ERR_OK;
        }
    }
    l->refused++;
    return ERR_MEM; /* lwIP resets it */
}

static bm_status bind_port(struct bm_net_listener *l)
{
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
    struct tcp_pcb *listening;

    if (pcb == NULL) {
        return BM_E_MEMORY;
    }
    /* Whoever comes gives way to a connection of our own, until it is taken. */
    tcp_setprio(pcb, TCP_PRIO_MIN);
    if (tcp_bind(pcb, IP_ANY_TYPE, l->config.port) != ERR_OK) {
        (void)tcp_close(pcb);
        return BM_E_EXISTS;
    }
    listening = tcp_listen(pcb);
    if (listening == NULL) {
        (void)tcp_close(pcb);
        return BM_E_MEMORY;
    }
    l->pcb = listening;
    tcp_arg(l->pcb, l);
    tcp_accept(l->pcb, on_accept);
    return BM_OK;
}

bm_status bm_net_listen(struct bm_net_listener *l,
                        const struct bm_net_listener_config *config)
{
    *l = (struct bm_net_listener){ .config = *config };
    if (config->places == 0 || config->places > BM_NET_PLACES_MAX) {
        return BM_E_ARGUMENT;
    }
    if (l->config.idle_ms == 0) {
        l->config.idle_ms = BM_NET_PEER_MS;
    }
    if (l->config.handshake_ms == 0) {
        l->config.handshake_ms = BM_NET_PEER_MS;
    }
    return bind_port(l);
}

struct bm_net_stream *bm_net_accept(struct bm_net_listener *l)
{
    for (size_t i = 0; i < l->config.places; i++) {
        struct bm_net_stream *s = &l->config.streams[i];

        if ((l->fresh & 1u << i) == 0) {
            continue;
        }
        l->fresh &= ~(1u << i);
        if (s->pcb != NULL) {
            tcp_setprio(s->pcb, TCP_PRIO_NORMAL);
            return s;
        }
        bm_net_stream_close(s); /* it is over already */
    }
    return NULL;
}

void bm_net_listener_close(struct bm_net_listener *l)
{
    if (l->pcb == NULL) {
        return;
    }
    (void)tcp_close(l->pcb);
    for (size_t i = 0; i < l->config.places; i++) {
        if ((l->fresh & 1u << i) != 0) {
            bm_net_stream_close(&l->config.streams[i]);
        }
    }
    *l = (struct bm_net_listener){ 0 };
}
