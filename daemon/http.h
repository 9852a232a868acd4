/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_HTTP_H
#define BM_DAEMON_HTTP_H

#include <openssl/types.h>

#include "daemon/room.h"

/*
 * HTTP/1.1, plain or over TLS, in an event loop: connections with a deadline
 * for everything they do, a bound on everything they cost, and one function
 * that answers requests, at once or later.
 *
 * A stranger costs a connection slot for http_config.handshake seconds, for
 * `request` seconds from the first octet of a request to its last, and for
 * `idle` seconds in between, however slowly octets come. When all slots are
 * taken, a stranger that has been idle longest gives way, then one that takes
 * long over handshake or request, then the client that has been idle longest.
 * Octets of a request are bounded before they are stored.
 *
 * An answer is sent as fast as it is taken, within `request` seconds and a
 * second more for every 16 KB. libevent has the events and OpenSSL the
 * records; the server side of HTTP/1.1 is here (http_parse.h), because evhttp
 * neither tells of connections before their first request, nor bounds what
 * they send, nor lets go of one at a given time.
 */

struct http_server;
struct http_request;

struct http_config {
    struct room *room;
    SSL_CTX *tls; /* NULL: plain */
    unsigned connections_max;
    unsigned per_address_max; /* connections of one address; 0: as above */
    size_t headers_max;       /* octets */
    size_t body_max;
    int handshake; /* seconds */
    int request;
    int idle;
    /* Connections of one address per second whose clients have not shown to
     * be somebody (http_trust()), and failed handshakes and refused
     * credentials of it (http_blame()): over that, connections of the address
     * are turned away. Ten seconds' worth may come at once. 0: no limit. */
    unsigned accept_rate;
    unsigned blame_rate;

    void *arg;
    /* Answer with http_answer(), now or later. */
    void (*request_fn)(void *arg, struct http_request *request);
};

BM_MUST_CHECK bm_status http_new(const struct http_config *config,
                                 struct http_server **server);
/* Serve a listening socket; takes over `fd`. */
BM_MUST_CHECK bm_status http_listen(struct http_server *server, int fd);
/* New connections get this context; those that are open keep theirs. The
 * server takes a reference. */
void http_set_tls(struct http_server *server, SSL_CTX *tls);
/*
 * Stop: close the listening sockets and what is idle, answer what was
 * accepted with "Connection: close"; `done` when nothing is left.
 */
void http_stop(struct http_server *server, void (*done)(void *arg), void *arg);
/* NULL is fine. Cuts all off; not from within request_fn(). */
void http_free(struct http_server *server);

enum http_method {
    HTTP_GET = 1 << 0,
    HTTP_HEAD = 1 << 1,
    HTTP_POST = 1 << 2,
    HTTP_PUT = 1 << 3,
    HTTP_PATCH = 1 << 4,
    HTTP_DELETE = 1 << 5
};

enum http_method http_method(const struct http_request *r);
const char *http_path(const struct http_request *r);  /* raw, without query */
const char *http_query(const struct http_request *r); /* raw; "" if none */
/* Value of the header, or NULL. Twice the same header: refused before. */
const char *http_header(const struct http_request *r, const char *name);
struct bm_bytes http_body(struct http_request *r);      /* whole, contiguous */
const char *http_address(const struct http_request *r); /* of the peer */
/* The network that it is in: the first 3 octets of an IPv4 address, 6 of an
 * IPv6 one. */
#define HTTP_NETWORK_MAX 6
size_t http_network(const struct http_request *r,
                    uint8_t network[HTTP_NETWORK_MAX]);

/* The certificate that the client has shown to hold the key of: DER, and the
 * others it sent, DER after DER; empty when none. Kept with the connection. */
struct bm_bytes http_peer_cert(const struct http_request *r);
struct bm_bytes http_peer_chain(const struct http_request *r);
SSL *http_tls(const struct http_request *r);      /* NULL: plain */
bool http_is_first(const struct http_request *r); /* of its connection */

/* Something of the caller's that lives as long as the connection. */
void http_set_state(struct http_request *r, uintptr_t state);
uintptr_t http_state(const struct http_request *r);

/*
 * The client is somebody: it has authenticated, or shown a token that is
 * good. Its connection no longer counts against its address, makes good for
 * one failure from there, and is among the last to give way.
 */
void http_trust(struct http_request *r);

/* The client has failed to authenticate: counts against its address. True
 * when the address is over its limit, and should get a 429. */
bool http_blame(const struct http_request *r);

struct http_header {
    const char *name;
    const char *value;
};
/*
 * Send the answer; the request is gone afterwards. `headers` ends with a zero
 * row or is NULL. When the client went away meanwhile nothing is sent, and
 * the call is still needed. A Content-Length is always there. Close: the
 * connection ends with this answer.
 */
struct http_reply {
    unsigned status;
    const char *type; /* Content-Type, or NULL */
    const struct http_header *headers;
    struct bm_bytes body;
    bool close;
    bool secret; /* leave no copy of the body behind */
};
void http_answer(struct http_request *r, const struct http_reply *reply);

/* The same with the body from a file: `n` octets of `fd`, which it takes over,
 * from `at` on. */
struct http_part {
    uint64_t at;
    uint64_t n;
};
void http_answer_file(struct http_request *r, const struct http_reply *reply,
                      int fd, struct http_part part);

/*
 * The same with a body that is made while it is taken, whose length nobody
 * knows yet (RFC 9112 7.1). The request stays until http_stream_end(), or
 * gone(). Only time in which the client does not take what there is counts
 * against it: `request` seconds, and one for every 16 KB, of all of it.
 */
struct http_source {
    void *arg;
    /* All that was put has been taken: see to it that more is put, later; or
     * end it. */
    void (*more)(void *arg);
    /* The client is gone, or is too slow, and the request with it. */
    void (*gone)(void *arg);
};
/* False: there is no client any more, nor a request; gone() is not called.
 * Otherwise more() has been, or will be; or gone(). A HEAD is answered with the
 * head, and that is all: false, too. */
BM_MUST_CHECK bool http_answer_stream(struct http_request *r,
                                      const struct http_reply *reply,
                                      const struct http_source *source);
/* Octets, at least one. more(), or gone(), may be called before it returns. */
void http_stream_put(struct http_request *r, struct bm_bytes octets);
/* That was all. Not whole: the client is cut off, and sees that something is
 * missing. */
void http_stream_end(struct http_request *r, bool whole);

#endif
