/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_ENROL_H
#define BM_DEVICE_ENROL_H

#include "core/base64.h"
#include "device/http.h"
#include "device/job.h"

/*
 * Enrolment and renewal: an EST client (RFC 7030, 8951, 9908) as a state
 * machine without I/O. The caller asks what is wanted next, does it, and
 * tells; sockets, TLS and timers are its own. The same code runs on a
 * microcontroller and in the agent, over any bm_tls. pump.h is the usual
 * caller: it does what is asked for over a struct bm_tls.
 *
 *     bm_enrol_start(&e, &config, BM_ENROL_RENEW, uptime);
 *     for (;;) {
 *         bm_enrol_next(&e, uptime, &ask);
 *         switch (ask.want) {
 *         case BM_JOB_CONNECT: ... TCP and TLS to config.host ...
 *                              bm_enrol_connected(&e, binding, expired);
 *         case BM_JOB_SEND:    ... bm_enrol_sent(&e, n); break;
 *         case BM_JOB_RECEIVE: ... bm_enrol_received(&e, octets); break;
 *         case BM_JOB_CLOSE:   ... break;
 *         case BM_JOB_WAIT:    ... ask.seconds; break;
 *         case BM_JOB_DONE: case BM_JOB_STOPPED: return;
 *
 * What it does, in order, over one connection or, where the server closes it,
 * over several:
 *
 *   cacerts       the roots of today, for bm_trust_learn()
 *   csrattrs      what the server wants to see in a request
 *   simpleenroll or simplereenroll, with the key of the pending place, which
 *                 was durable before the first octet of this left
 *   cacerts       only while an issuer of the new certificate is missing
 *   ... and under the new identity, on a connection of its own:
 *   the proof     GET /device/v1/status; where a server knows no such thing,
 *                 cacerts over mutual TLS is proof enough
 *
 * Then one record flips: bm_identity_commit(). A cut anywhere, a reply that
 * was lost, months without a network: the next start goes on with the same
 * key, and a server that had answered already takes it for the same request.
 *
 * Whatever goes wrong is told by bm_enrol_failed(), or found here, and
 * answered by waiting and trying again with the same key (BM_JOB_WAIT says
 * why), or by BM_JOB_STOPPED where only a person, or another job, helps.
 *
 * One thread at a time, not from interrupts, no state outside of the struct.
 * The longest uninterrupted computation is within one bm_enrol_received(): the
 * signatures of a chain (BM_IDENTITY_CERTS_MAX of them), or all that
 * bm_trust_learn() verifies of a cacerts (for each pair of certificates in the
 * room a path); within one bm_enrol_next(): one signature, or the birth of a
 * key, and the flash.
 * Watchdogs are fed from the functions of struct bm_crypto and the keystore.
 */
enum bm_enrol_job {
    BM_ENROL_BIRTH, /* the IDevID, by a one-time token */
    BM_ENROL_FIRST, /* the first operational identity, by IDevID or token; also
                       when the current one is lost: what was current stays
                       until the new one is proven */
    BM_ENROL_RENEW, /* the next one, by the current one; FIRST where there is
                       none or it has expired and the server has no grace.
                       A clock that stood still does not know that it has:
                       on BM_E_ENROL_FORBIDDEN ask for the time (clock.h) and
                       begin again. Without a clock FIRST is tried. */
    BM_ENROL_PROVE  /* only the proof of a pending one */
};

/*
 * What is counted in a row, for a caller that gives a job up while it waits and
 * begins it anew later: kept by the caller, in flash where it ends in between.
 */
struct bm_enrol_tally {
    uint8_t alerts;
    uint8_t unproven;
    uint16_t laters;
};

/* What is pointed to lives until the job is over. */
struct bm_enrol_config {
    const struct bm_crypto *crypto;
    struct bm_identity *identity;
    struct bm_trust *trust; /* judges what was issued, and learns roots; the
                               server is judged by it, too, in TLS */
    struct bm_clock *clock; /* learns notBefore of what was issued; or NULL */
    const char *host;       /* of the EST server, for Host and the name check */
    uint16_t port;
    const char *label;          /* RFC 7030 3.2.2, or NULL */
    const char *device;         /* user of the token, or NULL */
    struct bm_bytes token;      /* one-time secret, or empty */
    struct bm_bytes subject;    /* Name for the request, or empty: the
                                   IDevID's, or that of the current one */
    struct bm_bytes extensions; /* Extension elements for the request */
    bool est_only;              /* the server is not birthmarkd: no device API,
                                   cacerts over mutual TLS is the proof */

    /*
     * Memory for requests and replies: BM_ENROL_ROOM octets are enough where
     * every certificate is of P-256, which is all that a microcontroller
     * verifies. A host gives more. Wiped when the job is over.
     */
    uint8_t *room;
    size_t room_n;

    struct bm_enrol_tally *tally; /* read at the start, written at each wait,
                                     zeros at the end; or NULL */
    uint16_t patience; /* answers of "come again" in a row before the job stops;
                          0: BM_ENROL_PATIENCE */
    uint16_t exchange; /* seconds for one connection's handshake, and for one
                          exchange; 0: BM_ENROL_EXCHANGE_MAX */
};

/* Together with struct bm_enrol 4 KB on a Cortex-M3. */
#define BM_ENROL_ROOM 3584

/* 202 in a row: with waits that grow to BM_ENROL_LATER_MAX, some weeks. */
#define BM_ENROL_PATIENCE 200
/* What a Retry-After is bounded by, in seconds. */
#define BM_ENROL_LATER_MIN 1
#define BM_ENROL_LATER_MAX 86400
/* Seconds: a signature of a slow element and a slow link fit; a server that
 * drips does not. */
#define BM_ENROL_EXCHANGE_MAX 120
/* Octets of a channel binding. */
#define BM_ENROL_BINDING_MAX 32
/* Redirects in a row (RFC 7030 3.2.1 leaves the number to us). */
#define BM_ENROL_REDIRECTS_MAX 3
/* Octets of csrattrs, which are kept until the request is made. */
#define BM_ENROL_ATTRS_MAX 1024
/* Certificates of an answer to a request: a chain, and what else it brings. */
#define BM_ENROL_CERTS_MAX 8
/* Octets of what a server says to people: see bm_enrol_words(). */
#define BM_ENROL_WORDS_MAX 256

/* The small ones first: instructions that reach these are shorter. */
struct bm_enrol {
    /* Private. */
    uint8_t state;
    uint8_t step;
    uint8_t job;
    uint8_t shown; /* the identity that the connection shows: place, plus 1 */
    uint8_t sink;  /* where the body goes that is being read */
    uint8_t redirects;
    uint8_t alerts; /* in a row */
    uint8_t unproven;
    uint16_t flags;
    uint16_t used;      /* octets at the start of the room that are kept */
    uint16_t request_n; /* octets of the request behind them, */
    uint16_t sent;      /* of which so many have left, */
    uint16_t body_at;   /* and of which so many are its head */
    uint16_t words_n;   /* of what a server said */
    uint16_t failures;  /* in a row */
    uint16_t laters;    /* in a row */

    /* To be read. */
    uint16_t http;                   /* status of the last answer, or 0 */
    bm_status learned;               /* how the first cacerts went, which stops
                                        nothing */
    size_t roots;                    /* new ones since the start of the job */
    struct bm_renewal_window window; /* when the server wants the next renewal;
                                        zeros: it did not say */

    /* Private. */
    const struct bm_enrol_config *config;
    bm_status why;        /* of the wait or the stop */
    uint32_t at;          /* uptime, as told last */
    uint32_t until;       /* uptime: end of the wait, or of patience */
    uint32_t connections; /* so far, by which the clock tells them apart */
    struct bm_enrol_message {
        uint8_t element; /* how far in the message */
        uint8_t head_n;
        uint8_t head[6];  /* identifier and length octets */
        uint8_t deep;     /* indefinite lengths that are open */
        uint8_t certs;    /* in the room */
        uint8_t form;     /* base64 or DER */
        bool keep;        /* the element is a certificate */
        uint16_t cert_at; /* where in the room the certificate begins */
        uint32_t left;    /* octets of the element that is being read */
        uint32_t list;    /* octets of the list of certificates */
    } message;
    struct bm_base64 base64;
    struct bm_http reply;
    uint8_t binding_n;
    uint8_t binding[BM_ENROL_BINDING_MAX];
};

/*
 * Begin a job, or go on with it after a restart: what was reached is read from
 * the identity. BM_E_IDENTITY_STATE: BIRTH but there is an IDevID; PROVE but
 * nothing is pending; neither IDevID nor token to show. BM_E_ARGUMENT: the
 * configuration is incomplete.
 */
BM_MUST_CHECK bm_status bm_enrol_start(struct bm_enrol *e,
                                       const struct bm_enrol_config *config,
                                       enum bm_enrol_job job, uint32_t uptime);

/* What is wanted next. May be asked again and again. */
void bm_enrol_next(struct bm_enrol *e, uint32_t uptime, struct bm_job_ask *ask);

/* The rest of what a job is told: see struct bm_job_calls. */

void bm_enrol_connected(struct bm_enrol *e, struct bm_bytes binding,
                        bool expired);

void bm_enrol_sent(struct bm_enrol *e, size_t n);

void bm_enrol_received(struct bm_enrol *e, struct bm_bytes octets);

/*
 * Three BM_E_TLS_ALERT in a row (pump.c has the list) are a refusal of what was
 * shown. Those of the handshake may be of anybody on the way, so they destroy
 * nothing.
 */
void bm_enrol_failed(struct bm_enrol *e, bm_status why);

/*
 * What the server said to people with its last refusal, as it came: text of
 * strangers, to be made printable. Good until the next call.
 */
struct bm_bytes bm_enrol_words(const struct bm_enrol *e);

/* Hand it to a pump, once it is started. `*job` is good as long as `*e` is. */
void bm_enrol_as_job(struct bm_enrol *e, struct bm_job *job);

/* Give up: secrets are wiped; what is durable stays for the next start. */
void bm_enrol_stop(struct bm_enrol *e);

#endif
