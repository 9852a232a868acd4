/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_CARRY_H
#define BM_AGENT_CARRY_H

#include "agent/net.h"
#include "device/tls.h"

/*
 * Octets between two descriptors and a TLS session, both ways at once, until
 * the server ends it. Neither way waits for the other, and nothing is read that
 * there is no room for; the end of the input is not told to the server, who may
 * still answer.
 */

/* RFC 8446 5.1: a record holds no more. */
#define CARRY_ROOM 16384

/* Octets on their way. */
struct carry_flow {
    uint8_t room[CARRY_ROOM];
    size_t at, n; /* those that have not gone on yet */
    bool ended;   /* no more will come */
};

struct carry { /* zeroed, but for these */
    const struct bm_tls *tls;
    struct bm_tls_session *session; /* after its handshake */
    const struct net *net;          /* what it goes over: to wait for */
    int in;                         /* pipes, sockets, files */
    int out;

    /* Private. */
    struct carry_flow up;   /* to the server */
    struct carry_flow down; /* from it */
    bool unread;            /* nobody reads the output any more */
    bool moved;             /* something has, in this round */
};

/*
 * Until the server has ended it, and all that came from it was written; or the
 * input has ended, all of it was sent, and nobody reads the output. Blocks.
 * BM_E_IO: input or output failed; otherwise what the session said.
 */
BM_MUST_CHECK bm_status carry_all(struct carry *c);

#endif
