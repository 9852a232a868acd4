/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_LINK_INTERNAL_H
#define BM_DAEMON_LINK_INTERNAL_H

#include "daemon/link.h"

/* Between the two sides of a link: link.c and link_ask.c. */

void link_head_put(uint8_t head[LINK_HEAD], const struct link_frame *frame);

/* Like link_frame_parse() as soon as the head is there; `frame->body` has its
 * length, but views nothing. */
BM_MUST_CHECK bm_status link_head_parse(struct bm_bytes in,
                                        struct link_frame *frame, size_t *used);

#endif
