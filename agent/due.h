/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_DUE_H
#define BM_AGENT_DUE_H

#include "agent/state.h"
#include "device/renewal.h"

/* When the current identity is to be renewed: device/renewal.h, with what the
 * server said last, which is kept in the log beside the certificate it is
 * about. */

/* Keep what the server said of the current certificate. Zeros: it said
 * nothing, and what it said before stays. */
BM_MUST_CHECK bm_status due_note(struct state *state,
                                 const struct bm_renewal_window *window);

/* BM_E_END: there is no current identity. */
BM_MUST_CHECK bm_status due_moment(const struct state *state, int64_t *moment);

#endif
