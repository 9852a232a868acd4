/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A message of nfnetlink, with room for the attributes used here. */
struct message {
    struct nlmsghdr head;
    struct nfgenmsg family;
    uint8_t attributes[488];
};

#define REPLY_MAX 65536

/* Heads and sizes of attributes, without the signs of the kernel's macros. */
#define ATTRIBUTE_HEAD     sizeof(struct nlattr)
#define ATTRIBUTE_ALIGN(n) (((size_t)(n) + 3) & ~(size_t)3)
#define MESSAGE_HEAD       sizeof(struct nlmsghdr)

/* Connections that are looked at in one go. */
#define AGED_MAX 4096

static int open_socket(void)
{
    struct sockaddr_nl any = { .nl_family = AF_NETLINK };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static struct message begin(unsigned subsystem, unsigned type, unsigned flags)
{
    struct message m;

    memset(&m, 0, sizeof m);
    m.head.nlmsg_len = sizeof m.head + sizeof m.family;
    m.head.nlmsg_type = (uint16_t)(subsystem << 8 | type);
    m.head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    return m;
}

static void put(struct message *m, unsigned type, const void *p, size_t n)
{
    struct nlattr a = { .nla_len = (uint16_t)(sizeof a + n),
                        .nla_type = (uint16_t)type };
    uint8_t *at = (uint8_t *)m + m->head.nlmsg_len;

    memcpy(at, &a, sizeof a);
    memcpy(at + sizeof a, p, n);
    m->head.nlmsg_len += (uint32_t)ATTRIBUTE_ALIGN(sizeof a + n);
}

/* Send, and wait for what the kernel says of it. */
static bool ask(int fd, struct message *m)
{
    union {
        struct nlmsghdr head;
        uint8_t octets[1024];
    } reply;
    struct nlmsgerr e;
    ssize_t n;

    m->head.nlmsg_flags |= NLM_F_ACK;
    if (send(fd, m, m->head.nlmsg_len, 0) < 0) {
        return false;
    }
    n = recv(fd, &reply, sizeof reply, 0);
    if (n < (ssize_t)(MESSAGE_HEAD + sizeof e) ||
        reply.head.nlmsg_type != NLMSG_ERROR) {
        errno = EPROTO;
        return false;
    }
    memcpy(&e, NLMSG_DATA(&reply.head), sizeof e);
    errno = -e.error;
    return e.error == 0;
}

/* ---- Logged frames */

int netlink_log(unsigned group)
{
    struct nfulnl_msg_config_cmd bind_it = { NFULNL_CFG_CMD_BIND };
    struct nfulnl_msg_config_mode mode = { .copy_mode = NFULNL_COPY_META };
    struct message m = begin(NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, 0);
    int fd = open_socket();
    bool ok;

    m.family.res_id = htons((uint16_t)group);
    put(&m, NFULA_CFG_CMD, &bind_it, sizeof bind_it);
    ok = fd >= 0 && ask(fd, &m);
    m = begin(NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, 0);
    m.family.res_id = htons((uint16_t)group);
    put(&m, NFULA_CFG_MODE, &mode, sizeof mode);
    if (ok && ask(fd, &m)) {
        return fd;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return -1;
}

unsigned netlink_logged(int log)
{
    union {
        struct nlmsghdr head;
        uint8_t octets[8192];
    } m;
    unsigned frames = 0;

    while (recv(log, &m, sizeof m, MSG_DONTWAIT) > 0) {
        frames +=
            m.head.nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET);
    }
    return frames;
}

/* ---- Connections */

int netlink_conntrack(void)
{
    return open_socket();
}

bool netlink_forget(int conntrack)
{
    struct message m = begin(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, 0);

    return ask(conntrack, &m);
}

/* The attribute of a message of conntrack, with its head; or NULL. */
static const struct nlattr *attribute(const struct nlmsghdr *h, unsigned type)
{
    size_t at = MESSAGE_HEAD + sizeof(struct nfgenmsg);

    while (at + ATTRIBUTE_HEAD <= h->nlmsg_len) {
        const struct nlattr *a =
            (const struct nlattr *)(const void *)((const uint8_t *)h + at);

        if (a->nla_len < ATTRIBUTE_HEAD || at + a->nla_len > h->nlmsg_len) {
            return NULL;
        }
        if ((a->nla_type & NLA_TYPE_MASK) == type) {
            return a;
        }
        at += ATTRIBUTE_ALIGN(a->nla_len);
    }
    return NULL;
}

/* What makes a connection older, from what the kernel told of it. */
static bool older(const struct nlmsghdr *h, uint32_t seconds, struct message *m)
{
    const struct nlattr *tuple = attribute(h, CTA_TUPLE_ORIG);
    const struct nlattr *timeout = attribute(h, CTA_TIMEOUT);
    uint32_t left;

    if (tuple == NULL || timeout == NULL || tuple->nla_len > 256) {
        return false;
    }
    memcpy(&left, timeout + 1, sizeof left);
    left = ntohl(left);
    left = htonl(left > seconds ? left - seconds : 0);
    *m = begin(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW, 0);
    memcpy(&m->family, NLMSG_DATA(h), sizeof m->family);
    put(m, tuple->nla_type, tuple + 1, tuple->nla_len - ATTRIBUTE_HEAD);
    put(m, CTA_TIMEOUT, &left, sizeof left);
    return true;
}

/* Dump all of them, and say what is to be changed. */
static bool dump(int fd, uint32_t seconds, struct message *changes, size_t *n)
{
    static union {
        struct nlmsghdr head;
        uint8_t octets[REPLY_MAX];
    } reply;
    struct message m =
        begin(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET, NLM_F_DUMP);

    *n = 0;
    if (send(fd, &m, m.head.nlmsg_len, 0) < 0) {
        return false;
    }
    for (;;) {
        ssize_t got = recv(fd, &reply, sizeof reply, 0);
        ssize_t left = got;
        struct nlmsghdr *h = &reply.head;

        for (; left > 0 && NLMSG_OK(h, (size_t)left); h = NLMSG_NEXT(h, left)) {
            if (h->nlmsg_type == NLMSG_DONE) {
                return true;
            }
            if (h->nlmsg_type == NLMSG_ERROR || *n == AGED_MAX) {
                return false;
            }
            *n += older(h, seconds, &changes[*n]);
        }
        if (got <= 0) {
            return false;
        }
    }
}

bool netlink_age(int conntrack, uint32_t seconds)
{
    static struct message changes[AGED_MAX];
    size_t n;

    if (!dump(conntrack, seconds, changes, &n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        /* One that ended meanwhile is not there. */
        if (!ask(conntrack, &changes[i]) && errno != ENOENT && errno != ETIME) {
            return false;
        }
    }
    return true;
}
