/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_COURIER_INTERNAL_H
#define BM_DAEMON_COURIER_INTERNAL_H

#include <curl/curl.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <openssl/ssl.h>

#include "ca/url.h"
#include "core/crypto.h"
#include "daemon/courier_message.h"
#include "daemon/courier_reach.h"
#include "daemon/link.h"
#include "daemon/room.h"
#include "daemon/wire.h"

/*
 * The courier: the room that sends events, and the only one that connects out.
 * It has no key of a CA, no store and no file. What it knows is what the issuer
 * has handed it: where to, the secret of each webhook, and the events that are
 * on their way. Whoever captures it can lie about these, and reach what it may
 * reach.
 *
 *   courier.c          the room: the link, destinations, events in and out
 *   courier_tls.c      whom it trusts, and its own certificate
 *   courier_resolve.c  names to addresses that may be reached
 *   courier_http.c     webhooks, by libcurl
 *   courier_syslog.c   syslog over TLS (RFC 5425)
 *   courier_message.c  what is sent: JSON, signatures, RFC 5424
 *   courier_reach.c    which addresses may be reached
 */

/* Addresses of a name that are tried. */
#define COURIER_ADDRESSES_MAX 8

/* Octets of an answer that are taken: nobody reads them. */
#define COURIER_ANSWER_MAX 65536

/* Connections to one destination. */
#define COURIER_CONNECTIONS 8

struct courier;
struct courier_place;

/* An event on its way. */
struct courier_job {
    struct courier_job *next;
    struct courier_place *place;
    struct link_frame asked; /* verb and tag */
    struct wire_event event; /* views into `octets` */

    /* A webhook's. */
    CURL *curl;
    struct curl_slist *headers;
    struct curl_slist *addresses; /* CURLOPT_RESOLVE */
    char *body;
    size_t answered; /* octets */
    struct evdns_getaddrinfo_request *asking;
    bool refused; /* an address was */

    /* A syslog's. */
    bool written;

    size_t n;
    uint8_t octets[];
};

struct courier_syslog;

/* A destination. */
struct courier_place {
    struct courier_place *next;
    struct courier *courier;
    uint64_t id;
    enum store_destination_kind kind;
    bool identity;
    bool broken; /* it could not be set up: nothing can be sent there */
    char text[STORE_URL_MAX];
    struct ca_url url;
    uint8_t secret[STORE_SECRET_MAX];
    X509_STORE *anchors; /* its own, or a reference to those of the system */
    struct courier_job *jobs; /* in the order in which they came */

    CURLM *multi; /* a pool of connections of its own */
    struct event *timer;
    struct courier_syslog *syslog;
};

struct courier {
    struct room *room;
    struct bm_crypto *crypto;
    struct link *issuer;
    struct evdns_base *dns;
    struct courier_place *places;
    X509_STORE *system; /* what the system trusts */
    X509 *cert;         /* of the courier, or NULL */
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
    char host[CA_URL_HOST_MAX]; /* of public_url: who sends */
};

/* The event is through: tells the issuer, and frees it. `words` NULL: it was
 * taken. */
void courier_done(struct courier_job *job, const char *words);

/* ---- courier_tls.c */

BM_MUST_CHECK bm_status courier_tls_init(struct courier *c,
                                         struct ca_refusal *why);
void courier_tls_wipe(struct courier *c);
/* DER after DER; empty: what the system trusts. */
BM_MUST_CHECK bm_status courier_tls_anchors(struct courier *c,
                                            struct bm_bytes der,
                                            X509_STORE **anchors);
/* TLS 1.2 or later, to whom the destination trusts. */
BM_MUST_CHECK bm_status courier_tls_setup(const struct courier_place *place,
                                          SSL_CTX *ctx);

/* ---- courier_resolve.c */

/* A name that is asked for. */
struct courier_addresses {
    struct sockaddr_storage address[COURIER_ADDRESSES_MAX];
    socklen_t len[COURIER_ADDRESSES_MAX];
    size_t n;
    bool refused; /* there were others, which may not be reached */
};
BM_MUST_CHECK bm_status courier_resolve_init(struct courier *c);
void courier_resolve_wipe(struct courier *c);
/* Those of an answer that may be reached. */
void courier_addresses_take(const struct courier *c,
                            const struct evutil_addrinfo *answer,
                            struct courier_addresses *addresses);
/* Begin asking for the addresses of the place's host. The answer may come
 * before this returns. */
void courier_resolve(struct courier_place *place,
                     struct evdns_getaddrinfo_request **asking,
                     evdns_getaddrinfo_cb answer, void *arg);
/* Why there are none, in words. */
const char *courier_no_address(int code, const struct courier_addresses *found);

/* ---- courier_http.c, courier_syslog.c */

BM_MUST_CHECK bm_status courier_http_open(struct courier_place *place);
void courier_http_close(struct courier_place *place);
void courier_http_send(struct courier_job *job);
void courier_http_cancel(struct courier_job *job);

BM_MUST_CHECK bm_status courier_syslog_open(struct courier_place *place);
void courier_syslog_close(struct courier_place *place);
/* There is one more among the jobs. */
void courier_syslog_send(struct courier_place *place);

#endif
