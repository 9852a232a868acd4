/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_OUTBOUND_H
#define NODE_OUTBOUND_H

#include "examples/sensor-node/node.h"

/*
 * Who talks to a server: one job at a time, since there is memory for one
 * connection. The one that has been due for the longest begins when the one
 * before it has come to an end; of equals the one that matters more, which
 * is the order of the table in outbound.c. A job that would wait for long ends,
 * too, and is due again later, so that readings go out while a renewal waits.
 */

/* Seconds that a job may wait while it keeps the connection's memory. */
#define OUTBOUND_PATIENCE 2

/* One job's functions. */
struct outbound_work {
    /* Is there something to be done, apart from when? */
    bool (*wanted)(struct node *n);
    /* Begin: fill in node.job and node.asked. An error is its end. */
    bm_status (*begin)(struct node *n);
    /* Go on: BM_OK, BM_E_TLS_AGAIN, or why not; NULL: the pump does. */
    bm_status (*run)(struct node *n);
    /* Over, and how it went. Returns in how many seconds it is due again; 0: at
     * once, or after an error as backing off has it. */
    uint32_t (*end)(struct node *n, bm_status rc);
};

/* Once, when the network is open. */
void outbound_open(struct node *n);

/* Do what can be done now; false: nothing could. */
bool outbound_poll(struct node *n);

/* Is a connection being made, so that the memory of TLS is spoken for? */
bool outbound_shakes(const struct node *n);

/* Due from now on, whatever it waits for. */
void outbound_now(struct node *n, enum outbound_job job);

#endif
