/* SPDX-License-Identifier: Apache-2.0 */
/* flock() */
#define _DEFAULT_SOURCE
#include "daemon/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/notify.h"
#include "daemon/room_internal.h"
#include "daemon/sandbox.h"
#include "daemon/supervisor_internal.h"
#include "files/files.h"
#include "keys/unlock.h"

int64_t supervisor_now(void)
{
    struct timespec t = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool supervisor_wants(const struct settings *settings, enum room_kind kind)
{
    const struct room_type *type = room_types[kind];
    bool any = false;

    if (type == NULL) {
        return false;
    }
    for (const unsigned *port = type->ports;
         port != NULL && *port != ROOM_PORT_COUNT; port++) {
        if (strcmp(ports_address(settings, (enum room_port) * port),
                   SETTINGS_NO_ADDRESS) != 0) {
            return true;
        }
        any = true;
    }
    return !any; /* had ports, and none of them is wanted */
}

unsigned supervisor_instances(const struct settings *settings,
                              enum room_kind kind)
{
    return kind == ROOM_DEVICES ? (unsigned)settings->listeners : 1;
}

/* ---- Phases */

static bool is_ready(const struct slot *slot)
{
    return slot->current != NULL && slot->current->state == PROCESS_READY;
}

/* The issuer first: it may have to bring the store up to date, which the
 * others read. */
static bool may_start(const struct supervisor *s, const struct slot *slot)
{
    for (size_t i = 0; i < s->slots_n; i++) {
        if (s->slots[i].kind == ROOM_ISSUER && !is_ready(&s->slots[i])) {
            return slot->kind == ROOM_ISSUER;
        }
    }
    return slot->kind != ROOM_KEEPER;
}

static void run(struct supervisor *s)
{
    s->phase = PHASE_RUN;
    for (size_t i = 0; i < s->slots_n; i++) {
        if (s->slots[i].kind == ROOM_KEEPER) {
            life_start(&s->slots[i]);
        } else {
            process_listen(s->slots[i].current);
        }
    }
}

bool supervisor_answers(const struct supervisor *s)
{
    for (size_t i = 0; i < s->slots_n; i++) {
        const struct slot *slot = &s->slots[i];

        if (room_types[slot->kind]->answers_later &&
            !(is_ready(slot) && slot->current->answers)) {
            return false;
        }
    }
    return true;
}

/* What was ordered to come after us may ask us. */
static void tell(struct supervisor *s)
{
    if (s->phase != PHASE_RUN || s->told || !supervisor_answers(s)) {
        return;
    }
    s->told = true;
    notify_send("READY=1\n");
    log_put(LOG_LEVEL_NOTICE, "started",
            (struct log_field[]){
                log_text("dir", s->dir), log_number("pid", getpid()), { 0 } });
}

static void start_step(struct supervisor *s)
{
    bool all = true;

    for (size_t i = 0; s->phase == PHASE_START && i < s->slots_n; i++) {
        struct slot *slot = &s->slots[i];

        if (slot->kind == ROOM_KEEPER || is_ready(slot)) {
            continue;
        }
        all = false;
        if (slot->starting == NULL && may_start(s, slot)) {
            life_start(slot);
        }
    }
    if (all && s->phase == PHASE_START) {
        run(s);
    }
}

/* In which order they stop: who accepts, who decides, who is asked. */
static unsigned stop_group(enum room_kind kind)
{
    switch (kind) {
    case ROOM_DEVICES:
    case ROOM_OPERATORS:
    case ROOM_KEEPER:
        return 0;
    case ROOM_ISSUER:
        return 1;
    default:
        return 2;
    }
}

static void stop_step(struct supervisor *s)
{
    for (unsigned group = 0; group < 3; group++) {
        bool any = false;

        for (struct process *p = s->processes; p != NULL; p = p->next) {
            if (stop_group(p->slot->kind) != group) {
                continue;
            }
            any = true;
            if (p->state != PROCESS_STOPPING) {
                process_stop(p);
                p->deadline = s->stop_deadline;
            }
        }
        if (any) {
            return;
        }
    }
    (void)event_base_loopbreak(s->base);
}

void supervisor_advance(struct supervisor *s)
{
    if (s->phase == PHASE_START) {
        start_step(s);
    } else if (s->phase == PHASE_STOP) {
        stop_step(s);
    }
    tell(s);
}

static void stop(struct supervisor *s)
{
    if (s->phase == PHASE_STOP) { /* asked twice */
        for (struct process *p = s->processes; p != NULL; p = p->next) {
            process_kill(p);
        }
        return;
    }
    notify_send("STOPPING=1\n");
    log_put(LOG_LEVEL_NOTICE, "stopping", NULL);
    s->phase = PHASE_STOP;
    s->stop_deadline = supervisor_now() + STOP_MAX_MS;
    ports_close(&s->ports);
    stop_step(s);
}

void supervisor_fail(struct supervisor *s)
{
    s->code = 1;
    if (s->phase != PHASE_STOP) {
        stop(s);
    }
}

/* ---- Signals */

static void warn_moved(const struct supervisor *s, const struct settings *now)
{
    for (unsigned i = 0; i < ROOM_PORT_COUNT; i++) {
        if (strcmp(s->ports.wanted[i], ports_address(now, (enum room_port)i)) !=
            0) {
            log_put(LOG_LEVEL_WARNING, "reload.address",
                    (struct log_field[]){
                        log_text("port", port_names[i]),
                        log_text("why", "takes effect at the next start"),
                        { 0 } });
        }
    }
}

static void reload(struct supervisor *s)
{
    struct ca_refusal why = { BM_OK, "" };
    struct settings settings;
    char dir[sizeof s->dir];

    if (s->phase != PHASE_RUN) {
        return;
    }
    notify_reloading();
    if (room_settings(s->config, dir, &settings, &why) != BM_OK) {
        log_refusal(LOG_LEVEL_ERROR, "reload.refused", &why);
        notify_send("READY=1\n");
        return;
    }
    warn_moved(s, &settings);
    settings_wipe(&s->settings);
    s->settings = settings;
    log_open(NULL, (enum log_level)settings.log_level);
    s->reload_asked = true;
    life_reload(s, ~0U);
}

static void start_keeper(struct supervisor *s)
{
    for (size_t i = 0; s->phase == PHASE_RUN && i < s->slots_n; i++) {
        struct slot *slot = &s->slots[i];

        if (slot->kind == ROOM_KEEPER) {
            slot->repeat = slot->current != NULL || slot->starting != NULL;
            if (!slot->repeat) {
                life_start(slot);
            }
        }
    }
}

static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct process *p = s->processes;

        while (p != NULL && p->pid != pid) {
            p = p->next;
        }
        if (p != NULL) {
            life_exit(p, status);
        }
    }
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
    struct supervisor *s = arg;

    (void)what;
    switch (number) {
    case SIGCHLD:
        reap(s);
        break;
    case SIGHUP:
        reload(s);
        break;
    case SIGUSR1:
        start_keeper(s);
        break;
    default:
        stop(s);
        break;
    }
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    life_tick(arg);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    life_start(arg);
}

/* ---- Opening the house */

/* What root makes in an instance is its owner's. */
static bm_status give_to_owner(const char *dir, int fd)
{
    struct stat st;

    if (geteuid() != 0) {
        return BM_OK;
    }
    return stat(dir, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) == 0
               ? BM_OK
               : BM_E_IO;
}

/* Held for the whole life: whoever else wants to write goes over the API. */
static bm_status take_lock(struct supervisor *s, struct ca_refusal *why)
{
    char path[FILES_PATH_MAX];
    char words[128] = "";

    BM_TRY(files_path(path, s->dir, "run/lock"));
    s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock < 0 || give_to_owner(s->dir, s->lock) != BM_OK) {
        (void)strerror_r(errno, words, sizeof words);
        return ca_refuse(why, BM_E_IO, "%s: %s", path, words);
    }
    if (flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
        return ca_refuse(why, BM_E_BUSY, "the instance %s (%s is locked)",
                         s->dir, path);
    }
    return BM_OK;
}

/* unlock: fd:N. Each process that needs the secret reads it from its start. */
static bm_status check_unlock(const struct settings *settings,
                              struct ca_refusal *why)
{
    struct bm_unlock_source source;

    if (bm_unlock_source_parse(settings->unlock, "", &source) != BM_OK) {
        return ca_refuse(why, BM_E_KEYS_SOURCE, "unlock: %s", settings->unlock);
    }
    if (source.kind == BM_UNLOCK_FD &&
        (source.fd <= CONTROL_FD || lseek(source.fd, 0, SEEK_SET) != 0)) {
        return ca_refuse(why, BM_E_KEYS_SOURCE,
                         "unlock: %s: more than one process reads it, so it "
                         "has to be a file, and not descriptor %d or below",
                         settings->unlock, CONTROL_FD);
    }
    return BM_OK;
}

static void warn_root(const struct supervisor *s)
{
    char path[FILES_PATH_MAX];

    if (files_path(path, s->dir, "root/root.key") == BM_OK &&
        access(path, F_OK) == 0) {
        log_put(LOG_LEVEL_WARNING, "root.present",
                (struct log_field[]){
                    log_text("path", path),
                    log_text("why", "a cold root is carried away"),
                    { 0 } });
    }
}

static bm_status make_slots(struct supervisor *s)
{
    for (unsigned kind = 0; kind < ROOM_COUNT; kind++) {
        unsigned n = supervisor_instances(&s->settings, (enum room_kind)kind);

        if (!supervisor_wants(&s->settings, (enum room_kind)kind)) {
            continue;
        }
        for (unsigned i = 0; i < n; i++) {
            struct slot *slot = &s->slots[s->slots_n];

            *slot = (struct slot){ .supervisor = s,
                                   .kind = (enum room_kind)kind,
                                   .instance = i };
            BM_TRY(slot_make_page(slot));
            slot->again = event_new(s->base, -1, 0, on_again, slot);
            if (slot->again == NULL) {
                return BM_E_MEMORY;
            }
            s->slots_n++;
        }
    }
    return BM_OK;
}

static bm_status watch_signals(struct supervisor *s)
{
    static const int numbers[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT, SIGUSR1 };
    const struct timeval second = { 1, 0 };

    (void)signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct event *e = evsignal_new(s->base, numbers[i], on_signal, s);

        if (e == NULL || event_add(e, NULL) != 0) {
            return BM_E_MEMORY;
        }
    }
    s->tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
    return s->tick != NULL && event_add(s->tick, &second) == 0 ? BM_OK
                                                               : BM_E_MEMORY;
}

/* A listener holds as many descriptors as connections; select() is unused. */
static void raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bm_status open_house(struct supervisor *s, struct ca_refusal *why)
{
    char resolved[PATH_MAX];

    BM_TRY(room_settings(s->config, s->dir, &s->settings, why));
    log_open(NULL, (enum log_level)s->settings.log_level);
    if (realpath(s->config, resolved) == NULL) {
        return ca_refuse(why, BM_E_IO, "%s", s->config);
    }
    s->config = strdup(resolved);
    if (s->config == NULL) {
        return BM_E_MEMORY;
    }
    BM_TRY(check_unlock(&s->settings, why));
    BM_TRY(sandbox_check(&s->settings, why));
    BM_TRY(sandbox_check_owner(&s->settings, s->dir, why));
    BM_TRY(take_lock(s, why));
    BM_TRY(ports_open(&s->ports, &s->settings, why));
    warn_root(s);
    raise_limits();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return ca_refuse(why, BM_E_SANDBOX, "no new privileges");
    }
    s->base = event_base_new();
    if (s->base == NULL) {
        return BM_E_MEMORY;
    }
    BM_TRY(watch_signals(s));
    BM_TRY(make_slots(s));
    return ports_publish(&s->ports, s->dir, why);
}

int supervisor_run(const char *config)
{
    static struct supervisor s;
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc;

    s.config = config;
    s.lock = -1;
    log_open(NULL, LOG_LEVEL_NOTICE);
    rc = open_house(&s, &why);
    if (rc != BM_OK && ca_refuse_plain(&why, rc) == rc) {
        log_refusal(LOG_LEVEL_ERROR, "start.failed", &why);
        return 1;
    }
    supervisor_advance(&s);
    if (event_base_dispatch(s.base) != 0) {
        s.code = 1;
    }
    ports_forget(s.dir);
    log_put(LOG_LEVEL_NOTICE, "stopped",
            (struct log_field[]){ log_number("code", s.code), { 0 } });
    return s.code; /* the kernel takes the rest, the lock last of all */
}
