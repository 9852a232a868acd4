/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/notify.h"
#include "files/files.h"

/* Who has connected and is not accepted yet; the kernel cuts it to
 * net.core.somaxconn. A room that is started anew must find them. */
#define BACKLOG 4096

const char *const port_names[ROOM_PORT_COUNT] = {
    [ROOM_PORT_DEVICES] = "devices",
    [ROOM_PORT_OPERATORS] = "operators",
    [ROOM_PORT_PUBLIC] = "public",
    [ROOM_PORT_METRICS] = "metrics",
};

const char *ports_address(const struct settings *s, enum room_port port)
{
    switch (port) {
    case ROOM_PORT_DEVICES:
        return s->listen_devices;
    case ROOM_PORT_OPERATORS:
        return s->listen_operators;
    case ROOM_PORT_PUBLIC:
        return s->listen_public;
    case ROOM_PORT_METRICS:
        return s->listen_metrics;
    default:
        return SETTINGS_NO_ADDRESS;
    }
}

static void describe(int fd, char text[64])
{
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    char host[INET6_ADDRSTRLEN] = "?";

    (void)snprintf(text, 64, "?");
    memset(&a, 0, sizeof a);
    if (getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
        return;
    }
    if (a.ss_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, &a, sizeof v6);
        (void)inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
        (void)snprintf(text, 64, "[%s]:%u", host, ntohs(v6.sin6_port));
    } else if (a.ss_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, &a, sizeof v4);
        (void)inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
        (void)snprintf(text, 64, "%s:%u", host, ntohs(v4.sin_port));
    }
}

/* [::] takes IPv4 as well. Where the kernel has no IPv6 it is all of IPv4. */
static int make_socket(struct sockaddr_storage *a, socklen_t *n)
{
    const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    struct sockaddr_in6 v6;
    int fd = socket(a->ss_family, type, 0);

    memcpy(&v6, a, sizeof v6);
    if (fd < 0 && errno == EAFNOSUPPORT && a->ss_family == AF_INET6 &&
        memcmp(&v6.sin6_addr, &in6addr_any, sizeof in6addr_any) == 0) {
        struct sockaddr_in v4 = { .sin_family = AF_INET,
                                  .sin_port = v6.sin6_port };

        memcpy(a, &v4, sizeof v4);
        *n = sizeof v4;
        fd = socket(AF_INET, type, 0);
    }
    return fd;
}

static bm_status open_port(const char *address, int *out,
                           struct ca_refusal *why)
{
    static const int on = 1;
    static const int off = 0;
    struct sockaddr_storage a;
    socklen_t n;
    char words[128] = "";
    int fd;

    BM_TRY(settings_address(address, &a, &n));
    fd = make_socket(&a, &n);
    if (fd >= 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (a.ss_family != AF_INET6 ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0) &&
        bind(fd, (const struct sockaddr *)&a, n) == 0 &&
        listen(fd, BACKLOG) == 0) {
        *out = fd;
        return BM_OK;
    }
    (void)strerror_r(errno, words, sizeof words);
    if (fd >= 0) {
        close(fd);
    }
    return ca_refuse(why, errno == EADDRINUSE ? BM_E_BUSY : BM_E_IO, "%s: %s",
                     address, words);
}

/* One that is handed over must be what it is taken for. */
static bm_status take_port(int fd, const char *name, struct ca_refusal *why)
{
    int listens = 0;
    socklen_t n = sizeof listens;

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) != 0 ||
        listens == 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "what was handed over as %s does not listen", name);
    }
    return BM_OK;
}

static bm_status open_ports(struct ports *ports,
                            const struct settings *settings,
                            struct ca_refusal *why)
{
    for (unsigned i = 0; i < ROOM_PORT_COUNT; i++) {
        const char *address = ports_address(settings, (enum room_port)i);

        (void)snprintf(ports->wanted[i], sizeof ports->wanted[i], "%s",
                       address);
        ports->fd[i] = notify_socket(port_names[i]);
        if (ports->fd[i] >= 0) {
            BM_TRY(take_port(ports->fd[i], port_names[i], why));
        } else if (strcmp(address, SETTINGS_NO_ADDRESS) != 0) {
            BM_TRY(open_port(address, &ports->fd[i], why));
        }
        if (ports->fd[i] >= 0) {
            describe(ports->fd[i], ports->actual[i]);
        }
    }
    return BM_OK;
}

bm_status ports_open(struct ports *ports, const struct settings *settings,
                     struct ca_refusal *why)
{
    bm_status rc;

    memset(ports, 0, sizeof *ports);
    for (size_t i = 0; i < ROOM_PORT_COUNT; i++) {
        ports->fd[i] = -1;
    }
    rc = open_ports(ports, settings, why);
    if (rc != BM_OK) {
        ports_close(ports);
    }
    return rc;
}

void ports_close(struct ports *ports)
{
    for (size_t i = 0; i < ROOM_PORT_COUNT; i++) {
        if (ports->fd[i] >= 0) {
            close(ports->fd[i]);
        }
        ports->fd[i] = -1;
    }
}

bm_status ports_publish(const struct ports *ports, const char *dir,
                        struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    char text[ROOM_PORT_COUNT * 96];
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)text, sizeof text);
    for (size_t i = 0; i < ROOM_PORT_COUNT; i++) {
        if (ports->fd[i] >= 0) {
            bm_wr_str(&w, port_names[i]);
            bm_wr_u8(&w, ' ');
            bm_wr_str(&w, ports->actual[i]);
            bm_wr_u8(&w, '\n');
        }
    }
    BM_TRY(files_path(path, dir, "run/addresses"));
    return files_replace(path, bm_wr_bytes(&w), 0644, why);
}

void ports_forget(const char *dir)
{
    char path[FILES_PATH_MAX];

    if (files_path(path, dir, "run/addresses") == BM_OK) {
        (void)unlink(path);
    }
}
