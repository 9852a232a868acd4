/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FIREWALL_NETLINK_H
#define BM_TESTS_FIREWALL_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the test asks of netfilter, of the namespace it is in: to be told of
 * frames that rules log, and to forget connections or make them older.
 */

/* A socket that is told of frames logged to `group`; -1: errno says why. */
int netlink_log(unsigned group);

/* Take all that was told: how many frames. */
unsigned netlink_logged(int log);

/* A socket for the two below. */
int netlink_conntrack(void);

/* Forget all connections. */
bool netlink_forget(int conntrack);

/* Each connection has so many seconds less to live; some have none. */
bool netlink_age(int conntrack, uint32_t seconds);

#endif
