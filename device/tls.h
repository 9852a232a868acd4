/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TLS_H
#define BM_DEVICE_TLS_H

#include "core/crypto.h"
#include "device/trust.h"

/*
 * Mutual TLS, one small interface for client and server: device to cloud and
 * device to device are the same calls. A port supplies it (ports/openssl,
 * ports/mbedtls): TLS 1.3 and 1.2, ECDHE, ECDSA over P-256, AEAD; nothing
 * older, no renegotiation, no early data.
 *
 * Nothing here blocks: octets move through the caller's transport, and what
 * cannot go on now says BM_E_TLS_AGAIN. Whoever calls waits for the transport
 * and calls the same function again, with the same octets where it writes.
 * How long to be patient with a peer that drips is the caller's to decide.
 *
 * The judge of the peer is bm_trust_judge(), and it alone: a library hands over
 * the certificates as they came and takes the verdict. What TLS itself shows,
 * that the peer holds the key of the certificate, is the library's part.
 *
 * One thread at a time per port. The longest uninterrupted computation is the
 * step of a handshake in which a chain is judged: as many signatures as
 * core/path.h allows; a hook for watchdogs belongs into the transport, which
 * is called between steps, and into struct bm_crypto.
 */

/* The octet stream below: a socket, lwIP's pcb, memory in a test. */
struct bm_transport {
    void *self;
    /* `*n` octets moved, at least 1; BM_E_TLS_AGAIN; BM_E_TLS_CLOSED at the
     * end of the stream; anything else is handed up as it is. */
    bm_status (*send)(void *self, struct bm_bytes octets, size_t *n);
    bm_status (*receive)(void *self, uint8_t *out, size_t cap, size_t *n);
};

/* RFC 8446 4.1.2, RFC 5246 1.2: as versions stand on the wire. */
#define BM_TLS_1_2 0x0303
#define BM_TLS_1_3 0x0304

/* What is pointed to lives until close(); `signer` until the handshake is done,
 * since nothing is signed after it (no renegotiation, and a client does not
 * answer a request that comes later, RFC 8446 4.6.2). */
struct bm_tls_config {
    bool server;
    const struct bm_trust *trust; /* the judge of the peer */
    /* Who the peer has to be. A client tells the server its `host` (SNI), if it
     * is a host name: not an address, and not that of a device. */
    struct bm_trust_expect expect;
    const struct bm_signer *signer; /* our key, or NULL: show no certificate */
    const struct bm_bytes *chain;   /* DER, our own certificate first */
    size_t chain_n;
    const struct bm_transport *transport;
    bool peer_optional; /* server: let in a client without a certificate */
    /* Never resume an earlier session, where the port would. BM_TRUST_ENROL
     * never does: a channel binding wants a handshake of its own. */
    bool fresh;
    uint16_t version; /* BM_TLS_1_3 or BM_TLS_1_2: this one alone; 0: either */
};

/* Our own certificate and those above it: no fewer than peers may send us. */
#define BM_TLS_CHAIN_MAX 8

/* Of both kinds of channel binding the longest. */
#define BM_TLS_BINDING_MAX 32

/* RFC 8446 6: alert descriptions are octets. This one is none. */
#define BM_TLS_ALERT_NONE 0xff

/* What is known of a session, for logs; zeros where nothing is yet. */
struct bm_tls_facts {
    uint16_t version; /* 0: not agreed on yet */
    uint8_t alert;    /* what the peer sent with BM_E_TLS_ALERT; else
                         BM_TLS_ALERT_NONE */
    bool resumed;
    int32_t library; /* the library's own code of what failed last, or 0 */
};

struct bm_tls_session; /* the port's */

/* What a port is. Sessions come from the port's own memory (a heap under
 * Linux, a fixed number on a microcontroller: BM_E_MEMORY). */
struct bm_tls {
    void *self;

    /*
     * BM_E_KEY_MISMATCH: the signer is not the key of chain[0].
     * BM_E_KEY_UNSUPPORTED: not P-256, or not a key that this port can use.
     * BM_E_ARGUMENT: a server without a key; a chain that is too long.
     * On error `*session` is NULL.
     */
    bm_status (*open)(void *self, const struct bm_tls_config *config,
                      struct bm_tls_session **session);

    /*
     * BM_OK when done; BM_E_TLS_AGAIN. Otherwise it is over, close() is what is
     * left, and calling again gives the same:
     *
     *   the judge's own refusal, in preference to the library's code
     *   BM_E_TLS_NO_CERT    the peer showed no certificate
     *   BM_E_TLS_PROOF      it does not hold the key of its certificate
     *   BM_E_TLS_SUITE      no version, group or algorithm in common
     *   BM_E_TLS_ALERT      the peer refused, and said so: facts() has which
     *   BM_E_TLS_TRUNCATED  the stream ended within the handshake
     *   BM_E_TLS_HANDSHAKE  anything else: not TLS, damaged, too large
     *   BM_E_MEMORY, what the transport or the signer returned
     *
     * In TLS 1.3 a client is done before the server has judged it: a refusal
     * comes with the first read().
     */
    bm_status (*handshake)(struct bm_tls_session *session);

    /* `*n` octets were taken, at least 1 of `octets`, which are not empty. */
    bm_status (*write)(struct bm_tls_session *session, struct bm_bytes octets,
                       size_t *n);
    /* BM_E_TLS_CLOSED after the peer's close_notify, BM_E_TLS_TRUNCATED after
     * an end without one. */
    bm_status (*read)(struct bm_tls_session *session, uint8_t *out, size_t cap,
                      size_t *n);

    /* NULL: the peer was not judged (yet, or it showed no certificate). */
    const struct bm_trust_verdict *(*verdict)(
        const struct bm_tls_session *session);
    /* The peer's own certificate, DER, until close; empty if it has none or
     * was refused. */
    struct bm_bytes (*peer)(const struct bm_tls_session *session);
    /*
     * TLS 1.3: tls-exporter (RFC 9266). TLS 1.2: tls-unique (RFC 5929 3), with
     * extended master secret and not resumed. BM_E_NOT_FOUND where there is
     * none.
     */
    bm_status (*binding)(struct bm_tls_session *session,
                         uint8_t out[BM_TLS_BINDING_MAX], size_t *n);
    void (*facts)(const struct bm_tls_session *session,
                  struct bm_tls_facts *facts);
    /* Sends close_notify if it can at once, and frees. NULL is fine. */
    void (*close)(struct bm_tls_session *session);
};

/* tls_text.c: "bad_certificate"; "unknown". For programs that print. */
const char *bm_tls_alert_text(uint8_t alert);

#endif
