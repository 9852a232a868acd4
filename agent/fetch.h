/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FETCH_H
#define BM_AGENT_FETCH_H

#include <signal.h>

#include "agent/policies.h"

/*
 * Delivery (docs/delivery.md) on this machine: what the server wants it to
 * have is asked for, taken, and told of, by device/deliver.h over sockets. Only
 * where the settings have a section `firewall`: policies are what is taken, and
 * trust bundles.
 */
struct fetch {
    bool open;         /* `policies` are */
    bool done;         /* there was a round */
    uint32_t at;       /* the last one, as state_boot() counts */
    int64_t wait;      /* seconds from then on */
    unsigned failures; /* in a row */
    struct policies policies;
};

/* Put in force what is to be, ask the server if it is time, and say how long
 * until something is to be done again, in seconds. What fails is an event. */
int64_t fetch_run(struct fetch *fetch, struct state *state,
                  const volatile sig_atomic_t *stop);

void fetch_close(struct fetch *fetch); /* a zeroed one is fine */

#endif
