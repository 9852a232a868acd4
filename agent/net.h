/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_NET_H
#define BM_AGENT_NET_H

#include <netdb.h>
#include <poll.h>

#include "device/pump.h"

/*
 * Connections over TCP, without ever blocking: names are looked up by a
 * thread of its own (no resolver knows how to be asked in a non-blocking way),
 * and addresses are tried in turn, each for its share of the time.
 *
 * RFC 8305 would try them beside each other; a device that connects once in a
 * month has the time.
 */
struct net_lookup; /* a name that is being looked up; net_lookup.c */

struct net {
    struct bm_connector connector; /* hand this to bm_pump_init() */
    struct bm_transport transport;
    unsigned timeout_ms; /* for the look-up, and for each address */

    /* Private. */
    struct net_lookup *lookup;
    struct addrinfo *list; /* of getaddrinfo() */
    struct addrinfo *at;
    int fd; /* -1: none */
    bool connecting;
    bool full; /* the last send() found no room */
    int64_t until;
    bm_status failed; /* of the last address */
};

/* `seconds` as of settings.timeout. */
void net_init(struct net *net, int64_t seconds);
void net_close(struct net *net);

/* Wait until the connection moves or `ms` have passed, or a signal came. */
void net_wait(const struct net *net, int64_t ms);

/* Milliseconds of a clock that nobody sets. */
int64_t net_now(void);

/* net_lookup.c: begin to look a name up; NULL without memory or threads. */
struct net_lookup *net_lookup_begin(const char *host, uint16_t port);

/* BM_E_TLS_AGAIN; BM_OK and the list, which is the caller's to free;
 * BM_E_AGENT_RESOLVE. */
bm_status net_lookup_take(struct net_lookup *lookup, struct addrinfo **list);

/* Readable when there is an answer. */
int net_lookup_fd(const struct net_lookup *lookup);

/* Also before it has come to an end. NULL is fine. */
void net_lookup_free(struct net_lookup *lookup);

#endif
