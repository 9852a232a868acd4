/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_ENROL_H
#define BM_DEVICE_ENROL_H

#include "device/identity.h"
#include "device/trust.h"

/*
 * Enrolment and renewal: an EST client (RFC 7030, 8951, 9908) as a state
 * machine without I/O. The caller asks what is wanted next, does it, and
 * tells; sockets, TLS and timers are its own. The same code runs on a
 * microcontroller and in the agent, over any bm_tls.
 *
 *     bm_enrol_start(&e, &config, BM_ENROL_RENEW, uptime);
 *     for (;;) {
 *         bm_enrol_next(&e, uptime, &ask);
 *         switch (ask.want) {
 *         case BM_ENROL_CONNECT: ... open TCP and TLS to config.host ...
 *                                bm_enrol_connected(&e, binding); break;
 *         case BM_ENROL_SEND:    ... bm_enrol_sent(&e, n); break;
 *         case BM_ENROL_RECEIVE: ... bm_enrol_received(&e, octets); break;
 *         ...
 *
 * Whatever goes wrong is told by bm_enrol_failed() and answered by waiting and
 * trying again with the same key, or by BM_ENROL_STOPPED with a named error.
 */
enum bm_enrol_job {
    BM_ENROL_BIRTH, /* the IDevID, by a one-time token */
    BM_ENROL_FIRST, /* the first operational identity, by IDevID or token; also
                       when the current one is lost */
    BM_ENROL_RENEW, /* the next one, by the current one */
    BM_ENROL_PROVE  /* only the proof of a pending one */
};

enum bm_enrol_want {
    BM_ENROL_CONNECT, /* TLS to the server; `place` is the identity to show */
    BM_ENROL_SEND,
    BM_ENROL_RECEIVE,
    BM_ENROL_CLOSE, /* the connection; then ask again */
    BM_ENROL_WAIT,  /* `seconds`, then ask again */
    BM_ENROL_DONE,
    BM_ENROL_STOPPED /* `status`: needs somebody; see enrol_... */
};

struct bm_enrol_ask {
    enum bm_enrol_want want;
    bool show;                    /* CONNECT: show an identity at all, */
    enum bm_identity_place place; /* this one */
    struct bm_bytes octets;       /* SEND */
    uint32_t seconds;             /* WAIT */
    bm_status status;             /* WAIT, STOPPED: why */
};

struct bm_enrol_config {
    const struct bm_crypto *crypto;
    struct bm_identity *identity;
    struct bm_trust *trust;
    struct bm_clock *clock;
    const char *host; /* of the EST server, for Host and the name check */
    uint16_t port;
    const char *label;          /* RFC 7030 3.2.2, or NULL */
    const char *device;         /* user of the token, or NULL */
    struct bm_bytes token;      /* one-time secret, or empty */
    struct bm_bytes subject;    /* Name for the request, or empty: the
                                   IDevID's, or that of the current one */
    struct bm_bytes extensions; /* Extension elements for the request */
};

/* struct bm_enrol, its buffers inside, and the functions above are the
 * owner's to define: at most 4 KB on a Cortex-M3. */
struct bm_enrol;

#endif
