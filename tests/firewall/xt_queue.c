/* SPDX-License-Identifier: Apache-2.0 */

/*
 * For kernels that have queues (NFQUEUE), and nftables without the expression
 * `queue` (CONFIG_NFT_QUEUE): what a program tells nftables goes through here
 * (LD_PRELOAD), and in each rule its twin of xtables, the target NFQUEUE,
 * stands in that place. Both return the same verdict, and what becomes of a
 * packet is the same code of the kernel from there on. Without anybody who
 * reads, both drop.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ALIGNED(n) (((size_t)(n) + 3) & ~(size_t)3)
#define A_HEAD     sizeof(struct nlattr)
#define M_HEAD     (sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg))
#define NEW_RULE   (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE)

/* An expression grows by less than this. */
#define GROWS 64

ssize_t sendmsg(int fd, const struct msghdr *message, int flags);

/* ---- Writing: `p` has room for all of it */

struct out {
    uint8_t *p;
    size_t n;
};

static void put(struct out *o, const void *p, size_t n)
{
    memcpy(o->p + o->n, p, n);
    memset(o->p + o->n + n, 0, ALIGNED(n) - n);
    o->n += ALIGNED(n);
}

static size_t begin(struct out *o, unsigned type)
{
    const struct nlattr a = { 0, (uint16_t)type };
    const size_t at = o->n;

    put(o, &a, sizeof a);
    return at;
}

static void end(struct out *o, size_t at)
{
    const uint16_t n = (uint16_t)(o->n - at);

    memcpy(o->p + at, &n, sizeof n);
}

static void put_attribute(struct out *o, unsigned type, const void *p, size_t n)
{
    const struct nlattr a = { (uint16_t)(A_HEAD + n), (uint16_t)type };

    put(o, &a, sizeof a);
    put(o, p, n);
}

/* ---- Reading: what libnftables has written */

static const struct nlattr *at(const void *p, size_t n)
{
    return (const struct nlattr *)(const void *)((const uint8_t *)p + n);
}

static unsigned type_of(const struct nlattr *a)
{
    return a->nla_type & (uint16_t)NLA_TYPE_MASK;
}

/* The attribute of this type inside of another, or NULL. */
static const struct nlattr *inside(const struct nlattr *a, unsigned type)
{
    for (size_t i = A_HEAD; i + A_HEAD <= a->nla_len;
         i += ALIGNED(at(a, i)->nla_len)) {
        if (type_of(at(a, i)) == type) {
            return at(a, i);
        }
    }
    return NULL;
}

/* The number of the queue, if an expression is one. */
static bool is_queue(const struct nlattr *expression, uint16_t *number)
{
    const struct nlattr *name = inside(expression, NFTA_EXPR_NAME);
    const struct nlattr *data = inside(expression, NFTA_EXPR_DATA);

    if (name == NULL || data == NULL ||
        strcmp((const char *)(name + 1), "queue") != 0) {
        return false;
    }
    data = inside(data, NFTA_QUEUE_NUM);
    if (data == NULL) {
        return false;
    }
    memcpy(number, data + 1, sizeof *number);
    *number = ntohs(*number);
    return true;
}

/* ---- From the one to the other */

static void put_target(struct out *o, uint16_t number)
{
    const struct xt_NFQ_info_v3 info = { .queuenum = number,
                                         .queues_total = 1 };
    const uint32_t revision = htonl(3);
    const size_t expression = begin(o, NFTA_LIST_ELEM | NLA_F_NESTED);
    size_t data;

    put_attribute(o, NFTA_EXPR_NAME, "target", sizeof "target");
    data = begin(o, NFTA_EXPR_DATA | NLA_F_NESTED);
    put_attribute(o, NFTA_TARGET_NAME, "NFQUEUE", sizeof "NFQUEUE");
    put_attribute(o, NFTA_TARGET_REV, &revision, sizeof revision);
    put_attribute(o, NFTA_TARGET_INFO, &info, sizeof info);
    end(o, data);
    end(o, expression);
}

static void put_expressions(struct out *o, const struct nlattr *list)
{
    const size_t begun = begin(o, list->nla_type);
    uint16_t number;

    for (size_t i = A_HEAD; i + A_HEAD <= list->nla_len;
         i += ALIGNED(at(list, i)->nla_len)) {
        if (is_queue(at(list, i), &number)) {
            put_target(o, number);
        } else {
            put(o, at(list, i), at(list, i)->nla_len);
        }
    }
    end(o, begun);
}

static void put_message(struct out *o, const struct nlmsghdr *h)
{
    const size_t begun = o->n;
    uint32_t n;

    if (h->nlmsg_type != NEW_RULE) {
        put(o, h, h->nlmsg_len);
        return;
    }
    put(o, h, M_HEAD);
    for (size_t i = M_HEAD; i + A_HEAD <= h->nlmsg_len;
         i += ALIGNED(at(h, i)->nla_len)) {
        if (type_of(at(h, i)) == NFTA_RULE_EXPRESSIONS) {
            put_expressions(o, at(h, i));
        } else {
            put(o, at(h, i), at(h, i)->nla_len);
        }
    }
    n = (uint32_t)(o->n - begun);
    memcpy(o->p + begun, &n, sizeof n);
}

/* ---- In the place of the C library's */

static bool is_netfilter(int fd)
{
    int domain = 0;
    int protocol = 0;
    socklen_t n = sizeof domain;

    (void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n);
    n = sizeof protocol;
    (void)getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &n);
    return domain == AF_NETLINK && protocol == NETLINK_NETFILTER;
}

/* All pages of a message in one. */
static uint8_t *joined(const struct msghdr *m, size_t *n)
{
    uint8_t *all;

    *n = 0;
    for (size_t i = 0; i < m->msg_iovlen; i++) {
        *n += m->msg_iov[i].iov_len;
    }
    all = malloc(*n + 1);
    *n = 0;
    for (size_t i = 0; all != NULL && i < m->msg_iovlen; i++) {
        memcpy(all + *n, m->msg_iov[i].iov_base, m->msg_iov[i].iov_len);
        *n += m->msg_iov[i].iov_len;
    }
    return all;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t (*next)(int, const struct msghdr *, int);
    struct out o = { NULL, 0 };
    struct msghdr changed = *message;
    struct iovec iov;
    ssize_t sent = -1;
    uint8_t *all;
    size_t n;

    *(void **)&next = dlsym(RTLD_NEXT, "sendmsg");
    if (!is_netfilter(fd)) {
        return next(fd, message, flags);
    }
    all = joined(message, &n);
    o.p = malloc(n * (GROWS / A_HEAD) + GROWS);
    if (all != NULL && o.p != NULL) {
        for (size_t i = 0; i + sizeof(struct nlmsghdr) <= n;) {
            const void *h = all + i;

            put_message(&o, h);
            i += ALIGNED(((const struct nlmsghdr *)h)->nlmsg_len);
        }
        iov = (struct iovec){ o.p, o.n };
        changed.msg_iov = &iov;
        changed.msg_iovlen = 1;
        sent = next(fd, &changed, flags) < 0 ? -1 : (ssize_t)n;
    }
    free(all);
    free(o.p);
    return sent;
}
