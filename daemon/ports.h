/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_PORTS_H
#define BM_DAEMON_PORTS_H

#include "daemon/room.h"

/*
 * The sockets that listen. The supervisor opens them, or takes those that
 * systemd has opened, and keeps them while rooms come and go: so nobody who
 * connects meanwhile is refused, and no room needs the right to bind.
 */
struct ports {
    int fd[ROOM_PORT_COUNT]; /* -1: not wanted */
    /* As asked for, and as they really are: "127.0.0.1:34567". */
    char wanted[ROOM_PORT_COUNT][64];
    char actual[ROOM_PORT_COUNT][64];
};

/* "devices", "operators", "public", "metrics": in settings, of sockets that
 * are handed over, in run/addresses. */
extern const char *const port_names[ROOM_PORT_COUNT];
const char *ports_address(const struct settings *settings, enum room_port port);

/* BM_E_BUSY: taken by another program. On error nothing is open. */
BM_MUST_CHECK bm_status ports_open(struct ports *ports,
                                   const struct settings *settings,
                                   struct ca_refusal *why);
void ports_close(struct ports *ports);

/*
 * Write run/addresses: a line "NAME ADDRESS" for each, of the owner of the
 * directory. ports_forget() removes it.
 */
BM_MUST_CHECK bm_status ports_publish(const struct ports *ports,
                                      const char *dir, struct ca_refusal *why);
void ports_forget(const char *dir);

#endif
