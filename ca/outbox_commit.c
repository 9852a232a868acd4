/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ca/internal.h"
#include "ca/outbox_internal.h"

/* What became of events is written together, and only then forgotten. */

/* Why one was given up that nobody tried to send. */
static const char too_old[STORE_NAME_MAX] = "too old";

static bool is_over(const struct outbox_entry *e)
{
    return e->state >= OUTBOX_TAKEN;
}

bool outbox_is_dirty(const struct outbox *o)
{
    return o->dirty;
}

/* What has a row of its own has none any more. */
static bm_status drop_row(struct outbox *o, const struct outbox_way *way,
                          const struct outbox_entry *e)
{
    const struct store *s = o->c.store;

    if (!e->aside) {
        return BM_OK; /* put_way() */
    }
    BM_TRY(s->delivery_drop(s->self, way->row.id, e->event));
    return s->event_given(s->self, e->event - 1, e->event);
}

static bool is_old(const struct outbox_way *way, const struct outbox_entry *e,
                   int64_t now)
{
    return e->state == OUTBOX_OLD ||
           (e->state == OUTBOX_FAILED && outbox_is_old(way, e->since, now));
}

/* Tried often enough, or too old, it is given up. Where there is no room for
 * it, it is tried on, until it is too old: then it is lost. */
static bm_status put_aside(struct outbox *o, struct outbox_way *way,
                           const struct outbox_entry *e, int64_t now)
{
    const struct store *s = o->c.store;
    bool old = is_old(way, e, now);
    uint32_t dead = 0;
    struct store_delivery row = { .destination = way->row.id,
                                  .event = e->event,
                                  .device = e->device,
                                  .tries = e->tries,
                                  .next = e->next,
                                  .since = e->since,
                                  .changed = now };

    if (old || (e->state == OUTBOX_FAILED && e->tries >= way->row.tries)) {
        BM_TRY(s->delivery_count(s->self, way->row.id, true, &dead));
        row.dead = dead < OUTBOX_DEAD_MAX;
    }
    if (old && !row.dead) {
        way->row.lost++;
        return drop_row(o, way, e);
    }
    memcpy(row.words, e->words[0] != '\0' || !old ? e->words : too_old,
           sizeof row.words);
    return s->delivery_put(s->self, &row);
}

/* Pushed out before it was put aside, it was counted then. */
static bm_status put_if_there(struct outbox *o, struct outbox_way *way,
                              const struct outbox_entry *e, int64_t now)
{
    const struct store *s = o->c.store;
    struct store_event row;
    bm_status rc = e->aside ? BM_OK : s->event_get(s->self, e->event, &row);

    if (rc == BM_E_NOT_FOUND) {
        return BM_OK;
    }
    BM_TRY(rc);
    return put_aside(o, way, e, now);
}

static bm_status put_entry(struct outbox *o, struct outbox_way *way,
                           const struct outbox_entry *e, int64_t now)
{
    switch (e->state) {
    case OUTBOX_FAILED:
    case OUTBOX_BEHIND:
    case OUTBOX_OLD:
        return put_if_there(o, way, e, now);
    case OUTBOX_GONE: /* after it was put aside: not counted yet */
        way->row.lost += e->aside;
        return drop_row(o, way, e);
    default: /* taken */
        return drop_row(o, way, e);
    }
}

/* Up to the first event that is neither done nor put aside. */
static uint64_t cursor_of(const struct outbox_way *way)
{
    uint64_t cursor = way->position;

    for (size_t i = 0; i < OUTBOX_WINDOW; i++) {
        const struct outbox_entry *e = &way->entry[i];

        if (e->state != OUTBOX_FREE && !is_over(e) && !e->aside &&
            e->event <= cursor) {
            cursor = e->event - 1;
        }
    }
    return cursor;
}

/* What newer events have pushed out was counted in the store alone. */
static bm_status read_lost(struct outbox *o, struct outbox_way *way)
{
    const struct store *s = o->c.store;
    struct store_destination row = { .lost = way->row.lost };
    bm_status rc = s->destination_find(s->self, way->row.organisation,
                                       way->row.name, &row);

    way->row.lost = row.lost;
    bm_wipe(&row, sizeof row);
    return rc;
}

static bm_status put_way(struct outbox *o, struct outbox_way *way, int64_t now)
{
    const struct store *s = o->c.store;

    BM_TRY(read_lost(o, way));
    for (size_t i = 0; i < OUTBOX_WINDOW; i++) {
        if (is_over(&way->entry[i])) {
            BM_TRY(put_entry(o, way, &way->entry[i], now));
        }
    }
    way->row.cursor = cursor_of(way);
    BM_TRY(s->destination_put(s->self, &way->row));
    return way->written < way->row.cursor
               ? s->event_given(s->self, way->written, way->row.cursor)
               : BM_OK;
}

static bool is_changed(const struct outbox_way *way)
{
    for (size_t i = 0; i < OUTBOX_WINDOW; i++) {
        if (is_over(&way->entry[i])) {
            return true;
        }
    }
    return cursor_of(way) != way->written;
}

static bm_status put_all(struct outbox *o, int64_t now)
{
    for (size_t i = 0; i < o->n; i++) {
        if (is_changed(o->ways[i])) {
            BM_TRY(put_way(o, o->ways[i], now));
        }
    }
    return BM_OK;
}

static void forget(struct outbox_way *way)
{
    for (size_t i = 0; i < OUTBOX_WINDOW; i++) {
        if (way->entry[i].state == OUTBOX_OLD) {
            way->aged = 0; /* there may be more */
        }
        if (is_over(&way->entry[i])) {
            way->entry[i].state = OUTBOX_FREE;
        }
    }
    way->written = way->row.cursor;
    way->looked = 0;
}

/*
 * Events that nobody is to be given any more go when they are passed over;
 * those of a destination that is removed, or whose process died meanwhile,
 * are found here, a part at a time. `*swept`: up to where.
 */
static bm_status sweep(struct outbox *o, uint64_t *swept)
{
    const struct store *s = o->c.store;
    uint64_t last;

    if (o->swept == OUTBOX_SWEPT) {
        *swept = OUTBOX_SWEPT;
        return BM_OK;
    }
    BM_TRY(s->event_last(s->self, &last));
    *swept = o->swept + OUTBOX_SWEEP;
    BM_TRY(s->event_given(s->self, o->swept, *swept));
    if (*swept >= last) {
        *swept = OUTBOX_SWEPT;
    }
    return BM_OK;
}

bm_status outbox_commit(struct outbox *o, int64_t now)
{
    const struct store *s = o->c.store;
    uint64_t swept = 0;
    bm_status rc;

    if (!o->dirty && o->swept == OUTBOX_SWEPT) {
        return BM_OK;
    }
    BM_TRY(s->begin(s->self, STORE_WRITE));
    rc = put_all(o, now);
    if (rc == BM_OK) {
        rc = sweep(o, &swept);
    }
    if (rc != BM_OK) {
        s->rollback(s->self);
        return rc;
    }
    BM_TRY(s->commit(s->self));
    o->swept = swept;
    for (size_t i = 0; i < o->n; i++) {
        forget(o->ways[i]);
    }
    o->dirty = false;
    return BM_OK;
}

static bm_status add_lost(void *arg, const void *visited)
{
    const struct store_destination *row = visited;
    struct outbox_sum *sum = arg;

    sum->lost += row->lost;
    return BM_OK;
}

bm_status outbox_sum(struct outbox *o, struct outbox_sum *sum)
{
    const struct store *s = o->c.store;
    const struct store_visit visit = { sum, add_lost };
    uint64_t last = 0;
    bm_status rc;

    memset(sum, 0, sizeof *sum);
    sum->delivered = o->delivered;
    sum->failures = o->failures;
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = s->event_last(s->self, &last);
    if (rc == BM_OK && o->n != 0) {
        rc = s->destination_list(s->self, &ca_everything, 0, &visit);
    }
    for (size_t i = 0; rc == BM_OK && i < o->n; i++) {
        const struct outbox_way *way = o->ways[i];
        uint64_t behind = last > way->position ? last - way->position : 0;
        uint32_t n = 0;

        sum->enabled += !way->row.disabled;
        sum->failing +=
            !way->row.disabled && way->row.failures >= OUTBOX_FAILING;
        sum->behind = behind > sum->behind ? behind : sum->behind;
        rc = s->delivery_count(s->self, way->row.id, false, &n);
        sum->waiting += n;
        if (rc == BM_OK) {
            rc = s->delivery_count(s->self, way->row.id, true, &n);
            sum->dead += n;
        }
    }
    s->rollback(s->self);
    return rc;
}
