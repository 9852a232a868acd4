/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_STREAM_H
#define BM_AGENT_FIREWALL_STREAM_H

#include "core/bytes.h"

/* Whole messages over a socket, by both sides: each octet has to come before
 * the time-out that the socket was given. */

BM_MUST_CHECK bm_status firewall_send(int fd, struct bm_bytes octets);
/* BM_E_END: the other side has closed. */
BM_MUST_CHECK bm_status firewall_receive(int fd, uint8_t *to, size_t n);

/* A reading and a writing that takes longer than this fails. */
BM_MUST_CHECK bm_status firewall_patience(int fd, unsigned seconds);

/* The address of a socket in the file system; BM_E_LIMIT. */
struct sockaddr_un;
BM_MUST_CHECK bm_status firewall_address(const char *path,
                                         struct sockaddr_un *address);

#endif
