/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* sd_listen_fds(3): the first descriptor that is handed over. */
#define FIRST_FD 3
#define FDS_MAX  64

void notify_send(const char *lines)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    size_t n = path == NULL ? 0 : strlen(path);
    socklen_t used = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    int fd;

    if (n < 2 || n >= sizeof to.sun_path ||
        (path[0] != '/' && path[0] != '@')) {
        return;
    }
    memcpy(to.sun_path, path, n);
    if (path[0] == '@') { /* unix(7): an abstract name */
        to.sun_path[0] = '\0';
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    /* Nobody to listen is no error of ours. */
    (void)sendto(fd, lines, strlen(lines), MSG_NOSIGNAL,
                 (const struct sockaddr *)&to, used);
    close(fd);
}

void notify_reloading(void)
{
    char lines[96];
    struct timespec t = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    (void)snprintf(lines, sizeof lines,
                   "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\n",
                   (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
    notify_send(lines);
}

static long number(const char *name)
{
    const char *text = getenv(name);
    char *end;
    long v;

    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return -1;
    }
    errno = 0;
    v = strtol(text, &end, 10);
    return *end == '\0' && errno == 0 ? v : -1;
}

int notify_socket(const char *name)
{
    const char *names = getenv("LISTEN_FDNAMES");
    long n = number("LISTEN_FDS");

    if (names == NULL || n > FDS_MAX || number("LISTEN_PID") != getpid()) {
        return -1;
    }
    for (int fd = FIRST_FD; fd < FIRST_FD + n; fd++) {
        size_t length = strcspn(names, ":");

        if (length == strlen(name) && memcmp(names, name, length) == 0) {
            int copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);

            return copy >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? copy : -1;
        }
        names += length;
        names += *names == ':' ? 1 : 0;
    }
    return -1;
}
