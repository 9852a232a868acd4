/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_ADOPT_H
#define BM_AGENT_ADOPT_H

#include "agent/state.h"

/*
 * Take over the IDevID that the maker of the device left (settings.idevid):
 * its key stays where it is, its certificates go into the log. Does nothing
 * where there is one already, or none is named. `what` is what the status is
 * about.
 */
BM_MUST_CHECK bm_status adopt_idevid(struct state *state, const char **what);

#endif
