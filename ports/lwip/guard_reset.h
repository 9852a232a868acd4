/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_LWIP_GUARD_RESET_H
#define BM_PORTS_LWIP_GUARD_RESET_H

#include "ports/lwip/guard.h"

/*
 * Resets of a guard, for it alone: made when a segment comes in, sent when
 * lwIP is in the middle of nothing.
 */

/*
 * Make the reset that answers a segment of good shape, whose frame is `p` and
 * begins with `head`, and queue it. None is made for a segment that we would
 * not have taken: to another address, of nobody, with a wrong checksum. Takes
 * `p`.
 */
void lwip_reset_queue(struct bm_net_guard *guard, struct bm_bytes head,
                      struct pbuf *p);

/* Send what is queued. */
void lwip_reset_send(struct bm_net_guard *guard);

#endif
