/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/destination.h"
#include "ca/internal.h"
#include "ca/outbox_internal.h"

/* Taking events and hearing of them; outbox_fill.c looks for them, and
 * outbox_commit.c writes what came of it. */

bm_status outbox_new(const struct outbox_config *config, struct outbox **outbox)
{
    *outbox = calloc(1, sizeof **outbox);
    if (*outbox == NULL) {
        return BM_E_MEMORY;
    }
    (*outbox)->c = *config;
    return BM_OK;
}

static void free_way(struct outbox_way *way)
{
    bm_wipe(way->row.secret, sizeof way->row.secret);
    free(way->anchors);
    free(way);
}

void outbox_free(struct outbox *outbox)
{
    if (outbox == NULL) {
        return;
    }
    for (size_t i = 0; i < outbox->n; i++) {
        free_way(outbox->ways[i]);
    }
    free(outbox);
}

struct outbox_way *outbox_find(struct outbox *outbox, uint64_t destination)
{
    for (size_t i = 0; i < outbox->n; i++) {
        if (outbox->ways[i]->row.id == destination) {
            return outbox->ways[i];
        }
    }
    return NULL;
}

/* ---- Destinations */

static bm_status add_way(struct outbox *o, const struct store_destination *row)
{
    struct outbox_way *way;

    if (o->n == CA_DESTINATIONS_MAX) {
        return BM_E_LIMIT;
    }
    way = calloc(1, sizeof *way);
    if (way == NULL) {
        return BM_E_MEMORY;
    }
    way->row = *row;
    way->anchors = malloc(row->anchors.n + 1);
    if (way->anchors == NULL) {
        free(way);
        return BM_E_MEMORY;
    }
    if (row->anchors.n != 0) {
        memcpy(way->anchors, row->anchors.p, row->anchors.n);
    }
    way->row.anchors.p = way->anchors;
    way->position = row->cursor;
    way->written = row->cursor;
    way->seen = true;
    o->ways[o->n++] = way;
    return BM_OK;
}

static bm_status take_row(void *arg, const void *visited)
{
    const struct store_destination *row = visited;
    struct outbox *o = arg;
    struct outbox_way *way = outbox_find(o, row->id);

    if (way == NULL) {
        return add_way(o, row);
    }
    if (way->row.disabled && !row->disabled) {
        way->resume = 0; /* an operator has mended something, perhaps */
    }
    way->row.disabled = row->disabled; /* all else is known better here */
    way->seen = true;
    return BM_OK;
}

static void drop_unseen(struct outbox *o)
{
    size_t kept = 0;

    for (size_t i = 0; i < o->n; i++) {
        if (o->ways[i]->seen) {
            o->ways[kept++] = o->ways[i];
        } else {
            free_way(o->ways[i]);
            o->swept = 0; /* what it alone had asked for */
        }
    }
    o->n = kept;
}

/* Nothing leaves a copy of an instance until somebody says that it is it. */
static bm_status is_resumed(const struct store *s, bool *yes)
{
    struct bm_bytes value;
    bm_status rc = s->setting_get(s->self, CA_SETTING_RESTORED, &value);

    *yes = rc == BM_E_NOT_FOUND || (rc == BM_OK && value.n == 0);
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

bm_status outbox_read(struct outbox *o)
{
    const struct store *s = o->c.store;
    const struct store_visit visit = { o, take_row };
    bool resumed = false;
    bm_status rc;

    for (size_t i = 0; i < o->n; i++) {
        o->ways[i]->seen = false;
    }
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = is_resumed(s, &resumed);
    if (rc == BM_OK && resumed) {
        rc = s->destination_list(s->self, &ca_everything, 0, &visit);
    }
    s->rollback(s->self);
    if (rc == BM_OK) {
        drop_unseen(o);
    }
    return rc;
}

/* ---- Taking one */

static struct outbox_entry *pick(struct outbox_way *way)
{
    for (size_t i = 0; i < OUTBOX_WINDOW; i++) {
        struct outbox_entry *e = &way->entry[i];

        if (e->state == OUTBOX_READY &&
            !outbox_is_blocked(way, e->device, e->event,
                               OUTBOX_UNDER_WAY | OUTBOX_PUT_ASIDE)) {
            return e;
        }
    }
    return NULL;
}

/*
 * What names an event for whoever receives it: its number, and octets of a hash
 * over what it says, since an instance that goes on from a backup gives numbers
 * again.
 */
static bm_status name_event(const struct bm_crypto *crypto,
                            const struct store_event *e, char id[48])
{
    uint8_t hash[BM_HASH_MAX];
    char digits[17];
    char text[STORE_NAME_MAX + STORE_ID_MAX + 96];
    int n = snprintf(text, sizeof text, "%llu %u %lld %s %llu %d %s",
                     (unsigned long long)e->id, (unsigned)e->organisation,
                     (long long)e->at, e->kind, (unsigned long long)e->device,
                     e->claimed, e->text);

    BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256,
                        (struct bm_bytes){ (const uint8_t *)text, (size_t)n },
                        hash));
    ca_hex((struct bm_bytes){ hash, 8 }, digits, sizeof digits);
    (void)snprintf(id, 48, "evt_%llu_%s", (unsigned long long)e->id, digits);
    return BM_OK;
}

static bm_status look_up(const struct outbox *o, const struct outbox_entry *e,
                         struct outbox_item *item)
{
    const struct store *s = o->c.store;
    struct store_organisation organisation = { .id = 0 };
    struct store_device device = { .id = 0 };
    bm_status rc;

    BM_TRY(s->event_get(s->self, e->event, &item->event));
    if (item->event.device != 0) {
        rc =
            s->device_get(s->self, &ca_everything, item->event.device, &device);
        if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
            return rc;
        }
    }
    rc = s->organisation_get(s->self, &ca_everything, item->event.organisation,
                             &organisation);
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        return rc;
    }
    memcpy(item->device, device.name, sizeof item->device);
    memcpy(item->organisation, organisation.name, sizeof item->organisation);
    return name_event(o->c.crypto, &item->event, item->id);
}

/* BM_E_NOT_FOUND: a claim that its device has pushed out since; then there is
 * nothing to deliver any more. */
static bm_status make_item(struct outbox *o, struct outbox_way *way,
                           struct outbox_entry *e, struct outbox_item *item)
{
    const struct store *s = o->c.store;
    bm_status rc;

    memset(item, 0, sizeof *item);
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = look_up(o, e, item);
    s->rollback(s->self);
    if (rc == BM_E_NOT_FOUND) {
        e->state = OUTBOX_GONE;
        o->dirty = true;
        return rc;
    }
    BM_TRY(rc);
    item->destination = &way->row;
    item->tries = e->tries;
    e->state = OUTBOX_SENT;
    return BM_OK;
}

static size_t count_sent(const struct outbox_way *way)
{
    size_t n = 0;

    for (size_t i = 0; i < OUTBOX_WINDOW; i++) {
        n += way->entry[i].state == OUTBOX_SENT;
    }
    return n;
}

/* How many of its events may be in flight. */
static size_t share_of(const struct outbox *o, const struct outbox_way *way)
{
    size_t share = OUTBOX_UNDER_WAY_MAX / o->n;

    return way->row.failures >= OUTBOX_FAILING ? 1
           : share < OUTBOX_WINDOW             ? share
                                               : OUTBOX_WINDOW;
}

static bm_status next_of(struct outbox *o, struct outbox_way *way, int64_t now,
                         struct outbox_item *item)
{
    bm_status rc = BM_E_NOT_FOUND;

    BM_TRY(outbox_age(o, way, now));
    if (way->row.disabled || now < way->resume ||
        count_sent(way) >= share_of(o, way)) {
        return BM_E_END;
    }
    while (rc == BM_E_NOT_FOUND) {
        struct outbox_entry *e = pick(way);

        if (e == NULL && outbox_has_room(way) && way->looked != now) {
            BM_TRY(outbox_fill(o, way, now, false));
            e = pick(way);
            if (e == NULL) {
                way->looked = now; /* once in a second, while idle */
            }
        }
        if (e == NULL) {
            return BM_E_END;
        }
        rc = make_item(o, way, e, item);
    }
    return rc;
}

bm_status outbox_next(struct outbox *o, int64_t now, struct outbox_item *item)
{
    for (size_t i = 0; i < o->n; i++) {
        struct outbox_way *way = o->ways[o->turn % o->n];
        bm_status rc = next_of(o, way, now, item);

        o->turn = (o->turn + 1) % o->n;
        if (rc != BM_E_END) {
            return rc;
        }
    }
    return BM_E_END;
}

/* ---- Hearing of it */

/* Seconds until the next try: doubling, and some more or less, so that what
 * failed together does not come back together. */
static int64_t delay(struct outbox *o, uint32_t failures, uint32_t most)
{
    const struct bm_crypto *crypto = o->c.crypto;
    uint64_t wait = o->c.retry_first;
    uint8_t dice = 0;

    for (uint32_t i = 1; i < failures && wait < most; i++) {
        wait *= 2;
    }
    wait = wait < most ? wait : most;
    if (crypto->random(crypto->self, &dice, 1) != BM_OK) {
        dice = 128;
    }
    /* From four fifths to six fifths. */
    return (int64_t)(wait * (1024U + 2 * dice) / 1280);
}

/* What fails within a pause was sent before it, and is of the same trouble. */
static void pause_way(struct outbox *o, struct outbox_way *way, int64_t now)
{
    uint32_t most =
        o->c.retry_last < OUTBOX_PAUSE_MAX ? o->c.retry_last : OUTBOX_PAUSE_MAX;

    if (now < way->resume) {
        return;
    }
    way->row.failures++;
    if (way->row.failures >= OUTBOX_FAILING) {
        way->resume =
            now + delay(o, way->row.failures - OUTBOX_FAILING + 1, most);
    }
}

static void fail(struct outbox *o, struct outbox_way *way,
                 struct outbox_entry *e, int64_t now)
{
    e->tries++;
    e->next = now + delay(o, e->tries, o->c.retry_last);
    way->row.failed = now;
    (void)snprintf(way->row.words, sizeof way->row.words, "%s", e->words);
    o->failures++;
    pause_way(o, way, now);
    for (size_t i = 0; i < OUTBOX_WINDOW; i++) {
        struct outbox_entry *later = &way->entry[i];

        if (later->state == OUTBOX_READY && later->device == e->device &&
            later->event > e->event && !later->aside) {
            later->state = OUTBOX_BEHIND;
        }
    }
}

bool outbox_result(struct outbox *o, const struct outbox_result *result,
                   int64_t now)
{
    struct outbox_way *way = outbox_find(o, result->destination);
    struct outbox_entry *e =
        way == NULL ? NULL : outbox_entry_of(way, result->event);

    if (e == NULL || e->state != OUTBOX_SENT) {
        return false;
    }
    o->dirty = true;
    way->looked = 0;
    if (result->taken) {
        e->state = OUTBOX_TAKEN;
        way->row.failures = 0;
        way->row.succeeded = now;
        way->row.delivered++;
        way->resume = 0;
        o->delivered++;
        return true;
    }
    e->state = OUTBOX_FAILED;
    (void)snprintf(e->words, sizeof e->words, "%s", result->words);
    fail(o, way, e, now);
    return true;
}

void outbox_lost(struct outbox *o)
{
    for (size_t i = 0; i < o->n; i++) {
        for (size_t j = 0; j < OUTBOX_WINDOW; j++) {
            struct outbox_entry *e = &o->ways[i]->entry[j];

            e->state = e->state == OUTBOX_SENT ? OUTBOX_READY : e->state;
        }
    }
}

bool outbox_has(const struct outbox *o, uint64_t destination)
{
    for (size_t i = 0; i < o->n; i++) {
        if (o->ways[i]->row.id == destination) {
            return true;
        }
    }
    return false;
}

size_t outbox_under_way(const struct outbox *o)
{
    size_t n = 0;

    for (size_t i = 0; i < o->n; i++) {
        n += count_sent(o->ways[i]);
    }
    return n;
}
