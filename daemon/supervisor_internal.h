/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_SUPERVISOR_INTERNAL_H
#define BM_DAEMON_SUPERVISOR_INTERNAL_H

#include <event2/event.h>
#include <sys/types.h>

#include "daemon/control.h"
#include "daemon/ports.h"
#include "daemon/room.h"

/*
 * Between the files of the supervisor:
 *
 *   supervisor.c          start, signals, stop
 *   supervisor_process.c  one process: fork, exec, what it is handed
 *   supervisor_life.c     what dies is started again; reload
 *   supervisor_check.c    --check
 */

/* 64 listeners, one of everybody else. */
#define SLOTS_MAX (64 + ROOM_COUNT)

/* A room that is not ready by then never will be: migrations of a large store
 * included. Milliseconds. */
#define START_MAX_MS 600000
/* How long finishing what was accepted may take. */
#define STOP_MAX_MS 30000
/* What has lived this long starts from nothing when it dies. */
#define PROVEN_MS        60000
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS   30000
/* The keeper: every 12 hours, and sooner after a failure. */
#define KEEPER_MS       (12 * 3600 * 1000)
#define KEEPER_RETRY_MS (15 * 60 * 1000)

enum process_state {
    PROCESS_STARTING,
    PROCESS_READY,
    PROCESS_STOPPING
};

struct supervisor;
struct slot;

struct process {
    struct process *next;
    struct supervisor *supervisor;
    struct slot *slot;
    enum process_state state;
    uint32_t number; /* what others know it by: never used again */
    pid_t pid;
    int control;
    struct event *readable;
    int64_t deadline;  /* of its state; 0: none */
    unsigned unlinked; /* links that it lost: a bit per enum room_kind */
    bool answers;      /* of a type that `answers_later`: now it does */
};

/* A place in the house: one room, in whatever process lives there. */
struct slot {
    struct supervisor *supervisor;
    enum room_kind kind;
    unsigned instance;
    int page;                 /* memory of its metrics: for itself */
    int page_read;            /* the same, for others */
    struct process *current;  /* READY, or STOPPING */
    struct process *starting; /* will be current */
    struct event *again;      /* start, after a while */
    int64_t died;
    unsigned deaths;
    bool replace; /* `current` stops to make place */
    bool reload;  /* wanted */
    bool repeat;  /* the keeper: asked for while it was there */
};

enum phase {
    PHASE_START,
    PHASE_RUN,
    PHASE_STOP
};

struct supervisor {
    const char *config;
    char dir[4096];
    struct settings settings;
    struct event_base *base;
    struct ports ports;
    int lock;
    enum phase phase;
    bool told; /* that it has started */
    int code;  /* of the program */
    struct slot slots[SLOTS_MAX];
    size_t slots_n;
    struct process *processes;
    uint32_t started;       /* processes, ever */
    struct slot *reloading; /* one after another */
    bool reload_asked;      /* by SIGHUP: systemd waits for the end of it */
    struct event *tick;
    int64_t stop_deadline;
};

int64_t supervisor_now(void); /* milliseconds, monotonic */

/* ---- supervisor_process.c */

/* BM_E_IO, BM_E_MEMORY: and nothing is there. */
BM_MUST_CHECK bm_status process_start(struct slot *slot);
/* Give it links to all that are ready, of these kinds: bits. */
void process_join(struct process *p, unsigned kinds);
bool process_may_ask(const struct process *p, unsigned kind);
/* Give it what listens. */
void process_listen(struct process *p);
void process_send(struct process *p, enum control_type type);
void process_stop(struct process *p);
void process_kill(struct process *p);
void process_free(struct process *p);
BM_MUST_CHECK bm_status slot_make_page(struct slot *slot);

/* ---- supervisor_life.c */

void life_message(struct process *p, const struct control *m);
void life_exit(struct process *p, int status);
void life_tick(struct supervisor *s);
/* Bits per enum room_kind. */
void life_reload(struct supervisor *s, unsigned kinds);
void life_start(struct slot *slot);

/* ---- supervisor.c */

void supervisor_advance(struct supervisor *s); /* something changed */
/* Is there nobody who would have to say, and has not, that it answers? */
bool supervisor_answers(const struct supervisor *s);
void supervisor_fail(struct supervisor *s); /* give up: stop, exit code 1 */

/* Are there ports for it, and does the program have it? */
bool supervisor_wants(const struct settings *settings, enum room_kind kind);
unsigned supervisor_instances(const struct settings *settings,
                              enum room_kind kind);

#endif
