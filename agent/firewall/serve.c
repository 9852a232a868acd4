/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/firewall/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "agent/event.h"
#include "agent/firewall/stream.h"
#include "agent/fs.h"
#include "agent/notify.h"
#include "device/number.h"

#define BACKLOG 4

/* ---- The socket */

/* Who may connect: its owner, and its group, which is the agent's. */
#define SOCKET_MODE (S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP)

static bm_status listen_at(const char *path, int *fd)
{
    struct sockaddr_un address;
    int s;

    BM_TRY(firewall_address(path, &address));
    if (unlink(path) != 0 && errno != ENOENT) {
        return fs_status(errno);
    }
    s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0) {
        return fs_status(errno);
    }
    /* umask is 077 (main.c): nobody comes before the mode is right. */
    if (bind(s, (const struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, SOCKET_MODE) != 0 || listen(s, BACKLOG) != 0) {
        bm_status rc = fs_status(errno);

        (void)close(s);
        return rc;
    }
    *fd = s;
    return BM_OK;
}

/* ---- One request */

static bm_status reply(int fd, bm_status status, struct bm_bytes body)
{
    uint8_t head[FIREWALL_HEAD];

    bm_number_put(head, 4, (uint32_t)status);
    bm_number_put(head + 4, 4, body.n);
    BM_TRY(firewall_send(fd, BM_ARRAY(head)));
    return firewall_send(fd, body);
}

static bm_status serve_apply(struct wall *wall, int fd,
                             const struct firewall_head *head)
{
    uint8_t *table = malloc(head->n + 1u);
    bm_status rc = BM_E_MEMORY;

    if (table != NULL) {
        rc = firewall_receive(fd, table, head->n);
    }
    if (rc == BM_OK) {
        bm_status done =
            wall_apply(wall, head->word, (struct bm_bytes){ table, head->n });

        if (done != BM_OK) {
            event_failed(EVENT_ERROR, "apply.failed", NULL, done);
        }
        rc = reply(fd, done, (struct bm_bytes){ NULL, 0 });
    }
    free(table);
    return rc;
}

static bm_status serve_counts(struct wall *wall, int fd,
                              const struct firewall_head *head)
{
    static uint8_t room[FIREWALL_COUNTS_MAX];
    struct bm_wr w;
    bm_status done;

    bm_wr_init(&w, room, sizeof room);
    done = wall_counts(wall, head->word != 0, &w);
    return reply(fd, done,
                 (struct bm_bytes){ room, done == BM_OK ? w.len : 0 });
}

static bm_status serve_one(struct wall *wall, int fd)
{
    uint8_t octets[FIREWALL_HEAD];
    struct firewall_head head;

    BM_TRY(firewall_patience(fd, SERVE_PATIENCE));
    BM_TRY(firewall_receive(fd, octets, sizeof octets));
    if (!firewall_head_get(octets, &head)) {
        return BM_E_ARGUMENT;
    }
    return head.what == FIREWALL_APPLY ? serve_apply(wall, fd, &head)
                                       : serve_counts(wall, fd, &head);
}

static void serve_client(struct wall *wall, int listener)
{
    int fd = accept(listener, NULL, NULL);
    bm_status rc;

    if (fd < 0) {
        return;
    }
    rc = serve_one(wall, fd);
    if (rc != BM_OK) {
        event_failed(EVENT_WARNING, "client.failed", NULL, rc);
    }
    (void)close(fd);
}

/* ---- The loop */

static int64_t seconds_now(void)
{
    struct timespec t = { 0, 0 };

    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec;
}

/* A client that comes often is no reason to look more seldom. */
static void loop(struct wall *wall, struct pollfd fds[2],
                 const volatile sig_atomic_t *stop)
{
    int64_t looked = seconds_now();

    while (*stop == 0) {
        const int n = poll(fds, 2, SERVE_LOOK * 1000);

        if (seconds_now() - looked >= SERVE_LOOK ||
            (n > 0 && fds[1].revents != 0)) {
            links_drain(fds[1].fd);
            wall_look(wall);
            looked = seconds_now();
        }
        if (n > 0 && fds[0].revents != 0) {
            serve_client(wall, fds[0].fd);
        }
    }
}

bm_status serve_run(struct wall *wall, const volatile sig_atomic_t *stop)
{
    struct pollfd fds[2] = { { -1, POLLIN, 0 }, { -1, POLLIN, 0 } };
    bm_status rc = listen_at(wall->settings->socket, &fds[0].fd);

    if (rc == BM_OK) {
        fds[1].fd = links_watch();
        rc = fds[1].fd >= 0 ? BM_OK : fs_status(errno);
    }
    if (rc == BM_OK) {
        wall_look(wall); /* what has changed before the watch began */
        notify_send("READY=1\n");
        loop(wall, fds, stop);
        notify_send("STOPPING=1\n");
    }
    for (size_t i = 0; i < 2; i++) {
        if (fds[i].fd >= 0) {
            (void)close(fds[i].fd);
        }
    }
    return rc;
}
