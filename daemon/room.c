/* SPDX-License-Identifier: Apache-2.0 */
/* realpath() */
#define _DEFAULT_SOURCE
#include "daemon/room.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/room_internal.h"
#include "daemon/sandbox.h"
#include "files/files.h"
#include "keys/unlock.h"

#define SETTINGS_FILE_MAX ((size_t)64 << 10)

/* More processes than a house has: 64 listeners and a replacement for each. */
#define PAGES_MAX 256

/* The room of this process: there is never another. */
static struct {
    struct room room;
    const char *config;
    const struct metrics_page *pages[PAGES_MAX];
    struct event *control;
    struct event *heartbeat;
    bool begun; /* setup() */
    bool stopping;
} me;

/* A service has no terminal that people could be asked at. */
static bm_status check_unlock(const struct settings *settings,
                              struct ca_refusal *why)
{
    struct bm_unlock_source source;
    bm_status rc = bm_unlock_source_parse(settings->unlock, "", &source);

    if (rc == BM_OK && source.kind == BM_UNLOCK_SHARES && source.path == NULL) {
        rc = BM_E_KEYS_SHARES;
    }
    return rc == BM_OK ? BM_OK
                       : ca_refuse(why, rc, "unlock: %s", settings->unlock);
}

bm_status room_settings(const char *path, char dir[4096],
                        struct settings *settings, struct ca_refusal *why)
{
    char resolved[PATH_MAX];
    const char *name = strrchr(path, '/');
    char *slash;
    uint8_t *text = NULL;
    size_t n;
    bm_status rc;

    name = name == NULL ? path : name + 1;
    if (strcmp(name, CONFIG_NAME) != 0) {
        return ca_refuse(why, BM_E_ARGUMENT,
                         "%s: DIR/" CONFIG_NAME " of an instance is wanted",
                         path);
    }
    if (realpath(path, resolved) == NULL) {
        return ca_refuse(why, BM_E_NOT_FOUND, "%s", path);
    }
    rc = files_read(resolved, SETTINGS_FILE_MAX, &text, &n, why);
    if (rc == BM_OK) {
        rc = settings_parse((struct bm_bytes){ text, n }, path, settings, why);
    }
    free(text);
    if (rc == BM_OK) {
        rc = check_unlock(settings, why);
        if (rc != BM_OK) {
            settings_wipe(settings);
        }
    }
    slash = strrchr(resolved, '/');
    if (rc == BM_OK) {
        slash[slash == resolved ? 1 : 0] = '\0';
        memcpy(dir, resolved, strlen(resolved) + 1);
    }
    return rc;
}

int64_t room_now(void)
{
    return (int64_t)time(NULL);
}

void room_done(struct room *room)
{
    (void)event_base_loopbreak(room->base);
}

static bm_status say_about(enum control_type type, unsigned kind,
                           unsigned value)
{
    struct control m = {
        .type = type, .kind = kind, .instance = me.room.instance, .value = value
    };

    return control_send(CONTROL_FD, &m, -1);
}

static bm_status say(enum control_type type, unsigned value)
{
    return say_about(type, 0, value);
}

void room_changed(struct room *room, unsigned rooms)
{
    (void)room;
    if (say(CONTROL_CHANGED, rooms) != BM_OK) {
        log_put(LOG_LEVEL_ERROR, "room.mute", NULL);
    }
}

void room_answers(struct room *room)
{
    if (room == &me.room && say(CONTROL_ANSWERS, 0) != BM_OK) {
        log_put(LOG_LEVEL_ERROR, "room.mute", NULL);
    }
}

void room_unlinked(struct room *room, enum room_kind to)
{
    /* In a test of one room there is nobody to tell. */
    if (room == &me.room && say_about(CONTROL_UNLINKED, to, 0) != BM_OK) {
        log_put(LOG_LEVEL_ERROR, "room.mute", NULL);
    }
}

/* ---- What the supervisor sends */

static void *map(int fd, int protection)
{
    struct stat st;
    void *p = MAP_FAILED;

    if (fd >= 0 && fstat(fd, &st) == 0 &&
        st.st_size == (off_t)sizeof(struct metrics_page)) {
        p = mmap(NULL, sizeof(struct metrics_page), protection, MAP_SHARED, fd,
                 0);
    }
    if (fd >= 0) {
        close(fd);
    }
    return p == MAP_FAILED ? NULL : p;
}

/* Pages, up to START. */
static bm_status receive_pages(struct room *room)
{
    for (;;) {
        struct control m;
        int fd;

        BM_TRY(control_receive(CONTROL_FD, &m, &fd));
        if (m.type == CONTROL_METRICS) {
            room->metrics = map(fd, PROT_READ | PROT_WRITE);
        } else if (m.type == CONTROL_PAGE && room->pages_n < PAGES_MAX) {
            me.pages[room->pages_n] = map(fd, PROT_READ);
            if (me.pages[room->pages_n] == NULL) {
                return BM_E_MEMORY;
            }
            room->pages_n++;
        } else if (m.type == CONTROL_START) {
            return room->metrics == NULL ? BM_E_INTERNAL : BM_OK;
        } else {
            return BM_E_INTERNAL;
        }
    }
}

static void reload(struct room *room)
{
    struct ca_refusal why = { BM_OK, "" };
    struct settings old = room->settings;
    char dir[sizeof room->dir];
    bm_status rc = room_settings(me.config, dir, &room->settings, &why);

    if (rc == BM_OK) {
        rc = room->type->reload(room, &why);
        if (rc != BM_OK) {
            settings_wipe(&room->settings);
        }
    }
    if (rc == BM_OK) {
        settings_wipe(&old);
        log_open(room->type->name, (enum log_level)room->settings.log_level);
    } else {
        room->settings = old;
        rc = ca_refuse_plain(&why, rc);
        log_refusal(LOG_LEVEL_ERROR, "reload.refused", &why);
    }
    if (say(rc == BM_OK ? CONTROL_RELOADED : CONTROL_REFUSED, 0) != BM_OK) {
        room_done(room);
    }
}

static void stop(struct room *room)
{
    if (me.stopping) {
        return;
    }
    me.stopping = true;
    if (room->type->stop != NULL) {
        room->type->stop(room);
    } else {
        room_done(room);
    }
}

static bm_status obey(struct room *room, const struct control *m, int fd)
{
    const struct room_type *type = room->type;

    switch (m->type) {
    case CONTROL_LINK:
        if (fd < 0 || type->link == NULL || m->kind >= ROOM_COUNT) {
            break;
        }
        return type->link(room, (enum room_kind)m->kind, m->instance, fd);
    case CONTROL_LISTEN:
        if (fd < 0 || type->listen == NULL || m->kind >= ROOM_PORT_COUNT) {
            break;
        }
        return type->listen(room, (enum room_port)m->kind, fd);
    case CONTROL_RELOAD:
        if (type->reload == NULL) {
            break;
        }
        reload(room);
        return BM_OK;
    case CONTROL_STOP:
        stop(room);
        return BM_OK;
    default:
        break;
    }
    if (fd >= 0) {
        close(fd);
    }
    return BM_E_INTERNAL;
}

/* Without a supervisor nobody would restart what dies: so all end with it. */
static void on_control(evutil_socket_t socket, short what, void *arg)
{
    struct room *room = arg;
    struct control m;
    int fd;
    bm_status rc = control_receive(socket, &m, &fd);

    (void)what;
    if (rc == BM_E_END) {
        return;
    }
    if (rc != BM_OK) {
        _exit(ROOM_EXIT_ORPHAN);
    }
    rc = obey(room, &m, fd);
    if (rc != BM_OK) {
        struct ca_refusal why = { rc, "" };

        log_refusal(LOG_LEVEL_ERROR, "room.control", &why);
        _exit(ROOM_EXIT_SETUP); /* and is started again */
    }
}

static void on_heartbeat(evutil_socket_t fd, short what, void *arg)
{
    struct room *room = arg;

    (void)fd;
    (void)what;
    metrics_set(room->metrics, METRICS_HEARTBEAT, room_now());
}

/* ---- The life of a room */

/*
 * A terminal sends signals to all processes of a group, systemd may, too: what
 * a room is to do comes from the supervisor alone. SIGKILL ends it with the
 * supervisor; dropping root forgets that, so it is said twice.
 */
static void ignore_signals(void)
{
    static const int numbers[] = { SIGPIPE, SIGHUP,  SIGINT,
                                   SIGTERM, SIGUSR1, SIGUSR2 };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        (void)signal(numbers[i], SIG_IGN);
    }
}

static bm_status open_loop(struct room *room)
{
    const struct timeval second = { 1, 0 };

    room->base = event_base_new();
    if (room->base == NULL || fcntl(CONTROL_FD, F_SETFL, O_NONBLOCK) != 0) {
        return BM_E_MEMORY;
    }
    me.control = event_new(room->base, CONTROL_FD, EV_READ | EV_PERSIST,
                           on_control, room);
    me.heartbeat = event_new(room->base, -1, EV_PERSIST, on_heartbeat, room);
    if (me.control == NULL || me.heartbeat == NULL ||
        event_add(me.control, NULL) != 0 ||
        event_add(me.heartbeat, &second) != 0) {
        return BM_E_MEMORY;
    }
    on_heartbeat(-1, 0, room);
    return BM_OK;
}

static void close_loop(struct room *room)
{
    if (me.control != NULL) {
        event_free(me.control);
    }
    if (me.heartbeat != NULL) {
        event_free(me.heartbeat);
    }
    if (room->base != NULL) {
        event_base_free(room->base);
    }
}

static bm_status enter(struct room *room, struct ca_refusal *why)
{
    BM_TRY(sandbox_drop(room, why));
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return ca_refuse(why, BM_E_SANDBOX, "PR_SET_PDEATHSIG");
    }
    return sandbox_enter(room, why);
}

/*
 * What libraries would do later, and the sandbox would refuse in silence: the
 * secret of jansson's hash tables, which it reads from a file, and making
 * durable that SQLite's log is in the folder, before anything counts on it.
 */
static bm_status prepare(const struct room *room, struct ca_refusal *why)
{
    bm_status rc = BM_OK;
    int fd;

    json_object_seed(0);
    if (!room->type->needs.write_files) {
        return BM_OK;
    }
    fd = open(room->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        rc = ca_refuse(why, BM_E_IO, "%s", room->dir);
    }
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

static bm_status begin(struct room *room, struct ca_refusal *why)
{
    BM_TRY(receive_pages(room));
    metrics_begin(room->metrics);
    BM_TRY(open_loop(room));
    me.begun = true;
    BM_TRY(room->type->setup(room, why));
    BM_TRY(prepare(room, why));
    BM_TRY(enter(room, why));
    return say(CONTROL_READY, 0);
}

int room_run(enum room_kind kind, unsigned instance, const char *config)
{
    struct ca_refusal why = { BM_OK, "" };
    struct room *room = &me.room;
    bm_status rc;

    ignore_signals();
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    room->type = room_types[kind];
    room->instance = instance;
    room->pages = me.pages;
    me.config = config;
    log_open(room->type->name, LOG_LEVEL_NOTICE);
    (void)prctl(PR_SET_NAME, room->type->name);
    rc = room_settings(config, room->dir, &room->settings, &why);
    if (rc == BM_OK) {
        log_open(room->type->name, (enum log_level)room->settings.log_level);
        rc = begin(room, &why);
    }
    if (rc == BM_OK) {
        rc = event_base_dispatch(room->base) == 0 ? BM_OK : BM_E_INTERNAL;
    }
    if (rc != BM_OK) {
        rc = ca_refuse_plain(&why, rc);
        log_refusal(LOG_LEVEL_ERROR, "room.failed", &why);
    }
    if (me.begun && room->type->teardown != NULL) {
        room->type->teardown(room);
    }
    close_loop(room);
    settings_wipe(&room->settings);
    return rc == BM_OK ? ROOM_EXIT_DONE : ROOM_EXIT_SETUP;
}
