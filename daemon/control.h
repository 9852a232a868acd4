/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_CONTROL_H
#define BM_DAEMON_CONTROL_H

#include "core/bytes.h"

/*
 * What supervisor and room say to each other, over the one socket that a room
 * inherits (SOCK_SEQPACKET: a message is whole or not there). Four numbers,
 * and at most one descriptor, which only the supervisor sends.
 */
enum control_type {
    /* To a room. First its pages and START; it is silent until READY. */
    CONTROL_METRICS = 1, /* fd: its own page */
    CONTROL_PAGE,        /* fd: a page of another, to be read */
    CONTROL_START,
    CONTROL_LINK,   /* fd: a link to `kind`; `instance`: of the process */
    CONTROL_LISTEN, /* fd: a socket that listens; `kind`: enum room_port */
    CONTROL_RELOAD,
    CONTROL_STOP,
    /* From a room. */
    CONTROL_READY,
    CONTROL_RELOADED,
    CONTROL_REFUSED,  /* to reload: it goes on as before */
    CONTROL_CHANGED,  /* `value`: a bit per enum room_kind */
    CONTROL_UNLINKED, /* its link to `kind` has ended */
    CONTROL_ANSWERS,  /* what it is asked, from now on (room_answers()) */
    CONTROL_TYPES
};

struct control {
    uint32_t type;
    uint32_t kind;
    uint32_t instance;
    uint32_t value;
};

/* The descriptor of a room that leads to the supervisor. */
#define CONTROL_FD 3

/* Send, with a descriptor that stays the caller's, or -1. BM_E_IO when the
 * other side is gone, or so far behind that the socket is full. */
BM_MUST_CHECK bm_status control_send(int socket, const struct control *message,
                                     int fd);
/* The caller owns `*fd`, which is -1 where none came. BM_E_END: nothing there
 * yet (of a socket that does not block); BM_E_IO: the other side is gone. */
BM_MUST_CHECK bm_status control_receive(int socket, struct control *message,
                                        int *fd);

#endif
