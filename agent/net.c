/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/net.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t net_now(void)
{
    struct timespec t = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- The stream */

static bm_status stream_status(int error)
{
    switch (error) {
    case EAGAIN:
    case EINTR:
        return BM_E_TLS_AGAIN;
    case EPIPE:
        return BM_E_TLS_CLOSED;
    case ENOMEM:
    case ENOBUFS:
        return BM_E_MEMORY;
    default:
        return BM_E_AGENT_BROKEN;
    }
}

static bm_status stream_send(void *self, struct bm_bytes octets, size_t *n)
{
    struct net *net = self;
    ssize_t put = send(net->fd, octets.p, octets.n, MSG_NOSIGNAL);

    *n = put > 0 ? (size_t)put : 0;
    net->full = put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    return put > 0 ? BM_OK : put < 0 ? stream_status(errno) : BM_E_TLS_AGAIN;
}

static bm_status stream_receive(void *self, uint8_t *out, size_t cap, size_t *n)
{
    struct net *net = self;
    ssize_t got = recv(net->fd, out, cap, 0);

    *n = got > 0 ? (size_t)got : 0;
    net->full = false;
    return got > 0 ? BM_OK : got == 0 ? BM_E_TLS_CLOSED : stream_status(errno);
}

/* ---- Connecting */

static void drop_socket(struct net *net)
{
    if (net->fd >= 0) {
        (void)close(net->fd);
    }
    net->fd = -1;
    net->connecting = false;
    net->full = false;
}

void net_close(struct net *net)
{
    drop_socket(net);
    net_lookup_free(net->lookup);
    net->lookup = NULL;
    if (net->list != NULL) {
        freeaddrinfo(net->list);
    }
    net->list = NULL;
    net->at = NULL;
}

static int make_socket(const struct addrinfo *ai)
{
    int one = 1;
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    ai->ai_protocol);

    if (fd >= 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    return fd;
}

/* BM_OK: connected; BM_E_TLS_AGAIN: under way. */
static bm_status begin_address(struct net *net)
{
    net->fd = make_socket(net->at);
    if (net->fd < 0) {
        return BM_E_AGENT_CONNECT;
    }
    net->until = net_now() + net->timeout_ms;
    if (connect(net->fd, net->at->ai_addr, net->at->ai_addrlen) == 0) {
        return BM_OK;
    }
    if (errno == EINPROGRESS || errno == EINTR) {
        net->connecting = true;
        return BM_E_TLS_AGAIN;
    }
    return BM_E_AGENT_CONNECT;
}

static bm_status check_address(struct net *net)
{
    struct pollfd p = { .fd = net->fd, .events = POLLOUT };
    int error = 0;
    socklen_t n = sizeof error;

    if (poll(&p, 1, 0) < 1) {
        return net_now() < net->until ? BM_E_TLS_AGAIN : BM_E_AGENT_TIMEOUT;
    }
    if (getsockopt(net->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 ||
        error != 0) {
        return error == ETIMEDOUT ? BM_E_AGENT_TIMEOUT : BM_E_AGENT_CONNECT;
    }
    net->connecting = false;
    return BM_OK;
}

/* One address after the other; the reason is that of the last one. */
static bm_status try_addresses(struct net *net)
{
    while (net->at != NULL) {
        bm_status rc =
            net->connecting ? check_address(net) : begin_address(net);

        if (rc == BM_OK || rc == BM_E_TLS_AGAIN) {
            return rc;
        }
        net->failed = rc;
        drop_socket(net);
        net->at = net->at->ai_next;
    }
    return net->failed;
}

static bm_status look_up(struct net *net, const char *host, uint16_t port)
{
    bm_status rc;

    if (net->lookup == NULL) {
        net->lookup = net_lookup_begin(host, port);
        net->until = net_now() + net->timeout_ms;
        if (net->lookup == NULL) {
            return BM_E_MEMORY;
        }
    }
    rc = net_lookup_take(net->lookup, &net->list);
    if (rc == BM_E_TLS_AGAIN && net_now() >= net->until) {
        rc = BM_E_AGENT_RESOLVE;
    }
    if (rc != BM_E_TLS_AGAIN) {
        net_lookup_free(net->lookup);
        net->lookup = NULL;
    }
    net->at = net->list;
    net->failed = BM_E_AGENT_CONNECT;
    return rc;
}

static bm_status net_open(void *self, const char *host, uint16_t port,
                          const struct bm_transport **transport)
{
    struct net *net = self;
    bm_status rc = BM_OK;

    *transport = NULL;
    if (net->list == NULL) {
        rc = look_up(net, host, port);
    }
    if (rc == BM_OK) {
        rc = try_addresses(net);
    }
    if (rc == BM_OK) {
        *transport = &net->transport;
    } else if (rc != BM_E_TLS_AGAIN) {
        net_close(net);
    }
    return rc;
}

static void connector_close(void *self)
{
    net_close(self);
}

void net_init(struct net *net, int64_t seconds)
{
    memset(net, 0, sizeof *net);
    net->fd = -1;
    net->timeout_ms = (unsigned)seconds * 1000;
    net->connector = (struct bm_connector){ net, net_open, connector_close };
    net->transport = (struct bm_transport){ net, stream_send, stream_receive };
}

void net_wait(const struct net *net, int64_t ms)
{
    int64_t left = net->until - net_now();
    struct pollfd p = { .fd = net->fd, .events = POLLIN };

    if (net->lookup != NULL) {
        p.fd = net_lookup_fd(net->lookup);
    } else if (net->connecting) {
        p.events = POLLOUT;
    } else {
        left = ms;
        p.events = net->full ? POLLIN | POLLOUT : POLLIN;
    }
    left = left < 0 ? 0 : left < ms ? left : ms;
    (void)poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left);
}
