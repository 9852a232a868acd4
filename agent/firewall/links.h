/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_FIREWALL_LINKS_H
#define BM_AGENT_FIREWALL_LINKS_H

#include "agent/firewall/settings.h"
#include "firewall/packet.h"

/*
 * Which of the interfaces are there, and what their subnets are: one of IPv4,
 * the first, and up to four of IPv6 (docs/firewall.md, "Fields").
 */
struct links {
    const char *there[FIREWALL_INTERFACES_MAX + 1]; /* ends with NULL */
    unsigned index[FIREWALL_INTERFACES_MAX]; /* of each: one that goes and comes
                                              back under its name is another */
    struct bm_fw_subnets subnets;
};

/* As it is now. `interfaces` ends with NULL; the names are borrowed. */
BM_MUST_CHECK bm_status links_read(const char *const *interfaces,
                                   struct links *links);

/* All interfaces of the machine but lo, whoever names them, as nftables lists
 * them: `"eth0", "wlan0"`. The caller frees it; NULL: no memory. */
char *links_all(void);

/* Do they have the same interfaces; the same subnets? */
bool links_same(const struct links *a, const struct links *b);
bool links_same_subnets(const struct links *a, const struct links *b);

/* A socket that is readable whenever links or addresses have changed; -1, and
 * errno. links_drain() takes what it has to say. */
int links_watch(void);
void links_drain(int fd);

#endif
