/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

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
    (void)close(fd);
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
