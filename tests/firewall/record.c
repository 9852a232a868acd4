/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/firewall/record.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/firewall/kernel.h"

/* Nobody here is slower, however busy the machine is. */
#define PATIENCE_S 60

#define SNAP 2048

static const char device_setup[] =
    "set -e\n"
    "ip link set lo up\n"
    "ip link add rec0 address 02:00:5e:00:00:01 type veth"
    " peer name rec1 address 02:00:5e:00:00:02 netns %d\n"
    "echo 0 > /proc/sys/net/ipv6/conf/rec0/accept_dad\n"
    "ip link set rec0 up\n"
    "ip addr add 10.0.0.1/24 dev rec0\n"
    "ip -6 addr add 2001:db8::1/64 dev rec0 nodad\n";

static const char peer_setup[] =
    "set -e\n"
    "ip link set lo up\n"
    "echo 0 > /proc/sys/net/ipv6/conf/rec1/accept_dad\n"
    "ip link set rec1 up\n"
    "ip addr add 10.0.0.2/24 dev rec1\n"
    "ip -6 addr add 2001:db8::2/64 dev rec1 nodad\n";

/* ---- What they do */

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } u;
    socklen_t n;
};

static struct address address(const char *text, unsigned port)
{
    struct address a;

    memset(&a, 0, sizeof a);
    if (strchr(text, ':') != NULL) {
        a.u.six.sin6_family = AF_INET6;
        a.u.six.sin6_port = htons((uint16_t)port);
        (void)inet_pton(AF_INET6, text, &a.u.six.sin6_addr);
        a.n = sizeof a.u.six;
    } else {
        a.u.four.sin_family = AF_INET;
        a.u.four.sin_port = htons((uint16_t)port);
        (void)inet_pton(AF_INET, text, &a.u.four.sin_addr);
        a.n = sizeof a.u.four;
    }
    return a;
}

static int patient(int fd)
{
    struct timeval t = { PATIENCE_S, 0 };

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
    return fd;
}

/* Ask on a connection or by a datagram, and wait for the answer. */
static bool ask(const char *whom, unsigned port, int type)
{
    struct address to = address(whom, port);
    int fd = patient(socket(to.u.any.sa_family, type | SOCK_CLOEXEC, 0));
    char answer[64];
    bool ok = connect(fd, &to.u.any, to.n) == 0 &&
              write(fd, "question", 8) == 8 &&
              read(fd, answer, sizeof answer) == 8;

    (void)close(fd);
    return ok;
}

static bool refused(const char *whom)
{
    struct address to = address(whom, 444);
    int fd = patient(socket(to.u.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    bool ok = connect(fd, &to.u.any, to.n) != 0;

    (void)close(fd);
    return ok;
}

/* An echo; the kernel of the other answers. */
static bool ping(const char *whom)
{
    struct address to = address(whom, 0);
    bool six = to.u.any.sa_family == AF_INET6;
    uint8_t echo[16] = {
        six ? 128 : 8, 0, six ? 0 : 0xf7, six ? 0 : 0xf6, 0, 9
    };
    uint8_t answer[128];
    int fd = patient(socket(to.u.any.sa_family, SOCK_RAW | SOCK_CLOEXEC,
                            six ? IPPROTO_ICMPV6 : IPPROTO_ICMP));
    bool ok = sendto(fd, echo, sizeof echo, 0, &to.u.any, to.n) == 16 &&
              recv(fd, answer, sizeof answer, 0) > 0;

    (void)close(fd);
    return ok;
}

static const char *const peers[] = { "10.0.0.2", "2001:db8::2" };
static const char *const devices[] = { "10.0.0.1", "2001:db8::1" };

/* Whoever serves listens here, on both families, before the other asks. */
struct service {
    int stream;
    int datagram;
};

static bool serve(struct service *s, unsigned stream, unsigned datagram)
{
    struct address a = address("::", stream);
    struct address b = address("::", datagram);

    s->stream = patient(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    s->datagram = patient(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return bind(s->stream, &a.u.any, a.n) == 0 && listen(s->stream, 4) == 0 &&
           bind(s->datagram, &b.u.any, b.n) == 0;
}

static bool answer_one(struct service *s)
{
    char question[64];
    struct address from = { .n = sizeof from.u };
    int fd = patient(accept4(s->stream, NULL, NULL, SOCK_CLOEXEC));
    bool ok = read(fd, question, sizeof question) == 8 &&
              write(fd, "answered", 8) == 8 &&
              read(fd, question, sizeof question) == 0;

    (void)close(fd);
    return ok &&
           recvfrom(s->datagram, question, sizeof question, 0, &from.u.any,
                    &from.n) == 8 &&
           sendto(s->datagram, "answered", 8, 0, &from.u.any, from.n) == 8;
}

/* ---- The two of them, which wait for each other through pipes */

static bool tell(int fd)
{
    return write(fd, "x", 1) == 1;
}

static bool wait_for(int fd)
{
    struct pollfd p = { fd, POLLIN, 0 };
    char c;

    return poll(&p, 1, PATIENCE_S * 1000) == 1 && read(fd, &c, 1) == 1;
}

static bool peer(int from, int to)
{
    struct service s;
    bool ok = unshare(CLONE_NEWNET) == 0 && tell(to) && wait_for(from) &&
              kernel_shell(peer_setup) && serve(&s, 443, 53) && tell(to);

    for (unsigned i = 0; ok && i < 2; i++) {
        ok = answer_one(&s);
    }
    ok = ok && wait_for(from);
    for (unsigned i = 0; ok && i < 2; i++) {
        ok = ask(devices[i], 80, SOCK_STREAM) &&
             ask(devices[i], 5683, SOCK_DGRAM);
    }
    return ok && wait_for(from); /* its kernel answers echoes till then */
}

static bool talk(int from, int to)
{
    struct service s;
    bool ok = wait_for(from);

    for (unsigned i = 0; ok && i < 2; i++) {
        ok = ask(peers[i], 443, SOCK_STREAM) && ask(peers[i], 53, SOCK_DGRAM) &&
             ping(peers[i]) && refused(peers[i]);
    }
    ok = ok && serve(&s, 80, 5683) && tell(to);
    for (unsigned i = 0; ok && i < 2; i++) {
        ok = answer_one(&s);
    }
    return ok && tell(to);
}

static bool device(pid_t other, int from, int to, FILE *f)
{
    struct sockaddr_ll on = { .sll_family = AF_PACKET,
                              .sll_protocol = htons(ETH_P_ALL) };
    char setup[sizeof device_setup + 16];
    static const uint32_t head[6] = { 0xa1b2c3d4, 0x00040002, 0, 0, SNAP, 1 };
    uint8_t frame[SNAP];
    ssize_t n;
    int fd;

    (void)snprintf(setup, sizeof setup, device_setup, (int)other);
    if (!kernel_shell(setup)) {
        return false;
    }
    fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    on.sll_ifindex = (int)if_nametoindex("rec0");
    if (bind(fd, (struct sockaddr *)&on, sizeof on) != 0 || !tell(to) ||
        !talk(from, to) || fwrite(head, sizeof head, 1, f) != 1) {
        return false;
    }
    while ((n = recv(fd, frame, sizeof frame, 0)) > 0) {
        uint32_t record_head[4] = { 0, 0, (uint32_t)n, (uint32_t)n };

        if (fwrite(record_head, sizeof record_head, 1, f) != 1 ||
            fwrite(frame, (size_t)n, 1, f) != 1) {
            return false;
        }
    }
    return fflush(f) == 0;
}

/* In a process of its own, which may enter namespaces as it likes. */
static bool both(FILE *f)
{
    int there[2];
    int back[2];
    int status;
    pid_t child;
    bool ok;

    if (!kernel_enter() || pipe(there) != 0 || pipe(back) != 0) {
        return false;
    }
    child = fork();
    if (child == 0) {
        (void)close(there[1]);
        (void)close(back[0]);
        _exit(peer(there[0], back[1]) ? 0 : 1);
    }
    /* Who waits for one that is gone sees the end, not the time go by. */
    (void)close(there[0]);
    (void)close(back[1]);
    ok = child > 0 && wait_for(back[0]) && device(child, back[0], there[1], f);
    return child > 0 && waitpid(child, &status, 0) == child && ok &&
           status == 0;
}

bool record(FILE *f)
{
    int status;
    pid_t child;

    (void)fflush(NULL);
    child = fork();
    if (child == 0) {
        _exit(both(f) ? 0 : 1);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}
