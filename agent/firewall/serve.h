/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_SERVE_H
#define BM_AGENT_FIREWALL_SERVE_H

#include <signal.h>

#include "agent/firewall/wall.h"

/*
 * The loop of birthmark-firewall: one client at a time, whom the permissions
 * of the socket let in; links; and a look at what is there, every SERVE_LOOK
 * seconds.
 */
#define SERVE_LOOK     5
#define SERVE_PATIENCE 10 /* seconds for one octet of a client */

/* Until `*stop` is not 0. */
BM_MUST_CHECK bm_status serve_run(struct wall *wall,
                                  const volatile sig_atomic_t *stop);

#endif
