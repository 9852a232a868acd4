/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_ZEPHYR_NET_IF_H
#define TEST_ZEPHYR_NET_IF_H

#include <zephyr/kernel.h>

struct in_addr {
    uint32_t s_addr;
};

struct in6_addr {
    uint8_t s6_addr[16];
};

struct net_if {
    struct in_addr own;
    struct in_addr mask;
    struct in6_addr six;
};

enum net_addr_state {
    NET_ADDR_ANY_STATE = -1,
    NET_ADDR_TENTATIVE = 0,
    NET_ADDR_PREFERRED,
    NET_ADDR_DEPRECATED
};

struct in_addr *net_if_ipv4_get_global_addr(struct net_if *iface,
                                            enum net_addr_state state);
struct in_addr net_if_ipv4_get_netmask_by_addr(struct net_if *iface,
                                               const struct in_addr *addr);
struct in6_addr *net_if_ipv6_get_global_addr(enum net_addr_state state,
                                             struct net_if **iface);

#endif
