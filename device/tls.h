/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TLS_H
#define BM_DEVICE_TLS_H

#include "core/crypto.h"
#include "device/trust.h"

/*
 * Mutual TLS, one small interface for client and server: device to cloud and
 * device to device are the same calls. A port supplies it (ports/openssl,
 * ports/mbedtls); TLS 1.3 and 1.2, ECDHE-ECDSA, P-256. Nothing here blocks:
 * octets move through the caller's transport, and what cannot go on now says
 * BM_E_TLS_AGAIN.
 */

/* The octet stream below: a socket, lwIP's pcb, memory in a test. */
struct bm_transport {
    void *self;
    /* `*n` octets moved, at least 1; BM_E_TLS_AGAIN; BM_E_TLS_CLOSED. */
    bm_status (*send)(void *self, struct bm_bytes octets, size_t *n);
    bm_status (*receive)(void *self, uint8_t *out, size_t cap, size_t *n);
};

struct bm_tls_config {
    bool server;
    const struct bm_trust *trust; /* the judge of the peer */
    struct bm_trust_expect expect;
    const struct bm_signer *signer; /* our key, or NULL: show no certificate */
    const struct bm_bytes *chain;   /* DER, our own certificate first */
    size_t chain_n;
    const struct bm_transport *transport;
    bool peer_optional; /* server: let in a client without a certificate */
};

struct bm_tls_session; /* the port's */

/* What a port is. Sessions come from the port's own memory (a heap under
 * Linux, a fixed number on a microcontroller: BM_E_MEMORY). */
struct bm_tls {
    void *self;
    bm_status (*open)(void *self, const struct bm_tls_config *config,
                      struct bm_tls_session **session);
    /* BM_OK when done; BM_E_TLS_AGAIN; the judge's own refusal
     * (bm_trust_judge()) in preference to the library's code. */
    bm_status (*handshake)(struct bm_tls_session *session);
    bm_status (*write)(struct bm_tls_session *session, struct bm_bytes octets,
                       size_t *n);
    /* BM_E_TLS_CLOSED after the peer's close_notify, BM_E_TLS_TRUNCATED after
     * an end without one. */
    bm_status (*read)(struct bm_tls_session *session, uint8_t *out, size_t cap,
                      size_t *n);
    const struct bm_trust_verdict *(*verdict)(
        const struct bm_tls_session *session);
    /* The peer's own certificate, DER, until close; empty if it has none. */
    struct bm_bytes (*peer)(const struct bm_tls_session *session);
    /* RFC 9266 tls-exporter, or tls-unique in TLS 1.2; `out` holds 32. */
    bm_status (*binding)(struct bm_tls_session *session, uint8_t *out,
                         size_t *n);
    /* Sends close_notify if it can at once, and frees. NULL is fine. */
    void (*close)(struct bm_tls_session *session);
};

#endif
