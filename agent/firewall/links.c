/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/links.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/fs.h"
#include "firewall/octets.h"

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(name, *names) != 0) {
        names++;
    }
    return *names != NULL;
}

static void add_4(struct bm_fw_subnets *s, const struct ifaddrs *a)
{
    struct sockaddr_in address;
    struct sockaddr_in mask;

    if (s->mask == 0) {
        memcpy(&address, a->ifa_addr, sizeof address);
        memcpy(&mask, a->ifa_netmask, sizeof mask);
        s->mask = ntohl(mask.sin_addr.s_addr);
        s->address = ntohl(address.sin_addr.s_addr) & s->mask;
    }
}

/* A subnet, which fe80::/64 is always and a single address is not. */
static void add_6(struct bm_fw_subnets *s, const struct ifaddrs *a)
{
    struct sockaddr_in6 address;
    struct sockaddr_in6 mask;
    uint32_t net[4];
    uint32_t bits[4];

    memcpy(&address, a->ifa_addr, sizeof address);
    memcpy(&mask, a->ifa_netmask, sizeof mask);
    for (unsigned i = 0; i < 4; i++) {
        bits[i] = bm_fw_be32(mask.sin6_addr.s6_addr + (size_t)4 * i);
        net[i] =
            bm_fw_be32(address.sin6_addr.s6_addr + (size_t)4 * i) & bits[i];
    }
    if (IN6_IS_ADDR_LINKLOCAL(&address.sin6_addr) || bits[3] == UINT32_MAX) {
        return;
    }
    for (unsigned i = 0; i < s->six_n; i++) {
        if (memcmp(s->six[i].address, net, sizeof net) == 0 &&
            memcmp(s->six[i].mask, bits, sizeof bits) == 0) {
            return;
        }
    }
    if (s->six_n < BM_FW_SUBNETS_6) {
        memcpy(s->six[s->six_n].address, net, sizeof net);
        memcpy(s->six[s->six_n].mask, bits, sizeof bits);
        s->six_n++;
    }
}

static void add(struct bm_fw_subnets *s, const struct ifaddrs *a)
{
    if (a->ifa_addr == NULL || a->ifa_netmask == NULL) {
        return;
    }
    if (a->ifa_addr->sa_family == AF_INET) {
        add_4(s, a);
    } else if (a->ifa_addr->sa_family == AF_INET6) {
        add_6(s, a);
    }
}

bm_status links_read(const char *const *interfaces, struct links *links)
{
    struct ifaddrs *list = NULL;
    size_t n = 0;

    memset(links, 0, sizeof *links);
    for (size_t i = 0; interfaces[i] != NULL; i++) {
        unsigned index = if_nametoindex(interfaces[i]);

        if (index != 0 && n < FIREWALL_INTERFACES_MAX) {
            links->index[n] = index;
            links->there[n++] = interfaces[i];
        }
    }
    if (getifaddrs(&list) != 0) {
        return fs_status(errno);
    }
    for (const struct ifaddrs *a = list; a != NULL; a = a->ifa_next) {
        if (is_one_of(a->ifa_name, interfaces)) {
            add(&links->subnets, a);
        }
    }
    freeifaddrs(list);
    return BM_OK;
}

/* A name that is more than a word is quoted by nobody: it is left out. */
static bool is_word(const char *name)
{
    return strpbrk(name, "\"\\ \t\n*") == NULL;
}

char *links_all(void)
{
    struct if_nameindex *all = if_nameindex();
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    const char *between = "";

    for (const struct if_nameindex *i = all;
         f != NULL && i != NULL && i->if_index != 0; i++) {
        if (strcmp(i->if_name, "lo") != 0 && is_word(i->if_name)) {
            fprintf(f, "%s\"%s\"", between, i->if_name);
            between = ", ";
        }
    }
    if_freenameindex(all);
    if (f == NULL || fclose(f) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

bool links_same(const struct links *a, const struct links *b)
{
    size_t i = 0;

    while (a->there[i] != NULL && a->there[i] == b->there[i] &&
           a->index[i] == b->index[i]) {
        i++;
    }
    return a->there[i] == NULL && b->there[i] == NULL;
}

bool links_same_subnets(const struct links *a, const struct links *b)
{
    const struct bm_fw_subnets *x = &a->subnets;
    const struct bm_fw_subnets *y = &b->subnets;

    return x->address == y->address && x->mask == y->mask &&
           x->six_n == y->six_n && memcmp(x->six, y->six, sizeof x->six) == 0;
}

int links_watch(void)
{
    struct sockaddr_nl address = { .nl_family = AF_NETLINK,
                                   .nl_groups = RTMGRP_LINK |
                                                RTMGRP_IPV4_IFADDR |
                                                RTMGRP_IPV6_IFADDR };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* That something has changed is enough: what, is read anew. */
void links_drain(int fd)
{
    uint8_t room[8192];
    ssize_t n;

    do {
        n = recv(fd, room, sizeof room, 0);
    } while (n > 0 || (n < 0 && (errno == EINTR || errno == ENOBUFS)));
}
