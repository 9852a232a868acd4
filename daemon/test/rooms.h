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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/room.h"
#include "ports/openssl/openssl_keys.h"
#include "server/init.h"
#include "server/instance.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

#define ROOMS_START INT64_C(1795600000)

static int64_t rooms_clock = ROOMS_START + 10;
static char rooms_base[64];
static char rooms_dir[80];
static struct instance_port rooms_port;

int64_t room_now(void)
{
    return rooms_clock;
}

void room_done(struct room *room)
{
    (void)event_base_loopbreak(room->base);
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
    rooms_port =
        (struct instance_port){ bm_test_crypto(), bm_openssl_key_maker() };
    (void)snprintf(rooms_base, sizeof rooms_base, "/tmp/bm-rooms-XXXXXX");
    if (mkdtemp(rooms_base) == NULL) {
        exit(1);
    }
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

/* A link of the room that is to be started. */
struct rooms_link {
    enum room_kind to;
    int fd; /* its end; -1 behind the last */
};

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

/* In the child. */
static inline void rooms_run(const struct room_type *type,
                             const struct rooms_link *links)
{
    static struct metrics_page page;
    static struct room room;
    struct ca_refusal why = { BM_OK, "" };

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
    for (; links->fd >= 0; links++) {
        if (type->link(&room, links->to, 0, links->fd) != BM_OK) {
            _exit(5);
        }
    }
    (void)event_base_dispatch(room.base);
    type->teardown(&room);
    settings_wipe(&room.settings);
    event_base_free(room.base);
    exit(0); /* with the sanitizers' last look */
}

/* Start a room with these ends, which are the child's from then on. */
static inline pid_t rooms_start(const struct room_type *type,
                                const struct rooms_link *links)
{
    pid_t pid;

    (void)fflush(stdout);
    pid = fork();
    if (pid < 0) {
        exit(1);
    }
    if (pid == 0) {
        rooms_run(type, links);
    }
    for (; links->fd >= 0; links++) {
        (void)close(links->fd);
    }
    return pid;
}

/* Kill it at once, as a crash would. */
static inline void rooms_kill(pid_t pid)
{
    int status;

    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
}

#endif
