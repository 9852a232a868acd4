/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_REQUEST_H
#define BM_AGENT_FIREWALL_REQUEST_H

#include "agent/firewall/message.h"

/*
 * A request as it comes, octet by octet, from whoever takes his time: nobody is
 * waited for. All zero: nothing of it came yet.
 */
struct request {
    uint8_t octets[FIREWALL_HEAD];
    struct firewall_head head; /* once they are there */
    uint8_t *body;             /* head.n octets, at a multiple of 4; owned */
    size_t got;                /* of the whole request */
};

enum request_state {
    REQUEST_MORE, /* is to come */
    REQUEST_WHOLE,
    REQUEST_BAD /* is none, or will not be: its sender has gone */
};

/* Take what waits at `fd`, which does not block, and not an octet more than the
 * request has. */
enum request_state request_read(struct request *request, int fd);

void request_wipe(struct request *request);

#endif
