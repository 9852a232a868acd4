/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BENCH_SERVER_LIMIT_H
#define BM_BENCH_SERVER_LIMIT_H

#include "bench/server/process.h"
#include "bench/server/world.h"

/*
 * What no server can go below, measured in turns with ours.
 */

/* A bare verification and a bare signature, nanoseconds. */
double limit_raw(void);

/*
 * A server that does nothing but handshakes of TLS 1.3 over TCP, with the
 * certificate chain of ours and clients' certificates asked for, tuned as far
 * as the library goes: no tickets, no chain built, no path checked.
 */
struct limit_handshake {
    struct process server;
    unsigned port;
    struct load *load;
    SSL_CTX *tls;
};
void limit_handshake_open(struct limit_handshake *h, const struct world *w,
                          struct world_request *clients);
/* The server's CPU time of one handshake, nanoseconds; with the identities of
 * `clients` from `first` on. */
double limit_handshake(struct limit_handshake *h, size_t first, size_t n);
void limit_handshake_close(struct limit_handshake *h);

#endif
