/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_DELIVER_H
#define BM_AGENT_DELIVER_H

#include <signal.h>

#include "agent/state.h"

/*
 * Hand the current identity to the services that live on it: layouts first,
 * then hooks. What was handed over is noted in the log when all of it
 * succeeded, so that a cut, or a hook that failed, is made up for by the next
 * call; when nothing has changed since, nothing is done.
 *
 * The identity itself never depends on it: an error here loses no certificate.
 * Events say what failed; the first status is returned.
 */
/* `stop` is set by a signal: BM_E_AGENT_STOPPED, and hooks run another time. Or
 * NULL. */
BM_MUST_CHECK bm_status deliver_all(struct state *state,
                                    const volatile sig_atomic_t *stop);

#endif
