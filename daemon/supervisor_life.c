/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/wait.h>

#include "daemon/notify.h"
#include "daemon/supervisor_internal.h"

/* ---- What dies is started again */

static void log_death(const struct process *p, int status)
{
    const struct slot *slot = p->slot;
    bool killed = WIFSIGNALED(status);

    log_put(LOG_LEVEL_ERROR, "room.died",
            (struct log_field[]){
                log_text("room", room_types[slot->kind]->name),
                log_number("instance", slot->instance),
                log_number("pid", p->pid),
                log_number(killed ? "signal" : "exit",
                           killed ? WTERMSIG(status) : WEXITSTATUS(status)),
                { 0 } });
}

/* Milliseconds until the next attempt: at once when it had been well. */
static int64_t backoff(struct slot *slot)
{
    int64_t now = supervisor_now();
    int64_t wait = BACKOFF_FIRST_MS;

    if (now - slot->died > PROVEN_MS) {
        slot->deaths = 0;
    }
    slot->died = now;
    if (slot->deaths++ == 0) {
        return 0;
    }
    for (unsigned i = 2; i < slot->deaths && wait < BACKOFF_MAX_MS; i++) {
        wait *= 2;
    }
    return wait < BACKOFF_MAX_MS ? wait : BACKOFF_MAX_MS;
}

static void start_later(struct slot *slot, int64_t ms)
{
    const struct timeval wait = { ms / 1000, ms % 1000 * 1000 };

    if (event_add(slot->again, &wait) != 0) {
        supervisor_fail(slot->supervisor);
    }
}

void life_start(struct slot *slot)
{
    (void)event_del(slot->again);
    if (slot->starting != NULL || slot->supervisor->phase == PHASE_STOP) {
        return;
    }
    if (process_start(slot) != BM_OK) {
        log_put(LOG_LEVEL_ERROR, "room.unstartable",
                (struct log_field[]){
                    log_text("room", room_types[slot->kind]->name), { 0 } });
        start_later(slot, BACKOFF_MAX_MS);
    }
}

static void start_again(struct slot *slot)
{
    int64_t ms = backoff(slot);

    if (ms == 0) {
        life_start(slot);
    } else {
        start_later(slot, ms);
    }
}

/* ---- Reload: one room after another */

static void reload_step_done(struct slot *slot)
{
    struct supervisor *s = slot->supervisor;

    if (s->reloading == slot) {
        s->reloading = NULL;
    }
}

static void reload_slot(struct slot *slot)
{
    const struct room_type *type = room_types[slot->kind];

    slot->reload = false;
    slot->supervisor->reloading = slot;
    if (type->reload != NULL) {
        process_send(slot->current, CONTROL_RELOAD);
        slot->current->deadline = supervisor_now() + START_MAX_MS;
    } else if (type->alone) {
        slot->replace = true;
        process_stop(slot->current);
    } else {
        life_start(slot);
    }
}

static void reload_advance(struct supervisor *s)
{
    for (size_t i = 0; s->reloading == NULL && i < s->slots_n; i++) {
        struct slot *slot = &s->slots[i];

        if (!slot->reload || slot->starting != NULL) {
            continue;
        }
        if (slot->current != NULL && slot->current->state == PROCESS_READY) {
            reload_slot(slot);
        } else {
            slot->reload = false; /* it will read everything when it starts */
        }
    }
    for (size_t i = 0; i < s->slots_n; i++) {
        if (s->slots[i].reload) {
            return;
        }
    }
    if (s->reloading == NULL && s->reload_asked && supervisor_answers(s)) {
        s->reload_asked = false;
        notify_send("READY=1\n");
        log_put(LOG_LEVEL_NOTICE, "reloaded", NULL);
    }
}

void life_reload(struct supervisor *s, unsigned kinds)
{
    for (size_t i = 0; i < s->slots_n; i++) {
        if ((kinds & 1U << s->slots[i].kind) != 0 &&
            s->slots[i].kind != ROOM_KEEPER) {
            s->slots[i].reload = true;
        }
    }
    reload_advance(s);
}

/* ---- What a process says, and its end */

static void ready(struct process *p)
{
    struct slot *slot = p->slot;
    struct process *old = slot->current;

    if (p->state != PROCESS_STARTING || slot->starting != p) {
        return;
    }
    slot->starting = NULL;
    slot->current = p;
    slot->replace = false;
    p->state = PROCESS_READY;
    p->deadline = 0;
    process_join(p, ~0U);
    if (p->supervisor->phase == PHASE_RUN) {
        process_listen(p);
    }
    if (old != NULL) {
        process_stop(old);
    }
    reload_step_done(slot);
}

void life_message(struct process *p, const struct control *m)
{
    struct supervisor *s = p->supervisor;

    switch (m->type) {
    case CONTROL_READY:
        ready(p);
        break;
    case CONTROL_RELOADED:
    case CONTROL_REFUSED: /* it has said why */
        if (p->state == PROCESS_READY) {
            p->deadline = 0;
        }
        reload_step_done(p->slot);
        break;
    case CONTROL_CHANGED:
        if (s->phase == PHASE_RUN && p->slot->kind == ROOM_KEEPER) {
            life_reload(s, m->value);
        }
        break;
    case CONTROL_ANSWERS:
        if (room_types[p->slot->kind]->answers_later) {
            p->answers = true;
            break;
        }
        process_kill(p);
        break;
    case CONTROL_UNLINKED:
        if (process_may_ask(p, m->kind)) {
            p->unlinked |= 1U << m->kind;
            break;
        }
        process_kill(p);
        break;
    default:
        process_kill(p);
        break;
    }
    supervisor_advance(s);
    reload_advance(s);
}

static bool well(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void keeper_ended(struct slot *slot, int status)
{
    if (WIFSIGNALED(status)) {
        /* It may have changed what it could not tell of any more. */
        life_reload(slot->supervisor,
                    1U << ROOM_DEVICES | 1U << ROOM_OPERATORS |
                        1U << ROOM_STATUS | 1U << ROOM_SIGNER);
    }
    if (slot->repeat) {
        slot->repeat = false;
        life_start(slot);
    } else {
        start_later(slot, well(status) ? KEEPER_MS : KEEPER_RETRY_MS);
    }
}

/* What was to be there is not there any more. */
static void missing(struct process *p, int status)
{
    struct supervisor *s = p->supervisor;
    struct slot *slot = p->slot;

    if (p->state != PROCESS_STOPPING &&
        (slot->kind != ROOM_KEEPER || !well(status))) {
        log_death(p, status);
    }
    if (s->phase == PHASE_START) {
        supervisor_fail(s); /* nobody has been promised anything yet */
    } else if (slot->kind == ROOM_KEEPER) {
        keeper_ended(slot, status);
    } else if (slot->replace) {
        slot->replace = false;
        life_start(slot);
    } else {
        start_again(slot);
    }
}

void life_exit(struct process *p, int status)
{
    struct supervisor *s = p->supervisor;
    struct slot *slot = p->slot;
    bool was_starting = slot->starting == p;
    bool was_current = slot->current == p;

    if (was_starting) {
        slot->starting = NULL;
    }
    if (was_current) {
        slot->current = NULL;
    }
    if (s->phase == PHASE_STOP) {
        if (p->state != PROCESS_STOPPING) {
            log_death(p, status);
        }
    } else if (was_starting && slot->current != NULL) {
        /* One that was to replace another, which goes on. */
        log_death(p, status);
        reload_step_done(slot);
        start_later(slot, KEEPER_RETRY_MS); /* what it was to read is new */
    } else if (was_starting || (was_current && slot->starting == NULL)) {
        if (!slot->replace) {
            reload_step_done(slot);
        }
        missing(p, status);
    } else if (p->state != PROCESS_STOPPING) {
        log_death(p, status);
    }
    process_free(p);
    supervisor_advance(s);
    reload_advance(s);
}

/* Most links end with a process, and come back with the next one. What is
 * still missing by now is made anew: once in a second, whatever a room says. */
static void link_again(struct process *p)
{
    unsigned kinds = p->unlinked;

    if (kinds != 0 && p->state == PROCESS_READY && p->slot->current == p) {
        process_join(p, kinds);
        if (p->unlinked != kinds) {
            log_put(LOG_LEVEL_WARNING, "room.linked-again",
                    (struct log_field[]){
                        log_text("room", room_types[p->slot->kind]->name),
                        log_number("pid", p->pid),
                        { 0 } });
        }
    }
}

/* Whoever takes too long is killed, and started again. */
void life_tick(struct supervisor *s)
{
    int64_t now = supervisor_now();

    for (struct process *p = s->processes; p != NULL; p = p->next) {
        if (p->deadline != 0 && now > p->deadline) {
            log_put(LOG_LEVEL_ERROR, "room.stuck",
                    (struct log_field[]){
                        log_text("room", room_types[p->slot->kind]->name),
                        log_number("pid", p->pid),
                        { 0 } });
            p->deadline = 0;
            process_kill(p);
        }
        link_again(p);
    }
}
