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
#include "agent/firewall/request.h"
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

/* ---- Requests */

/* A reply is small, and fits into what its socket holds; to one who did not let
 * it in, nothing is owed. */
static void reply(int fd, bm_status status, struct bm_bytes body)
{
    uint8_t octets[FIREWALL_HEAD + FIREWALL_COUNTS_MAX];

    bm_number_put(octets, 4, (uint32_t)status);
    bm_number_put(octets + 4, 4, body.n);
    if (body.n != 0) {
        memcpy(octets + FIREWALL_HEAD, body.p, body.n);
    }
    (void)send(fd, octets, FIREWALL_HEAD + body.n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void serve_apply(struct wall *wall, int fd, const struct request *r)
{
    const bm_status done =
        wall_apply(wall, r->head.word, (struct bm_bytes){ r->body, r->head.n });

    if (done != BM_OK) {
        event_failed(EVENT_ERROR, "apply.failed", NULL, done);
    }
    reply(fd, done, (struct bm_bytes){ NULL, 0 });
}

static void serve_counts(struct wall *wall, int fd, const struct request *r)
{
    uint8_t room[FIREWALL_COUNTS_MAX];
    struct bm_wr w;
    bm_status done;

    bm_wr_init(&w, room, sizeof room);
    done = wall_counts(wall, r->head.word != 0, &w);
    reply(fd, done, (struct bm_bytes){ room, done == BM_OK ? w.len : 0 });
}

/* ---- Clients */

static int64_t seconds_now(void)
{
    struct timespec t = { 0, 0 };

    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec;
}

/* One whose request is on its way. */
struct client {
    int fd;        /* -1: nobody */
    int64_t until; /* it is waited for */
    struct request request;
};

static void leave(struct client *c)
{
    request_wipe(&c->request);
    (void)close(c->fd);
    c->fd = -1;
}

static void hear(struct wall *wall, struct client *c)
{
    const enum request_state state = request_read(&c->request, c->fd);

    if (state == REQUEST_MORE && seconds_now() <= c->until) {
        return;
    }
    if (state != REQUEST_WHOLE) {
        event_failed(EVENT_WARNING, "client.failed", NULL,
                     state == REQUEST_BAD ? BM_E_ARGUMENT : BM_E_AGENT_TIMEOUT);
    } else if (c->request.head.what == FIREWALL_APPLY) {
        serve_apply(wall, c->fd, &c->request);
    } else {
        serve_counts(wall, c->fd, &c->request);
    }
    leave(c);
}

static struct client *place_for(struct client *clients)
{
    for (size_t i = 0; i < SERVE_CLIENTS; i++) {
        if (clients[i].fd < 0) {
            return &clients[i];
        }
    }
    return NULL;
}

static void let_in(struct client *clients, int listener)
{
    struct client *c = place_for(clients);

    if (c != NULL) {
        c->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        c->until = seconds_now() + SERVE_PATIENCE;
    }
}

/* ---- The loop */

enum {
    AT_LISTENER,
    AT_LINKS,
    AT_PACKETS,
    AT_CLIENTS
};

struct loop {
    struct wall *wall;
    struct pollfd fds[AT_CLIENTS + SERVE_CLIENTS];
    struct client clients[SERVE_CLIENTS];
    int64_t looked;
};

/* Who is listened to: nobody new while there is no place. */
static void wait_for(struct loop *l, int listener)
{
    l->fds[AT_LISTENER].fd = place_for(l->clients) != NULL ? listener : -1;
    l->fds[AT_PACKETS].fd = wall_packets(l->wall);
    for (size_t i = 0; i < SERVE_CLIENTS; i++) {
        l->fds[AT_CLIENTS + i].fd = l->clients[i].fd;
    }
    for (size_t i = 0; i < AT_CLIENTS + SERVE_CLIENTS; i++) {
        l->fds[i].events = POLLIN;
        l->fds[i].revents = 0;
    }
    if (poll(l->fds, AT_CLIENTS + SERVE_CLIENTS, SERVE_TICK) < 0) {
        for (size_t i = 0; i < AT_CLIENTS + SERVE_CLIENTS; i++) {
            l->fds[i].revents = 0;
        }
    }
}

/* Packets first: they wait in somebody's way. A client that comes often is no
 * reason to look more seldom. */
static void turn(struct loop *l)
{
    if (l->fds[AT_PACKETS].revents != 0) {
        wall_judge(l->wall);
    }
    if (seconds_now() - l->looked >= SERVE_LOOK ||
        l->fds[AT_LINKS].revents != 0) {
        links_drain(l->fds[AT_LINKS].fd);
        wall_look(l->wall);
        l->looked = seconds_now();
    }
    for (size_t i = 0; i < SERVE_CLIENTS; i++) {
        struct client *c = &l->clients[i];

        if (c->fd >= 0 &&
            (l->fds[AT_CLIENTS + i].revents != 0 || seconds_now() > c->until)) {
            hear(l->wall, c);
        }
    }
    if (l->fds[AT_LISTENER].revents != 0) {
        let_in(l->clients, l->fds[AT_LISTENER].fd);
    }
}

static void loop(struct wall *wall, int listener, int links,
                 const volatile sig_atomic_t *stop)
{
    struct loop l = { .wall = wall, .looked = seconds_now() };

    l.fds[AT_LINKS].fd = links;
    for (size_t i = 0; i < SERVE_CLIENTS; i++) {
        l.clients[i].fd = -1;
    }
    while (*stop == 0) {
        wait_for(&l, listener);
        turn(&l);
    }
    for (size_t i = 0; i < SERVE_CLIENTS; i++) {
        if (l.clients[i].fd >= 0) {
            leave(&l.clients[i]);
        }
    }
}

bm_status serve_run(struct wall *wall, const volatile sig_atomic_t *stop)
{
    int listener = -1;
    int links = -1;
    bm_status rc = listen_at(wall->settings->socket, &listener);

    if (rc == BM_OK) {
        links = links_watch();
        rc = links >= 0 ? BM_OK : fs_status(errno);
    }
    if (rc == BM_OK) {
        wall_look(wall); /* what has changed before the watch began */
        notify_send("READY=1\n");
        loop(wall, listener, links, stop);
        notify_send("STOPPING=1\n");
    }
    if (links >= 0) {
        (void)close(links);
    }
    if (listener >= 0) {
        (void)close(listener);
    }
    return rc;
}
