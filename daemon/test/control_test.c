/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/control.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/bm_test.h"

static int ends[2];

static void open_ends(void)
{
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
    CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
}

static void close_ends(void)
{
    close(ends[0]);
    close(ends[1]);
}

/* The lowest that is free: what leaks shows. */
static int next_fd(void)
{
    int fd = dup(STDIN_FILENO);

    close(fd);
    return fd;
}

static const struct control some = { CONTROL_LINK, 2, 3, 0x80000001 };

static void a_message_arrives_as_it_was_sent(void)
{
    struct control m;
    int fd;

    open_ends();
    CHECK_STATUS(control_send(ends[0], &some, -1), BM_OK);
    CHECK_STATUS(control_receive(ends[1], &m, &fd), BM_OK);
    CHECK(memcmp(&m, &some, sizeof m) == 0 && fd == -1);
    CHECK_STATUS(control_receive(ends[1], &m, &fd), BM_E_END);
    CHECK(fd == -1);
    close_ends();
}

static void a_descriptor_goes_along_and_survives_no_exec(void)
{
    struct control m;
    int pair[2];
    int fd;

    open_ends();
    CHECK(pipe(pair) == 0);
    CHECK_STATUS(control_send(ends[0], &some, pair[1]), BM_OK);
    close(pair[1]); /* ours; the message has its own */
    CHECK_STATUS(control_receive(ends[1], &m, &fd), BM_OK);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(write(fd, "x", 1) == 1);
    close(fd);
    close(pair[0]);
    close_ends();
}

static void a_message_of_another_size_ends_the_talk(void)
{
    static const uint8_t octets[sizeof(struct control) + 1];

    for (size_t n = 0; n <= sizeof octets; n++) {
        struct control m;
        int fd;

        open_ends();
        CHECK(send(ends[0], octets, n, 0) == (ssize_t)n);
        CHECK_STATUS(control_receive(ends[1], &m, &fd),
                     n == sizeof m ? BM_OK : BM_E_IO);
        CHECK(fd == -1);
        close_ends();
    }
}

static void more_descriptors_than_one_end_the_talk_and_stay_nowhere(void)
{
    union {
        struct cmsghdr head;
        uint8_t room[CMSG_SPACE(2 * sizeof(int))];
    } room = { .room = { 0 } };
    struct control copy = some;
    struct iovec iov = { &copy, sizeof copy };
    struct msghdr message = { .msg_iov = &iov,
                              .msg_iovlen = 1,
                              .msg_control = &room,
                              .msg_controllen = sizeof room };
    const int two[2] = { STDIN_FILENO, STDOUT_FILENO };
    struct control m;
    int before;
    int fd;

    open_ends();
    room.head.cmsg_level = SOL_SOCKET;
    room.head.cmsg_type = SCM_RIGHTS;
    room.head.cmsg_len = CMSG_LEN(sizeof two);
    memcpy(CMSG_DATA(&room.head), two, sizeof two);
    CHECK(sendmsg(ends[0], &message, 0) == (ssize_t)sizeof copy);
    before = next_fd();
    CHECK_STATUS(control_receive(ends[1], &m, &fd), BM_E_IO);
    CHECK(fd == -1 && next_fd() == before);
    close_ends();
}

static void the_end_of_the_other_side_is_told(void)
{
    struct control m;
    int fd;

    open_ends();
    close(ends[0]);
    CHECK_STATUS(control_receive(ends[1], &m, &fd), BM_E_IO);
    CHECK_STATUS(control_send(ends[1], &some, -1), BM_E_IO);
    CHECK_STATUS(control_send(ends[1], &some, STDIN_FILENO), BM_E_IO);
    close(ends[1]);
}

/* A room that does not read must not make the supervisor wait. */
static void a_full_socket_is_an_error(void)
{
    size_t sent = 0;

    open_ends();
    while (sent < 1000000 && control_send(ends[0], &some, -1) == BM_OK) {
        sent++;
    }
    CHECK(sent > 0 && sent < 1000000);
    close_ends();
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    RUN(a_message_arrives_as_it_was_sent);
    RUN(a_descriptor_goes_along_and_survives_no_exec);
    RUN(a_message_of_another_size_ends_the_talk);
    RUN(more_descriptors_than_one_end_the_talk_and_stay_nowhere);
    RUN(the_end_of_the_other_side_is_told);
    RUN(a_full_socket_is_an_error);
    return bm_test_done();
}
