/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/courier_reach.h"

#include <netinet/in.h>
#include <string.h>

#define NEVER (SETTINGS_REACH_LOCAL + 1)

/* A prefix, and what it takes to reach it. The first that fits counts. */
struct prefix {
    uint8_t octets[16];
    unsigned bits;
    unsigned reach;
};

/* IANA IPv4 Special-Purpose Address Registry. */
static const struct prefix prefixes4[] = {
    { { 0 }, 8, NEVER }, /* "this network" */
    { { 10 }, 8, SETTINGS_REACH_PRIVATE },
    { { 100, 64 }, 10, SETTINGS_REACH_PRIVATE },
    { { 127 }, 8, SETTINGS_REACH_LOCAL },
    { { 169, 254 }, 16, SETTINGS_REACH_LOCAL },
    { { 172, 16 }, 12, SETTINGS_REACH_PRIVATE },
    { { 192, 0, 0 }, 24, SETTINGS_REACH_PRIVATE },
    { { 192, 0, 2 }, 24, SETTINGS_REACH_PRIVATE },
    { { 192, 88, 99 }, 24, NEVER }, /* 6to4 relays, given up */
    { { 192, 168 }, 16, SETTINGS_REACH_PRIVATE },
    { { 198, 18 }, 15, SETTINGS_REACH_PRIVATE },
    { { 198, 51, 100 }, 24, SETTINGS_REACH_PRIVATE },
    { { 203, 0, 113 }, 24, SETTINGS_REACH_PRIVATE },
    { { 224 }, 4, NEVER }, /* multicast */
    { { 240 }, 4, NEVER }, /* reserved, and broadcast */
    { { 0 }, 0, SETTINGS_REACH_PUBLIC },
};

/* IANA IPv6 Special-Purpose Address Registry. Only 2000::/3 is given out. */
static const struct prefix prefixes6[] = {
    { { [15] = 1 }, 128, SETTINGS_REACH_LOCAL },
    { { 0xfe, 0x80 }, 10, SETTINGS_REACH_LOCAL },
    { { 0xfc }, 7, SETTINGS_REACH_PRIVATE },
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32, SETTINGS_REACH_PRIVATE },
    { { 0x3f, 0xff }, 20, SETTINGS_REACH_PRIVATE },
    { { 0x20, 0x01 }, 23, NEVER }, /* protocols: Teredo, ORCHID, ... */
    { { 0x20 }, 3, SETTINGS_REACH_PUBLIC },
    { { 0 }, 0, NEVER },
};

/* Where an address of IPv4 stands in one of IPv6. */
static const struct {
    uint8_t octets[16];
    unsigned bits;
    size_t at;
} embeddings[] = {
    { { [10] = 0xff, 0xff }, 96, 12 },      /* RFC 4291 2.5.5.2: mapped */
    { { 0x00, 0x64, 0xff, 0x9b }, 96, 12 }, /* RFC 6052 2.1: NAT64 */
    { { 0x20, 0x02 }, 16, 2 },              /* RFC 3056: 6to4 */
};

static bool has_prefix(const uint8_t *a, const uint8_t *prefix, unsigned bits)
{
    unsigned rest = bits % 8;

    return memcmp(a, prefix, bits / 8) == 0 &&
           (rest == 0 ||
            ((a[bits / 8] ^ prefix[bits / 8]) & (0xff00U >> rest) & 0xff) == 0);
}

static unsigned look_up(const struct prefix *prefixes, const uint8_t *a)
{
    while (!has_prefix(a, prefixes->octets, prefixes->bits)) {
        prefixes++;
    }
    return prefixes->reach;
}

static unsigned reach6(const uint8_t a[16])
{
    for (size_t i = 0; i < sizeof embeddings / sizeof embeddings[0]; i++) {
        if (has_prefix(a, embeddings[i].octets, embeddings[i].bits)) {
            return look_up(prefixes4, a + embeddings[i].at);
        }
    }
    return look_up(prefixes6, a);
}

bool courier_may_reach(enum settings_reach reach,
                       const struct sockaddr *address)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;

    if (address->sa_family == AF_INET) {
        memcpy(&four, address, sizeof four);
        return look_up(prefixes4, (const uint8_t *)&four.sin_addr) <=
               (unsigned)reach;
    }
    if (address->sa_family == AF_INET6) {
        memcpy(&six, address, sizeof six);
        return reach6(six.sin6_addr.s6_addr) <= (unsigned)reach;
    }
    return false;
}
