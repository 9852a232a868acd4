/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "daemon/link_internal.h"

/*
 * The side that waits. It asks one thing at a time, so all that it reads in
 * between is old: answers to what was given up, or what came unasked.
 */

static int64_t now_ms(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) {
        return INT64_MAX; /* all deadlines are over */
    }
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bm_status wait_for(int fd, short what, int64_t deadline)
{
    for (;;) {
        struct pollfd p = { .fd = fd, .events = what };
        int64_t left = deadline - now_ms();
        int n;

        if (left <= 0) {
            return BM_E_IO;
        }
        n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
        if (n == 1) {
            return (p.revents & (what | POLLHUP)) != 0 ? BM_OK : BM_E_IO;
        }
        if (n < 0 && errno != EINTR) {
            return BM_E_IO;
        }
    }
}

/* `n` octets have moved: they are out of `iov`. False: nothing is left. */
static bool advance(struct iovec iov[2], size_t n)
{
    for (size_t i = 0; i < 2; i++) {
        size_t some = n < iov[i].iov_len ? n : iov[i].iov_len;

        if (some != 0) {
            iov[i].iov_base = (uint8_t *)iov[i].iov_base + some;
            iov[i].iov_len -= some;
            n -= some;
        }
    }
    return iov[0].iov_len + iov[1].iov_len != 0;
}

static bm_status send_frame(int fd, const struct link_frame *request,
                            int64_t deadline)
{
    uint8_t head[LINK_HEAD];
    struct iovec iov[2] = { { head, sizeof head }, { NULL, request->body.n } };

    /* writev() does not write there; the type has no const. */
    memcpy(&iov[1].iov_base, &request->body.p, sizeof iov[1].iov_base);
    link_head_put(head, request);
    for (;;) {
        ssize_t n = writev(fd, iov, 2);

        if (n > 0) {
            if (!advance(iov, (size_t)n)) {
                return BM_OK;
            }
        } else if (n < 0 && errno == EAGAIN) {
            BM_TRY(wait_for(fd, POLLOUT, deadline));
        } else if (n == 0 || errno != EINTR) {
            return BM_E_IO;
        }
    }
}

/* Exactly as much as `iov` takes. */
static bm_status take(int fd, struct iovec iov[2], int64_t deadline)
{
    while (iov[0].iov_len + iov[1].iov_len != 0) {
        ssize_t n;

        BM_TRY(wait_for(fd, POLLIN, deadline));
        n = readv(fd, iov, 2);
        if (n > 0) {
            (void)advance(iov, (size_t)n);
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            return BM_E_IO;
        }
    }
    return BM_OK;
}

static bm_status skip(int fd, size_t n, int64_t deadline)
{
    uint8_t scratch[4096] = { 0 };

    while (n != 0) {
        size_t some = n < sizeof scratch ? n : sizeof scratch;
        struct iovec iov[2] = { { scratch, some }, { NULL, 0 } };

        BM_TRY(take(fd, iov, deadline));
        n -= some;
    }
    return BM_OK;
}

static bm_status take_answer(int fd, const struct link_frame *request,
                             int64_t deadline, struct bm_wr *room,
                             struct link_frame *answer)
{
    for (;;) {
        uint8_t head[LINK_HEAD];
        struct iovec iov[2] = { { head, sizeof head }, { NULL, 0 } };
        size_t used;

        BM_TRY(take(fd, iov, deadline));
        BM_TRY(link_head_parse(BM_ARRAY(head), answer, &used));
        if (answer->verb != request->verb || answer->tag != request->tag) {
            BM_TRY(skip(fd, answer->body.n, deadline));
            continue;
        }
        if (room->len > room->cap || answer->body.n > room->cap - room->len) {
            return BM_E_BUFFER;
        }
        if (answer->body.n != 0) {
            iov[0] = (struct iovec){ room->buf + room->len, answer->body.n };
            BM_TRY(take(fd, iov, deadline));
            answer->body.p = room->buf + room->len;
            room->len += answer->body.n;
        }
        return BM_OK;
    }
}

bm_status link_ask(int fd, const struct link_frame *request, int timeout_ms,
                   struct bm_wr *room, struct link_frame *answer)
{
    int64_t deadline = now_ms() + timeout_ms;
    bm_status rc = BM_E_LIMIT;

    if (request->body.n <= LINK_FRAME_MAX - LINK_HEAD) {
        rc = send_frame(fd, request, deadline);
    }
    if (rc == BM_OK) {
        rc = take_answer(fd, request, deadline, room, answer);
    }
    if (rc != BM_OK) {
        *answer = (struct link_frame){ 0 };
    }
    return rc == BM_OK || rc == BM_E_BUFFER || rc == BM_E_LIMIT ? rc : BM_E_IO;
}
