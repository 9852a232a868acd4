/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_SERVE_H
#define BM_AGENT_FIREWALL_SERVE_H

#include <signal.h>

#include "agent/firewall/wall.h"

/*
 * The loop of birthmark-firewall: packets that wait to be judged; links; a look
 * at what is there, every SERVE_LOOK seconds; and clients, whom the permissions
 * of the socket let in. Nobody is waited for: a request is served when all of
 * it is there.
 */
#define SERVE_LOOK     5
#define SERVE_PATIENCE 10   /* seconds for a whole request */
#define SERVE_CLIENTS  4    /* at once; others wait to be let in */
#define SERVE_TICK     1000 /* milliseconds, at most, till the clock is read */

/* Until `*stop` is not 0. */
BM_MUST_CHECK bm_status serve_run(struct wall *wall,
                                  const volatile sig_atomic_t *stop);

#endif
