/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_SANDBOX_H
#define BM_AGENT_FIREWALL_SANDBOX_H

#include "core/status.h"

/*
 * Keep CAP_NET_ADMIN, which nftables takes, and nothing else: no other
 * capability, none to be had from a program that is run, and no new rights.
 * BM_E_AGENT_CAPABILITY: that one is missing.
 */
BM_MUST_CHECK bm_status sandbox_enter(void);

#endif
