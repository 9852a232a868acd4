/* SPDX-License-Identifier: Apache-2.0 */
/* MSG_CMSG_CLOEXEC */
#define _GNU_SOURCE
#include "daemon/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union descriptor {
    struct cmsghdr head;
    uint8_t room[CMSG_SPACE(sizeof(int))];
};

/* A room sends by write(), since its sandbox knows no sendmsg(). */
bm_status control_send(int socket, const struct control *message, int fd)
{
    struct control copy = *message;
    struct iovec iov = { &copy, sizeof copy };
    union descriptor room = { .room = { 0 } };
    struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
    ssize_t n;

    do {
        if (fd < 0) {
            n = write(socket, &copy, sizeof copy);
            continue;
        }
        m.msg_control = &room;
        m.msg_controllen = sizeof room;
        room.head.cmsg_level = SOL_SOCKET;
        room.head.cmsg_type = SCM_RIGHTS;
        room.head.cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(&room.head), &fd, sizeof fd);
        n = sendmsg(socket, &m, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof copy ? BM_OK : BM_E_IO;
}

bm_status control_receive(int socket, struct control *message, int *fd)
{
    struct control copy;
    struct iovec iov = { &copy, sizeof copy };
    union descriptor room = { .room = { 0 } };
    struct msghdr m = { .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = &room,
                        /* not CMSG_SPACE(), which has room for a second */
                        .msg_controllen = CMSG_LEN(sizeof *fd) };
    struct cmsghdr *head;
    ssize_t n;

    *fd = -1;
    do {
        n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) {
        return BM_E_END;
    }
    head = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    if (head != NULL && head->cmsg_level == SOL_SOCKET &&
        head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len == CMSG_LEN(sizeof *fd)) {
        memcpy(fd, CMSG_DATA(head), sizeof *fd);
    }
    if (n != (ssize_t)sizeof copy ||
        (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        if (*fd >= 0) {
            close(*fd);
        }
        *fd = -1;
        return BM_E_IO;
    }
    *message = copy;
    return BM_OK;
}
