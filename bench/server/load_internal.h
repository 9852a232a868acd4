/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BENCH_SERVER_LOAD_INTERNAL_H
#define BM_BENCH_SERVER_LOAD_INTERNAL_H

#include "bench/server/load.h"

/* A connection: one request at a time. */

/* Octets of an answer, at most; its head included. */
#define CONN_ANSWER_MAX 16384

enum conn_state {
    CONN_CLOSED,
    CONN_CONNECTING,
    CONN_HANDSHAKE,
    CONN_IDLE,
    CONN_WRITING,
    CONN_READING
};

/* What a step has come to. */
enum conn_event {
    CONN_NOTHING, /* waits for the network */
    CONN_READY,   /* of one step: another one can follow */
    CONN_ANSWERED,
    CONN_BROKEN /* closed; with a request under way or without */
};

struct conn {
    enum conn_state state;
    int fd;
    SSL *tls;
    bool busy; /* with `request` */
    size_t request;
    double due;
    struct bm_bytes out;
    size_t sent;
    size_t in_n;
    size_t answer_n; /* of the answer, once its head is there; else 0 */
    size_t head_n;
    unsigned status;
    bool last; /* "Connection: close" */
    uint8_t *in;
};

struct conn_config {
    const struct load_config *load;
    struct load_identity identity;
    unsigned number; /* chooses the address */
    int epoll;
};

/* Start to connect; events of `epoll` carry `c`. */
void conn_open(struct conn *c, const struct conn_config *config);
/* With close_notify when `politely`. */
void conn_close(struct conn *c, bool politely);
/* Begin a request; the connection is idle, or will be. */
void conn_ask(struct conn *c, size_t request, struct bm_bytes out, double due);
/* Go on as far as the network allows. */
enum conn_event conn_step(struct conn *c);

#endif
