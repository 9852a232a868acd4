/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_LWIP_HOOKS_H
#define BM_PORTS_LWIP_HOOKS_H

#include <lwip/ip_addr.h>

/* What lwIP calls where lwipopts.h tells it to. */

/* RFC 6528 3: the first sequence number of a connection (random.c). */
uint32_t bm_lwip_isn(const ip_addr_t *local, uint16_t local_port,
                     const ip_addr_t *remote, uint16_t remote_port);

#endif
