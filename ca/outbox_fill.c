/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ca/outbox_internal.h"

/* Which events are to be sent next, and which became too old for that. */

/* Ids that are looked over at once, so that nobody else waits long. */
#define CHUNK  1024
#define CHUNKS 16

/* ---- What is in the window */

struct outbox_entry *outbox_entry_of(struct outbox_way *way, uint64_t event)
{
    for (size_t i = 0; i < OUTBOX_WINDOW; i++) {
        if (way->entry[i].state != OUTBOX_FREE &&
            way->entry[i].event == event) {
            return &way->entry[i];
        }
    }
    return NULL;
}

static size_t count_entries(const struct outbox_way *way)
{
    size_t n = 0;

    for (size_t i = 0; i < OUTBOX_WINDOW; i++) {
        n += way->entry[i].state != OUTBOX_FREE;
    }
    return n;
}

bool outbox_has_room(const struct outbox_way *way)
{
    size_t max = way->row.failures >= OUTBOX_FAILING ? 1 : OUTBOX_WINDOW;

    return count_entries(way) < max;
}

static struct outbox_entry *add_entry(struct outbox_way *way,
                                      enum outbox_state state, uint64_t event,
                                      uint64_t device)
{
    for (size_t i = 0; i < OUTBOX_WINDOW; i++) {
        struct outbox_entry *e = &way->entry[i];

        if (e->state == OUTBOX_FREE) {
            *e = (struct outbox_entry){ .state = state,
                                        .event = event,
                                        .device = device };
            return e;
        }
    }
    return NULL;
}

bool outbox_is_blocked(const struct outbox_way *way, uint64_t device,
                       uint64_t event, unsigned states)
{
    for (size_t i = 0; i < OUTBOX_WINDOW; i++) {
        const struct outbox_entry *e = &way->entry[i];

        if ((states & 1U << e->state) != 0 && e->device == device &&
            e->event < event) {
            return true;
        }
    }
    return false;
}

/* ---- Filling it */

struct filling {
    struct outbox *o;
    struct outbox_way *way;
    int64_t now;
    bool aging; /* with what is too old alone */
};

bool outbox_is_old(const struct outbox_way *way, int64_t since, int64_t now)
{
    return way->row.age != 0 && since < now - (int64_t)way->row.age;
}

/* What is too old is not sent, so that it waits for no turn. */
static bool has_room_for(const struct filling *f, bool old)
{
    return old ? count_entries(f->way) < OUTBOX_WINDOW
               : !f->aging && outbox_has_room(f->way);
}

static bm_status add_due(void *arg, const void *visited)
{
    const struct store_delivery *row = visited;
    struct filling *f = arg;
    bool old = outbox_is_old(f->way, row->since, f->now);
    struct outbox_entry *e;

    if (outbox_entry_of(f->way, row->event) != NULL) {
        return BM_OK;
    }
    if (!has_room_for(f, old)) {
        return BM_E_END;
    }
    e = add_entry(f->way, old ? OUTBOX_OLD : OUTBOX_READY, row->event,
                  row->device);
    if (e != NULL) {
        e->tries = row->tries;
        e->since = row->since;
        e->aside = true;
        memcpy(e->words, row->words, sizeof e->words);
    }
    f->o->dirty = f->o->dirty || old;
    return BM_OK;
}

/* Has it a row of its own? Who died before the cursor went on finds it behind
 * that once more: it is due by its row, or was given up. */
static bm_status is_aside(const struct store *s, uint64_t destination,
                          uint64_t event, bool *yes)
{
    struct store_delivery row;
    bm_status rc = s->delivery_get(s->self, destination, event, &row);

    *yes = rc == BM_OK;
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status add_new(void *arg, const void *visited)
{
    const struct store_event *row = visited;
    struct filling *f = arg;
    struct outbox_way *way = f->way;
    const struct store *s = f->o->c.store;
    bool old = outbox_is_old(way, row->at, f->now);
    bool behind =
        outbox_is_blocked(way, row->device, row->id, OUTBOX_PUT_ASIDE);
    bool done = !ca_destination_wants(&way->row, row);
    struct outbox_entry *e;

    if (!done) {
        BM_TRY(is_aside(s, way->row.id, row->id, &done));
    }
    if (done) {
        way->position = row->id;
        return BM_OK;
    }
    if (!has_room_for(f, old)) {
        way->full = true;
        return BM_E_END;
    }
    if (!behind && !old) {
        BM_TRY(s->delivery_waits(s->self, way->row.id, row->device, &behind));
    }
    e = add_entry(way,
                  old      ? OUTBOX_OLD
                  : behind ? OUTBOX_BEHIND
                           : OUTBOX_READY,
                  row->id, row->device);
    if (e != NULL) {
        e->since = row->at;
    }
    f->o->dirty = f->o->dirty || behind || old;
    way->position = row->id;
    return BM_OK;
}

/* Events behind the position; of a long way a part at a time. */
static bm_status fill_new(struct filling *f, uint64_t last)
{
    const struct store *s = f->o->c.store;
    const struct store_visit visit = { f, add_new };
    struct outbox_way *way = f->way;

    way->full = false;
    for (unsigned i = 0; i < CHUNKS && way->position < last; i++) {
        uint64_t to =
            way->position + CHUNK < last ? way->position + CHUNK : last;

        BM_TRY(s->event_after(s->self, &way->row.scope, way->position, to,
                              &visit));
        if (way->full) {
            return BM_OK;
        }
        way->position = to;
    }
    return BM_OK;
}

bm_status outbox_fill(struct outbox *o, struct outbox_way *way, int64_t now,
                      bool aging)
{
    const struct store *s = o->c.store;
    struct filling f = { o, way, now, aging };
    const struct store_visit due = { &f, add_due };
    uint64_t last = 0;
    uint32_t waiting = 0;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = s->delivery_due(s->self, way->row.id, now, &due);
    if (rc == BM_OK) {
        rc = s->delivery_count(s->self, way->row.id, false, &waiting);
    }
    if (rc == BM_OK && (aging || waiting < OUTBOX_WAITING_MAX)) {
        rc = s->event_last(s->self, &last);
    }
    if (rc == BM_OK && way->position < last) {
        rc = fill_new(&f, last);
    }
    s->rollback(s->self);
    /* Even where nothing was wanted the cursor is to follow, now and then. */
    o->dirty = o->dirty || way->position > way->written + CHUNK;
    return rc;
}

/* What is too old is looked for now and then, also where nothing is sent: a
 * destination that does not answer, or is disabled, keeps no more than that. */
bm_status outbox_age(struct outbox *o, struct outbox_way *way, int64_t now)
{
    if (now < way->aged + OUTBOX_AGING) {
        return BM_OK;
    }
    way->aged = now;
    for (size_t i = 0; i < OUTBOX_WINDOW; i++) {
        struct outbox_entry *e = &way->entry[i];

        if (e->state == OUTBOX_READY && outbox_is_old(way, e->since, now)) {
            e->state = OUTBOX_OLD;
            o->dirty = true;
        }
    }
    return outbox_fill(o, way, now, true);
}
