/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BENCH_SERVER_LOAD_H
#define BM_BENCH_SERVER_LOAD_H

#include <openssl/types.h>

#include "core/bytes.h"

/*
 * A generator of load: one thread, many connections of HTTP/1.1, plain or over
 * TLS, that send requests which were made before and take the time of each
 * answer. Either as fast as answers come, or at a fixed rate whatever happens
 * (then the time of an answer counts from when its request was due, so that a
 * server that stalls doesn't hide it).
 *
 * It shares the machine with what it measures: of a server's cost believe CPU
 * time, not answers per second.
 */

/* Who connects. The load takes references. */
struct load_identity {
    X509 *cert;
    EVP_PKEY *key;
};

struct load_config {
    unsigned port; /* of 127.0.0.1 */
    SSL_CTX *tls;  /* NULL: plain */
    unsigned connections;
    bool fresh; /* each request on a connection of its own */
    /* Connections come from so many addresses, 127.0.0.2 and on; 0: from
     * 127.0.0.1. */
    unsigned addresses;

    void *arg;
    /* The octets of the i-th request, for the connection of this number; they
     * stay until its answer. None: connecting is all. */
    struct bm_bytes (*request)(void *arg, size_t i, unsigned connection);
    /* Who makes it, or, where connections are kept, who connects as the i-th;
     * NULL function or members: nobody. */
    struct load_identity (*identity)(void *arg, size_t i);
    /* May be NULL. */
    void (*answer)(void *arg, size_t i, unsigned status, struct bm_bytes body);
};

struct load_result {
    size_t ok;       /* answered 200 */
    size_t refused;  /* answered otherwise */
    size_t broken;   /* not answered */
    unsigned status; /* of the last that was refused */
    double seconds;
    double median; /* seconds from request to answer */
    double p99;
    double worst;
};

struct load;
struct load *load_new(const struct load_config *config);
void load_free(struct load *load); /* closes all; NULL is fine */

/* Open all connections, with their handshakes; not for `fresh`. */
void load_connect(struct load *load);

/* Requests number `first` to `first + n - 1`; `rate` per second, 0: as fast as
 * answers come. Ends the program after a minute without any answer. */
void load_run(struct load *load, size_t first, size_t n, double rate,
              struct load_result *result);

/* Connections that are open now; reads what has come meanwhile. */
unsigned load_open_now(struct load *load);

/* A context for clients: TLS 1.3, or 1.2; no tickets, no verification. */
SSL_CTX *load_tls(int version);

#endif
