/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_POLICIES_INTERNAL_H
#define BM_AGENT_POLICIES_INTERNAL_H

#include "agent/policies.h"

/* Between policies.c and policies_counts.c. */

/* Queue an event; `about` may be NULL, `code` BM_OK, `text` "". */
BM_MUST_CHECK bm_status policies_tell(struct policies *p, unsigned kind,
                                      const struct bm_fw_kept *about,
                                      bm_status code, const char *text);

/* Ask for what was counted, and queue it as events. */
BM_MUST_CHECK bm_status policies_tell_counts(struct policies *p);

#endif
