/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_LWIP_TLS_LAYER_H
#define BM_PORTS_LWIP_TLS_LAYER_H

#include <lwip/altcp.h>

#include "device/pump.h"

/*
 * Our mutual TLS below applications of lwIP's, its MQTT client first of all:
 * an implementation of lwip/altcp_tls.h, client side, over struct bm_tls and
 * struct bm_connector.
 *
 *     static struct altcp_tls_config layer;
 *
 *     bm_tls_layer_init(&layer, &config);
 *     info.tls_config = &layer;
 *     mqtt_client_connect(client, IP_ANY_TYPE, 0, connected, NULL, &info);
 *     for (;;) {
 *         bm_net_poll(&net);
 *         bm_tls_layer_poll(&layer);
 *     }
 *
 * Whom to connect to is said in the configuration, by name, since the peer's
 * certificate is judged by it; address and port that the application hands to
 * altcp_connect() are not looked at.
 *
 * There is one connection at a time per layer. All of TLS happens in
 * bm_tls_layer_poll(), never inside of lwIP's own callbacks, and so does
 * everything that the application is called for.
 */
struct bm_tls_layer_config {
    const struct bm_tls *tls;
    const struct bm_connector *connector;
    const char *host;
    uint16_t port;
    /* Asked when a connection begins: fills in who we are and who the peer has
     * to be; transport is ours. */
    bm_status (*identity)(void *self, struct bm_tls_config *tls);
    /* The session is over, so that a key may be closed; or NULL. */
    void (*closed)(void *self);
    void *self;
    uint32_t (*ms)(void);
};

/* What an application may write before TLS has taken it: a message of MQTT. */
#define BM_TLS_LAYER_ROOM 512

/* The name is lwIP's. Caller-allocated; must not move. */
struct altcp_tls_config {
    bm_status why; /* what ended the connection last; BM_OK: nothing did */

    /* Private. */
    const struct bm_tls_layer_config *config;
    struct altcp_pcb *conn;
    altcp_connected_fn connected;
    struct bm_tls_session *session;
    const struct bm_transport *transport;
    uint8_t state;
    uint32_t polled;
    uint8_t out[BM_TLS_LAYER_ROOM];
    size_t out_n;
    size_t out_at;
    size_t offered; /* of them, in a write that could not go on */
};

/* The configuration lives as long as the layer. */
void bm_tls_layer_init(struct altcp_tls_config *layer,
                       const struct bm_tls_layer_config *config);

/* Do what can be done now. At most one step of a handshake. */
void bm_tls_layer_poll(struct altcp_tls_config *layer);

#endif
