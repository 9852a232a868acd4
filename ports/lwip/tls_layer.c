/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/lwip/tls_layer.h"

#include <lwip/altcp_tcp.h>
#include <lwip/altcp_tls.h>
#include <lwip/priv/altcp_priv.h>
#include <string.h>

enum {
    IDLE,       /* nobody asked for a connection */
    CONNECTING, /* the stream */
    SHAKING,    /* hands, over it */
    OPEN,
    ENDED /* by the peer; the application knows */
};

/* Octets that are read at a time: one buffer of lwIP's. */
#define PIECE 256
/* Pieces in one call: a peer may send as fast as we read. */
#define PIECES_MAX 16

/* lwIP counts an application's poll interval in these. */
#define TICK_MS 500

void bm_tls_layer_init(struct altcp_tls_config *layer,
                       const struct bm_tls_layer_config *config)
{
    *layer = (struct altcp_tls_config){ .config = config };
}

/* Everything below the application goes; `conn` is its own to free. */
static void shut(struct altcp_tls_config *layer)
{
    const struct bm_tls_layer_config *c = layer->config;

    c->tls->close(layer->session);
    layer->session = NULL;
    if (layer->state != IDLE) {
        c->connector->close(c->connector->self);
        if (c->closed != NULL) {
            c->closed(c->self);
        }
    }
    layer->state = IDLE;
    layer->transport = NULL;
    bm_wipe(layer->out, sizeof layer->out);
    layer->out_n = 0;
    layer->out_at = 0;
    layer->offered = 0;
}

/* As lwIP has it: the connection is gone when the application hears of it. */
static void fail(struct altcp_tls_config *layer, bm_status why)
{
    struct altcp_pcb *conn = layer->conn;
    altcp_err_fn err = conn->err;
    void *arg = conn->arg;

    layer->why = why;
    shut(layer);
    layer->conn = NULL;
    altcp_free(conn);
    if (err != NULL) {
        err(arg, ERR_ABRT);
    }
}

/* ---- Steps */

static bm_status connect(struct altcp_tls_config *layer)
{
    const struct bm_tls_layer_config *c = layer->config;
    struct bm_tls_config tls = { 0 };

    BM_TRY(c->connector->open(c->connector->self, c->host, c->port,
                              &layer->transport));
    BM_TRY(c->identity(c->self, &tls));
    tls.transport = layer->transport;
    BM_TRY(c->tls->open(c->tls->self, &tls, &layer->session));
    layer->state = SHAKING;
    return BM_OK;
}

static bm_status shake(struct altcp_tls_config *layer)
{
    BM_TRY(layer->config->tls->handshake(layer->session));
    layer->state = OPEN;
    layer->polled = layer->config->ms();
    if (layer->connected != NULL) {
        (void)layer->connected(layer->conn->arg, layer->conn, ERR_OK);
    }
    return BM_OK;
}

/* A write that could not go on is repeated with the same octets. */
static bm_status flush(struct altcp_tls_config *layer)
{
    struct altcp_pcb *conn = layer->conn;
    size_t n = 0;

    while (layer->out_at != layer->out_n) {
        if (layer->offered == 0) {
            layer->offered = layer->out_n - layer->out_at;
        }
        BM_TRY(layer->config->tls->write(
            layer->session,
            (struct bm_bytes){ layer->out + layer->out_at, layer->offered },
            &n));
        layer->offered = 0;
        layer->out_at += n;
    }
    n = layer->out_n;
    layer->out_n = 0;
    layer->out_at = 0;
    if (n != 0 && conn->sent != NULL) {
        (void)conn->sent(conn->arg, conn, (uint16_t)n);
    }
    return BM_OK;
}

static bm_status read_piece(struct altcp_tls_config *layer, struct pbuf *p)
{
    size_t n = 0;

    BM_TRY(layer->config->tls->read(layer->session, p->payload, p->len, &n));
    pbuf_realloc(p, (uint16_t)n);
    return BM_OK;
}

/* The application takes every piece, as a pipe without room of its own asks. */
static bm_status receive(struct altcp_tls_config *layer)
{
    struct altcp_pcb *conn = layer->conn;
    struct pbuf *p = pbuf_alloc(PBUF_RAW, PIECE, PBUF_POOL);
    bm_status rc = BM_E_TLS_AGAIN;

    if (p == NULL) {
        return rc; /* others hold all buffers for the moment */
    }
    rc = read_piece(layer, p);
    if (rc != BM_OK) {
        pbuf_free(p);
        if (rc != BM_E_TLS_CLOSED) {
            return rc;
        }
        layer->state = ENDED;
        p = NULL;
    }
    if (conn->recv == NULL ||
        conn->recv(conn->arg, conn, p, ERR_OK) == ERR_MEM) {
        if (p != NULL) {
            pbuf_free(p);
        }
        return BM_E_MEMORY;
    }
    return BM_OK;
}

/* Applications count on being called now and then. */
static void tick(struct altcp_tls_config *layer)
{
    struct altcp_pcb *conn = layer->conn;
    uint32_t now = layer->config->ms();

    if (conn->poll != NULL &&
        (uint32_t)(now - layer->polled) >= TICK_MS * conn->pollinterval) {
        layer->polled = now;
        (void)conn->poll(conn->arg, conn);
    }
}

/* One thing; the application may have closed when this returns. */
static bm_status step(struct altcp_tls_config *layer, unsigned turn)
{
    bm_status rc;

    switch (layer->state) {
    case CONNECTING:
        return connect(layer);
    case SHAKING:
        rc = shake(layer);
        return rc == BM_OK ? BM_E_TLS_AGAIN : rc; /* enough for one call */
    case OPEN:
        if (turn == 0) {
            tick(layer);
        }
        if (layer->conn == NULL || layer->state != OPEN) {
            return BM_E_TLS_AGAIN;
        }
        rc = flush(layer);
        if (rc != BM_OK && rc != BM_E_TLS_AGAIN) {
            return rc;
        }
        return layer->conn != NULL ? receive(layer) : BM_E_TLS_AGAIN;
    default:
        return BM_E_TLS_AGAIN;
    }
}

void bm_tls_layer_poll(struct altcp_tls_config *layer)
{
    bm_status rc = BM_OK;

    for (unsigned turn = 0;
         turn < PIECES_MAX && rc == BM_OK && layer->conn != NULL; turn++) {
        rc = step(layer, turn);
    }
    if (rc != BM_OK && rc != BM_E_TLS_AGAIN && layer->conn != NULL) {
        fail(layer, rc);
    }
}

/* ---- What lwIP's applications call */

static err_t layer_bind(struct altcp_pcb *conn, const ip_addr_t *address,
                        uint16_t port)
{
    (void)conn;
    (void)address;
    (void)port;
    return ERR_OK; /* the connector takes any */
}

static err_t layer_connect(struct altcp_pcb *conn, const ip_addr_t *address,
                           uint16_t port, altcp_connected_fn connected)
{
    struct altcp_tls_config *layer = conn->state;

    (void)address;
    (void)port;
    layer->connected = connected;
    layer->why = BM_OK;
    layer->state = CONNECTING;
    return ERR_OK;
}

static err_t layer_close(struct altcp_pcb *conn)
{
    struct altcp_tls_config *layer = conn->state;

    if (layer->state == OPEN) {
        (void)flush(layer);
    }
    shut(layer);
    layer->conn = NULL;
    altcp_free(conn);
    return ERR_OK;
}

static void layer_abort(struct altcp_pcb *conn)
{
    (void)layer_close(conn);
}

static uint16_t layer_room(struct altcp_pcb *conn)
{
    const struct altcp_tls_config *layer = conn->state;

    return layer->state == OPEN ? (uint16_t)(BM_TLS_LAYER_ROOM - layer->out_n)
                                : 0;
}

static err_t layer_write(struct altcp_pcb *conn, const void *octets, uint16_t n,
                         uint8_t flags)
{
    struct altcp_tls_config *layer = conn->state;

    (void)flags;
    if (layer->state != OPEN) {
        return ERR_CONN;
    }
    if (n > layer_room(conn)) {
        return ERR_MEM;
    }
    memcpy(layer->out + layer->out_n, octets, n);
    layer->out_n += n;
    return ERR_OK;
}

static err_t layer_output(struct altcp_pcb *conn)
{
    (void)conn;
    return ERR_OK; /* bm_tls_layer_poll() does */
}

static void layer_recved(struct altcp_pcb *conn, uint16_t n)
{
    (void)conn;
    (void)n; /* more is read when it was taken */
}

static void layer_set_poll(struct altcp_pcb *conn, uint8_t interval)
{
    (void)conn;
    (void)interval; /* kept by lwIP's altcp_poll() */
}

static const struct altcp_functions functions = {
    .set_poll = layer_set_poll,
    .recved = layer_recved,
    .bind = layer_bind,
    .connect = layer_connect,
    .abort = layer_abort,
    .close = layer_close,
    .write = layer_write,
    .output = layer_output,
    .sndbuf = layer_room,
};

struct altcp_pcb *altcp_tls_new(struct altcp_tls_config *config, u8_t ip_type)
{
    struct altcp_pcb *conn;

    (void)ip_type;
    if (config == NULL || config->conn != NULL) {
        return NULL;
    }
    conn = altcp_alloc();
    if (conn != NULL) {
        conn->fns = &functions;
        conn->state = config;
        config->conn = conn;
    }
    return conn;
}

/* What an application asks for that was given no TLS: there is nothing in the
 * clear here. */
struct altcp_pcb *altcp_tcp_new_ip_type(u8_t ip_type)
{
    (void)ip_type;
    return NULL;
}
