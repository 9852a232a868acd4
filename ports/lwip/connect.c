/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/lwip/connect.h"

#include <lwip/dns.h>
#include <string.h>

#include "ports/lwip/internal.h"

enum {
    IDLE,
    WAITING,    /* for a link, an address of ours, our turn to ask DNS */
    RESOLVING,  /* for an answer of DNS */
    UNKNOWN,    /* which was: there is no such name */
    RESOLVED,   /* but not on the way yet */
    CONNECTING, /* and later: connected */
};

/* The answer may come when it is not wanted any more. */
static void found(const char *name, const ip_addr_t *address, void *arg)
{
    struct bm_net_connector *c = arg;

    if (c->state != RESOLVING || strcmp(name, c->host) != 0) {
        return;
    }
    c->state = address != NULL ? RESOLVED : UNKNOWN;
    if (address != NULL) {
        c->address = *address;
    }
}

static bm_status look_up(struct bm_net_connector *c, const char *host)
{
    err_t err = ERR_OK;

    if (ipaddr_aton(host, &c->address) == 0) {
        if (ip_addr_isany(dns_getserver(0))) {
            return BM_E_NET_RESOLVE;
        }
        c->host = host;
        c->state = RESOLVING;
        err = dns_gethostbyname(host, &c->address, found, c);
    }
    if (err == ERR_MEM) {
        c->state = WAITING; /* somebody else's look-up is under way */
        return BM_E_TLS_AGAIN;
    }
    if (err == ERR_OK) {
        c->state = RESOLVED;
    }
    return err == ERR_OK || err == ERR_INPROGRESS ? BM_OK : BM_E_NET_RESOLVE;
}

static bm_status start(struct bm_net_connector *c, uint16_t port)
{
    struct tcp_pcb *pcb;
    err_t err;

    /* lwIP would take one of our addresses that is of no use there. */
    if (!lwip_may_reach(c->config.net, &c->address)) {
        return BM_E_TLS_AGAIN;
    }
    pcb = tcp_new_ip_type(IP_GET_TYPE(&c->address));
    if (pcb == NULL) {
        return BM_E_MEMORY;
    }
    lwip_stream_open(&c->stream, c->config.net, pcb, BM_E_TLS_AGAIN);
    c->stream.idle = c->config.idle_ms;
    err = lwip_stream_connect(&c->stream, &c->address, port);
    if (err != ERR_OK) {
        bm_net_stream_close(&c->stream);
    }
    /* No way there: an address of ours may be on its way, of that kind. */
    return err == ERR_RTE   ? BM_E_TLS_AGAIN
           : err == ERR_MEM ? BM_E_MEMORY
           : err == ERR_OK  ? BM_OK
                            : BM_E_NET_CONNECT;
}

/* One step; BM_E_TLS_AGAIN: none can be taken. */
static bm_status step(struct bm_net_connector *c, const char *host,
                      uint16_t port)
{
    switch (c->state) {
    case IDLE:
        c->since = sys_now();
        c->state = WAITING;
        return BM_OK;
    case WAITING:
        return bm_net_ready(c->config.net) ? look_up(c, host) : BM_E_TLS_AGAIN;
    case RESOLVING:
        return BM_E_TLS_AGAIN;
    case RESOLVED:
        BM_TRY(start(c, port));
        c->state = CONNECTING;
        return BM_OK;
    case CONNECTING:
        return c->stream.status;
    default:
        return BM_E_NET_RESOLVE;
    }
}

static void connector_close(void *self)
{
    struct bm_net_connector *c = self;

    bm_net_stream_close(&c->stream);
    c->state = IDLE;
}

/* Time is up: what was missing? */
static bm_status too_late(const struct bm_net_connector *c)
{
    switch (c->state) {
    case WAITING:
        return bm_net_ready(c->config.net) ? BM_E_NET_RESOLVE : BM_E_NET_DOWN;
    case RESOLVING:
        return BM_E_NET_RESOLVE;
    case RESOLVED:
        return BM_E_NET_DOWN; /* no address of ours like the peer's */
    default:
        return BM_E_NET_TIMEOUT;
    }
}

static bm_status connector_open(void *self, const char *host, uint16_t port,
                                const struct bm_transport **transport)
{
    struct bm_net_connector *c = self;
    bm_status rc = BM_OK;

    *transport = NULL;
    while (rc == BM_OK) {
        bool connected = c->state == CONNECTING;

        rc = step(c, host, port);
        if (rc == BM_OK && connected) {
            *transport = &c->stream.transport;
            return BM_OK;
        }
    }
    if (rc == BM_E_TLS_AGAIN &&
        lwip_passed(sys_now(), c->since + c->config.connect_ms)) {
        rc = too_late(c);
    }
    if (rc != BM_E_TLS_AGAIN) {
        connector_close(c);
    }
    return rc;
}

void bm_net_connector_init(struct bm_net_connector *c,
                           const struct bm_net_connector_config *config)
{
    *c = (struct bm_net_connector){
        .connector = { c, connector_open, connector_close },
        .config = *config,
    };
    if (c->config.connect_ms == 0) {
        c->config.connect_ms = BM_NET_CONNECT_MS;
    }
    if (c->config.idle_ms == 0) {
        c->config.idle_ms = BM_NET_IDLE_MS;
    }
}
