/* SPDX-License-Identifier: Apache-2.0 */
#include "core/event.h"

#include "core/cbor_map.h"

/* Map keys: docs/delivery.md. */
enum {
    EVENT_NUMBER = 1,
    EVENT_KIND = 2,
    EVENT_WHEN = 3,
    EVENT_HASH = 4,
    EVENT_CODE = 5,
    EVENT_TEXT = 6,
    EVENT_MANIFEST = 7
};

static bm_status take_about(struct bm_cbor_map *m, struct bm_event *event)
{
    uint64_t code = 0;

    if (bm_cbor_map_has(m, EVENT_HASH)) {
        BM_TRY(bm_cbor_map_octets(m, BM_EVENT_HASH_SIZE, &event->sha256));
    }
    if (bm_cbor_map_has(m, EVENT_CODE)) {
        BM_TRY(bm_cbor_map_number(m, 0, UINT32_MAX, &code));
        event->code = (uint32_t)code;
    }
    if (bm_cbor_map_has(m, EVENT_TEXT)) {
        BM_TRY(bm_cbor_map_text(m, 0, BM_EVENT_TEXT_MAX, &event->text));
    }
    if (bm_cbor_map_has(m, EVENT_MANIFEST)) {
        BM_TRY(bm_cbor_take_uint(m->c, &event->manifest));
    }
    return BM_OK;
}

static bm_status take_event(struct bm_cbor *c, struct bm_event *event)
{
    uint64_t kind = 0;
    struct bm_cbor_map m;

    *event = (struct bm_event){ .when = BM_EVENT_NO_TIME };
    BM_TRY(bm_cbor_map_open(&m, c, BM_E_EVENT, BM_E_EVENT));
    BM_TRY(bm_cbor_map_need(&m, EVENT_NUMBER));
    BM_TRY(bm_cbor_map_number(&m, 1, UINT64_MAX, &event->number));
    BM_TRY(bm_cbor_map_need(&m, EVENT_KIND));
    BM_TRY(bm_cbor_map_number(&m, 1, UINT16_MAX, &kind));
    event->kind = (unsigned)kind;
    if (bm_cbor_map_has(&m, EVENT_WHEN)) {
        BM_TRY(bm_cbor_map_date(&m, &event->when));
    }
    BM_TRY(take_about(&m, event));
    return bm_cbor_map_close(&m);
}

static bm_status take_events(struct bm_cbor *c, struct bm_bytes *events)
{
    uint64_t last = 0;
    size_t n = 0;

    BM_TRY(bm_cbor_take_array(c, &n));
    if (n == 0) {
        return bm_cbor_fail(c, BM_E_EVENT);
    }
    if (n > BM_EVENTS_MAX) {
        return bm_cbor_fail(c, BM_E_LIMIT);
    }
    events->p = c->p;
    for (; n > 0; n--) {
        struct bm_cbor at = *c;
        struct bm_event event;

        BM_TRY(take_event(c, &event));
        if (event.number <= last) {
            return bm_cbor_fail(&at, BM_E_EVENT);
        }
        last = event.number;
    }
    events->n = (size_t)(c->p - events->p);
    return bm_cbor_end(c);
}

bm_status bm_events_parse(struct bm_bytes body, struct bm_diag *diag,
                          struct bm_bytes *events)
{
    struct bm_cbor c;
    bm_status rc;

    *events = (struct bm_bytes){ NULL, 0 };
    bm_cbor_init(&c, body, diag);
    if (body.n > BM_EVENTS_SIZE_MAX) {
        return bm_cbor_fail(&c, BM_E_LIMIT);
    }
    rc = take_events(&c, events);
    if (rc != BM_OK) {
        *events = (struct bm_bytes){ NULL, 0 };
    }
    return rc;
}

bool bm_event_next(struct bm_bytes *events, struct bm_event *event)
{
    struct bm_cbor c;

    bm_cbor_init(&c, *events, NULL);
    if (events->n == 0 || take_event(&c, event) != BM_OK) {
        return false;
    }
    *events = (struct bm_bytes){ c.p, bm_cbor_left(&c) };
    return true;
}

static void put(const struct bm_event *event, struct bm_wr *w)
{
    bm_cbor_put_map(w, 2u + (event->when != BM_EVENT_NO_TIME) +
                           (event->sha256.n != 0) + (event->code != 0) +
                           (event->text.n != 0) + (event->manifest != 0));
    bm_cbor_put_uint(w, EVENT_NUMBER);
    bm_cbor_put_uint(w, event->number);
    bm_cbor_put_uint(w, EVENT_KIND);
    bm_cbor_put_uint(w, event->kind);
    if (event->when != BM_EVENT_NO_TIME) {
        bm_cbor_put_uint(w, EVENT_WHEN);
        bm_cbor_put_int(w, event->when);
    }
    if (event->sha256.n != 0) {
        bm_cbor_put_uint(w, EVENT_HASH);
        bm_cbor_put_bytes(w, event->sha256);
    }
    if (event->code != 0) {
        bm_cbor_put_uint(w, EVENT_CODE);
        bm_cbor_put_uint(w, event->code);
    }
    if (event->text.n != 0) {
        bm_cbor_put_uint(w, EVENT_TEXT);
        bm_cbor_put_text(w, event->text);
    }
    if (event->manifest != 0) {
        bm_cbor_put_uint(w, EVENT_MANIFEST);
        bm_cbor_put_uint(w, event->manifest);
    }
}

bm_status bm_event_put(const struct bm_event *event, struct bm_wr *w)
{
    size_t start = w->len;
    struct bm_event check;
    struct bm_cbor c;
    bm_status rc = BM_E_BUFFER;

    put(event, w);
    if (w->len <= w->cap) {
        bm_cbor_init(&c, (struct bm_bytes){ w->buf + start, w->len - start },
                     NULL);
        rc = take_event(&c, &check) == BM_OK ? BM_OK : BM_E_ARGUMENT;
    }
    if (rc != BM_OK) {
        w->len = start;
    }
    return rc;
}
