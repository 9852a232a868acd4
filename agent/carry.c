/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/carry.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_ready(int fd, short events)
{
    struct pollfd p = { .fd = fd, .events = events };

    return poll(&p, 1, 0) > 0;
}

static void gone_on(struct carry *c, struct carry_flow *flow, size_t n)
{
    flow->at += n;
    flow->n -= n;
    c->moved = true;
}

static bm_status take_input(struct carry *c)
{
    struct carry_flow *up = &c->up;
    ssize_t got;

    if (up->ended || up->n != 0 || !is_ready(c->in, POLLIN)) {
        return BM_OK;
    }
    got = read(c->in, up->room, sizeof up->room);
    if (got < 0 && errno != ECONNRESET) {
        return errno == EINTR || errno == EAGAIN ? BM_OK : BM_E_IO;
    }
    up->at = 0;
    up->n = got > 0 ? (size_t)got : 0;
    up->ended = got <= 0;
    c->moved = true;
    return BM_OK;
}

static bm_status send_up(struct carry *c)
{
    struct carry_flow *up = &c->up;
    size_t n = 0;
    bm_status rc;

    if (up->n == 0) {
        return BM_OK;
    }
    rc = c->tls->write(c->session,
                       (struct bm_bytes){ up->room + up->at, up->n }, &n);
    if (rc == BM_OK) {
        gone_on(c, up, n);
    }
    return rc == BM_E_TLS_AGAIN ? BM_OK : rc;
}

static bm_status receive_down(struct carry *c)
{
    struct carry_flow *down = &c->down;
    size_t n = 0;
    bm_status rc;

    if (down->ended || down->n != 0) {
        return BM_OK;
    }
    rc = c->tls->read(c->session, down->room, sizeof down->room, &n);
    if (rc == BM_OK) {
        down->at = 0;
        down->n = n;
    }
    down->ended = rc == BM_E_TLS_CLOSED;
    c->moved = c->moved || rc == BM_OK;
    return rc == BM_E_TLS_AGAIN || rc == BM_E_TLS_CLOSED ? BM_OK : rc;
}

/* A descriptor that others have, too, is not made non-blocking; of what is
 * writable PIPE_BUF octets go into a pipe at once. */
static ssize_t write_some(int out, const uint8_t *octets, size_t n)
{
    ssize_t put = send(out, octets, n, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (put >= 0 || errno != ENOTSOCK) {
        return put;
    }
    if (!is_ready(out, POLLOUT)) {
        errno = EAGAIN;
        return -1;
    }
    return write(out, octets, n < PIPE_BUF ? n : PIPE_BUF);
}

static bm_status give_output(struct carry *c)
{
    struct carry_flow *down = &c->down;
    ssize_t put;

    if (c->unread) {
        down->n = 0;
    }
    if (down->n == 0) {
        return BM_OK;
    }
    put = write_some(c->out, down->room + down->at, down->n);
    if (put > 0) {
        gone_on(c, down, (size_t)put);
    } else if (put < 0 && (errno == EPIPE || errno == ECONNRESET)) {
        c->unread = true;
    } else if (put < 0 && errno != EINTR && errno != EAGAIN) {
        return BM_E_IO;
    }
    return BM_OK;
}

/* Until one of the three can go on. Whoever reads the output is seen to go. */
static void wait_for_any(struct carry *c)
{
    const short of_net =
        (short)((c->down.n == 0 ? POLLIN : 0) | (c->net->full ? POLLOUT : 0));
    struct pollfd p[] = {
        { .fd = c->up.n == 0 && !c->up.ended ? c->in : -1, .events = POLLIN },
        { .fd = c->unread ? -1 : c->out,
          .events = c->down.n != 0 ? POLLOUT : 0 },
        { .fd = of_net != 0 ? c->net->fd : -1, .events = of_net },
    };

    if (poll(p, sizeof p / sizeof p[0], -1) > 0 &&
        (p[1].revents & (POLLERR | POLLHUP)) != 0) {
        c->unread = true;
    }
}

/* The end is the server's; or ours, when all was sent and nobody is there for
 * an answer. */
static bool is_over(const struct carry *c)
{
    return (c->down.ended && c->down.n == 0) ||
           (c->unread && c->up.ended && c->up.n == 0);
}

bm_status carry_all(struct carry *c)
{
    while (!is_over(c)) {
        c->moved = false;
        BM_TRY(take_input(c));
        BM_TRY(send_up(c));
        BM_TRY(receive_down(c));
        BM_TRY(give_output(c));
        if (!c->moved && !is_over(c)) {
            wait_for_any(c);
        }
    }
    return BM_OK;
}
