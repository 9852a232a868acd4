/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_CLIENT_H
#define BM_AGENT_FIREWALL_CLIENT_H

#include "agent/firewall/message.h"

/*
 * The agent's side of message.h: each call is a connection of its own, and
 * blocks for CLIENT_SECONDS at most. BM_E_AGENT_FIREWALL: nobody listens there,
 * or nobody answers.
 */
#define CLIENT_SECONDS 60

/*
 * Put a table in force, in a mode (enum bm_fw_mode): BM_OK when the kernel has
 * it, and the next start of the machine will; otherwise what was in force is.
 */
BM_MUST_CHECK bm_status client_apply(const char *socket, unsigned mode,
                                     struct bm_bytes table);

/* Counts into `room`: `*n` octets for firewall_count_next(). `heard`: those of
 * the last call are on record, and are not told again. */
BM_MUST_CHECK bm_status client_counts(const char *socket, bool heard,
                                      uint8_t room[FIREWALL_COUNTS_MAX],
                                      size_t *n);

#endif
