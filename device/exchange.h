/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_EXCHANGE_H
#define BM_DEVICE_EXCHANGE_H

#include "device/http.h"
#include "device/job.h"

/*
 * One HTTP/1.1 exchange (RFC 9112): a request from memory, its answer read as
 * it arrives. It is a job (job.h), so a pump drives it: that is how firmware
 * reports a reading to any HTTPS server.
 *
 *     bm_exchange_init(&x, &config);
 *     rc = bm_exchange_start(&x, &(struct bm_exchange_request){
 *         .method = "POST", .path = BM_LIT("/readings"),
 *         .type = "application/json", .body = reading }, NULL, uptime);
 *     bm_exchange_as_job(&x, &job);
 *     ... bm_pump_init(&pump, &pump_config); bm_pump_run() until it is over:
 *     BM_OK, and x.reply.status is what the server says; or why not ...
 *
 * Nothing is tried twice: the job ends with DONE or STOPPED, and when to come
 * again is the caller's to decide (bm_backoff()). Whoever has several exchanges
 * with one server (deliver.h) starts the next one when bm_exchange_over(),
 * before it asks bm_exchange_next() again: the connection is used on, where
 * the server allows.
 *
 * One thread at a time. Nothing blocks but what the sink does.
 */

/* Octets of a request's head that every request of ours fits in: path, host,
 * and the headers below. */
#define BM_EXCHANGE_HEAD_MAX 640

/* Octets of an entity tag, quotes included: a SHA-256 in hexadecimal, and a
 * weak one's mark. A longer one counts as none. */
#define BM_EXCHANGE_ETAG_MAX 68

/* Seconds for a handshake, for an exchange until its answer begins, and for
 * each BM_EXCHANGE_PIECE octets of a body after that: a slow link fits, and a
 * server that drips does not. */
#define BM_EXCHANGE_PATIENCE 120
#define BM_EXCHANGE_PIECE    4096

struct bm_exchange;

/* Where a body goes. */
struct bm_exchange_sink {
    void *self;
    /* The head is complete: x->reply.status, x->etag, x->range. Anything but
     * BM_OK ends the exchange with it, and the connection. */
    bm_status (*head)(void *self, const struct bm_exchange *x);
    /* The next octets. Likewise. */
    bm_status (*body)(void *self, struct bm_bytes octets);
};

/* `body` lives until the exchange is over; the rest is not kept. */
struct bm_exchange_request {
    const char *method;
    struct bm_bytes path;   /* and query; origin-form, as it is to stand */
    const char *type;       /* Content-Type of the body; NULL: there is none, */
    struct bm_bytes body;   /* which is empty then */
    struct bm_bytes unless; /* If-None-Match: this entity tag; or empty */
    uint32_t from;          /* Range: octets from here on; 0: all */
    struct bm_bytes same; /* If-Range: this entity tag, with `from`; or empty */
    const char *lines;    /* further header lines, each with its CRLF; NULL */
};

/* What is pointed to lives as long as the exchange. */
struct bm_exchange_config {
    const struct bm_identity *identity; /* NULL: nothing is shown, */
    enum bm_identity_place place;       /* else this one */
    const struct bm_trust *trust;
    enum bm_trust_use use; /* BM_TRUST_CLOUD, usually */
    const char *host;      /* for Host and the name check */
    uint16_t port;
    uint8_t *room; /* for the request's head: BM_EXCHANGE_HEAD_MAX octets do */
    size_t room_n;
    uint16_t patience; /* seconds; 0: BM_EXCHANGE_PATIENCE */
};

/* RFC 9110 14.4: Content-Range: bytes first-last/total. */
struct bm_exchange_range {
    bool there; /* false: none, or none that can be understood */
    uint32_t first, last, total;
};

struct bm_exchange {
    /* The answer, good once its head is complete: until the next start. */
    struct bm_http reply;
    uint8_t etag[BM_EXCHANGE_ETAG_MAX];
    uint8_t etag_n; /* 0: none */
    struct bm_exchange_range range;
    bool expired; /* the server's certificate has: bm_trust_verdict */

    /* Private. */
    uint8_t state;
    bool open;    /* a connection is there, or is being made, */
    bool closing; /* which carries no other exchange */
    bool ranged;  /* a Content-Range was seen */
    bm_status why;
    uint32_t at;    /* uptime, as told last */
    uint32_t until; /* end of patience */
    uint32_t piece; /* octets of the body since it began anew */
    size_t head_n;
    size_t sent;          /* of head and body */
    struct bm_bytes body; /* of the request */
    const struct bm_exchange_sink *sink;
    const struct bm_exchange_config *config;
};

void bm_exchange_init(struct bm_exchange *x,
                      const struct bm_exchange_config *config);

/*
 * Begin. `sink` may be NULL: a body is passed over then; else it lives until
 * the exchange is over. BM_E_BUFFER: the head
 * does not fit into the room. BM_E_ARGUMENT: configuration or request is
 * incomplete, a body has no type, or an exchange is on its way.
 */
BM_MUST_CHECK bm_status bm_exchange_start(
    struct bm_exchange *x, const struct bm_exchange_request *request,
    const struct bm_exchange_sink *sink, uint32_t uptime);

/* Is it over, and how? BM_E_TLS_AGAIN: not yet. BM_OK: there is an answer,
 * of whatever status, and it is complete. BM_E_DELIVER_TIMEOUT,
 * BM_E_HTTP_..., BM_E_TLS_..., BM_E_IDENTITY_..., what the sink said. */
bm_status bm_exchange_over(const struct bm_exchange *x);

/* What a status other than those hoped for means: BM_E_DELIVER_NONE,
 * _FORBIDDEN, _SERVER, _ANSWER. */
bm_status bm_exchange_status(unsigned http);

/* The calls of a job (job.h). */
void bm_exchange_next(struct bm_exchange *x, uint32_t uptime,
                      struct bm_job_ask *ask);
void bm_exchange_connected(struct bm_exchange *x, bool expired);
void bm_exchange_sent(struct bm_exchange *x, size_t n);
void bm_exchange_received(struct bm_exchange *x, struct bm_bytes octets);
void bm_exchange_failed(struct bm_exchange *x, bm_status why);

/* Hand it to a pump, once it is started. */
void bm_exchange_as_job(struct bm_exchange *x, struct bm_job *job);

#endif
