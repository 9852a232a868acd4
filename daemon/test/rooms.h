/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_TEST_ROOMS_H
#define BM_DAEMON_TEST_ROOMS_H

/*
 * Rooms without a supervisor, for tests: an instance in a directory of its
 * own, and rooms that are forked off and given one end of a link each. The
 * clock is the test's: rooms ask room_now(), which is here.
 */
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/room.h"
#include "ports/openssl/openssl_keys.h"
#include "server/init.h"
#include "server/instance.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

#define ROOMS_START INT64_C(1795600000)

/* Shared by all rooms of a test. */
static int64_t *rooms_clock_at;
#define rooms_clock (*rooms_clock_at)
static char rooms_base[64];
static char rooms_dir[80];
static struct instance_port rooms_port;

int64_t room_now(void)
{
    return rooms_clock;
}

void room_unlinked(struct room *room, enum room_kind to)
{
    (void)room;
    (void)to; /* there is no supervisor that makes another */
}

void room_answers(struct room *room)
{
    (void)room; /* nor one that waits for it */
}

void room_done(struct room *room)
{
    (void)event_base_loopbreak(room->base);
}

static inline void rooms_begin_clock(void)
{
    char path[96];
    int fd;

    (void)snprintf(path, sizeof path, "%s/clock", rooms_base);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *rooms_clock_at) != 0) {
        exit(1);
    }
    rooms_clock_at = mmap(NULL, sizeof *rooms_clock_at, PROT_READ | PROT_WRITE,
                          MAP_SHARED, fd, 0);
    (void)close(fd);
    if (rooms_clock_at == MAP_FAILED) {
        exit(1);
    }
    rooms_clock = ROOMS_START + 10;
}

/* The instance, once per program. */
static inline void rooms_begin(void)
{
    const char *host = "ca.example";
    struct ca_refusal why = { BM_OK, "" };
    struct init_config config = { .dir = rooms_dir,
                                  .organisation = "Example",
                                  .hosts = &host,
                                  .hosts_n = 1,
                                  .port = &rooms_port,
                                  .now = ROOMS_START };

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)signal(SIGPIPE, SIG_IGN);
    rooms_port = (struct instance_port){ .crypto = bm_test_crypto(),
                                         .maker = bm_openssl_key_maker() };
    (void)snprintf(rooms_base, sizeof rooms_base, "/tmp/bm-rooms-XXXXXX");
    if (mkdtemp(rooms_base) == NULL) {
        exit(1);
    }
    rooms_begin_clock();
    (void)snprintf(rooms_dir, sizeof rooms_dir, "%s/d", rooms_base);
    if (init_instance(&config, &why) != BM_OK) {
        printf("# init: %s\n", why.words);
        exit(1);
    }
}

static inline void rooms_end(void)
{
    CHECK_STATUS(files_remove_tree(rooms_base, NULL), BM_OK);
}

static inline void rooms_pair(int fds[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
        exit(1);
    }
}

static inline bm_status rooms_settings(struct room *room)
{
    struct ca_refusal why = { BM_OK, "" };
    char path[FILES_PATH_MAX];
    uint8_t *text;
    size_t n;
    bm_status rc;

    BM_TRY(files_path(path, rooms_dir, "birthmark.yaml"));
    BM_TRY(files_read(path, 65536, &text, &n, &why));
    rc = settings_parse((struct bm_bytes){ text, n }, path, &room->settings,
                        &why);
    free(text);
    return rc;
}

/* What the test tells the room, as a supervisor does. */
static inline void rooms_obey(evutil_socket_t socket, short what, void *arg)
{
    struct room *room = arg;
    struct control m;
    int fd;

    (void)what;
    if (control_receive(socket, &m, &fd) != BM_OK) {
        _exit(6);
    }
    if (m.type == CONTROL_STOP) {
        room->type->stop(room);
    } else if (room->type->link(room, (enum room_kind)m.kind, m.instance, fd) !=
               BM_OK) {
        _exit(5);
    }
}

/* In the child. */
static inline void rooms_run(const struct room_type *type, int control)
{
    static struct metrics_page page;
    static struct room room;
    struct ca_refusal why = { BM_OK, "" };
    struct event *event;

    room.type = type;
    room.metrics = &page;
    (void)snprintf(room.dir, sizeof room.dir, "%s", rooms_dir);
    room.base = event_base_new();
    if (room.base == NULL || rooms_settings(&room) != BM_OK) {
        _exit(3);
    }
    if (type->setup(&room, &why) != BM_OK) {
        printf("# %s: %04x %s\n", type->name, (unsigned)why.status, why.words);
        _exit(4);
    }
    event =
        event_new(room.base, control, EV_READ | EV_PERSIST, rooms_obey, &room);
    if (event == NULL || event_add(event, NULL) != 0) {
        _exit(3);
    }
    (void)event_base_dispatch(room.base);
    event_free(event);
    type->teardown(&room);
    settings_wipe(&room.settings);
    event_base_free(room.base);
    exit(bm_test_failed != 0); /* with the sanitizers' last look */
}

struct rooms_child {
    pid_t pid;
    int control;
};

static inline struct rooms_child rooms_start(const struct room_type *type)
{
    struct rooms_child child;
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
        exit(1);
    }
    (void)fflush(stdout);
    child.pid = fork();
    if (child.pid < 0) {
        exit(1);
    }
    if (child.pid == 0) {
        (void)close(fds[0]);
        rooms_run(type, fds[1]);
    }
    (void)close(fds[1]);
    child.control = fds[0];
    return child;
}

/* Give it this end of a link. */
static inline void rooms_give(const struct rooms_child *child,
                              enum room_kind to, unsigned instance, int fd)
{
    struct control m = { .type = CONTROL_LINK,
                         .kind = to,
                         .instance = instance };

    CHECK_STATUS(control_send(child->control, &m, fd), BM_OK);
    (void)close(fd);
}

/* A link of it to whoever is on the other end, which is returned. */
static inline int rooms_link(const struct rooms_child *child, enum room_kind to,
                             unsigned instance)
{
    int fds[2];

    rooms_pair(fds);
    rooms_give(child, to, instance, fds[1]);
    return fds[0];
}

/* Between two of them: `from` asks. */
static inline void rooms_join(const struct rooms_child *from,
                              enum room_kind from_kind,
                              const struct rooms_child *to,
                              enum room_kind to_kind)
{
    int fds[2];

    rooms_pair(fds);
    rooms_give(to, from_kind, 0, fds[1]);
    rooms_give(from, to_kind, 0, fds[0]);
}

/* Let it finish, and end; its exit code. */
static inline int rooms_stop(struct rooms_child *child)
{
    struct control m = { .type = CONTROL_STOP };
    int status = 0;

    CHECK_STATUS(control_send(child->control, &m, -1), BM_OK);
    (void)waitpid(child->pid, &status, 0);
    (void)close(child->control);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Kill it at once, as a crash would. */
static inline void rooms_kill(struct rooms_child *child)
{
    int status;

    (void)kill(child->pid, SIGKILL);
    (void)waitpid(child->pid, &status, 0);
    (void)close(child->control);
}

#endif
