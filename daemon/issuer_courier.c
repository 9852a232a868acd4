/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/event.h>
#include <string.h>

#include "daemon/issuer_internal.h"

/*
 * Events go out (ca/outbox.h): the issuer, who has the store, hands them to
 * the courier, who has the network, and writes down what became of them. What
 * comes back in the same twentieth of a second is written together.
 */

#define WRITE_US 50000

static void schedule(struct issuer_courier *c, long us)
{
    struct timeval wait = { 0, us };

    if (event_pending(c->work, EV_TIMEOUT, NULL) == 0) {
        (void)event_add(c->work, &wait);
    }
}

static bool ask(struct issuer_courier *c, uint16_t verb, uint32_t tag,
                const struct bm_wr *w)
{
    const struct link_frame frame = { .verb = verb,
                                      .tag = tag,
                                      .body = bm_wr_bytes(w) };

    return w->len <= w->cap && link_put(c->link, &frame) == BM_OK;
}

/* ---- Destinations that it knows */

static bool knows(const struct issuer_courier *c, uint64_t id)
{
    for (size_t i = 0; i < c->told_n; i++) {
        if (c->told[i] == id) {
            return true;
        }
    }
    return false;
}

static bool tell_place(struct issuer_courier *c,
                       const struct store_destination *row)
{
    uint8_t room[STORE_CHAIN_MAX + STORE_URL_MAX + 256];
    struct wire_place m = {
        .id = row->id,
        .kind = (uint16_t)row->kind,
        .identity = row->identity,
        .url = { (const uint8_t *)row->url, strlen(row->url) },
        .secret = { row->secret, STORE_SECRET_MAX },
        .anchors = row->anchors,
    };
    struct bm_wr w;
    bool told;

    if (knows(c, row->id)) {
        return true;
    }
    bm_wr_init(&w, room, sizeof room);
    wire_place_put(&w, &m);
    told = c->told_n < CA_DESTINATIONS_MAX && ask(c, WIRE_COURIER_PLACE, 0, &w);
    bm_wipe(room, sizeof room);
    if (told) {
        c->told[c->told_n++] = row->id;
    }
    return told;
}

/* Those that are no more. What was on its way there has no answer. */
static void tell_gone(struct issuer_courier *c)
{
    size_t kept = 0;

    for (size_t i = 0; i < c->told_n; i++) {
        uint8_t id[8];
        struct bm_wr w;

        if (outbox_has(c->outbox, c->told[i])) {
            c->told[kept++] = c->told[i];
            continue;
        }
        bm_wr_init(&w, id, sizeof id);
        for (unsigned shift = 64; shift != 0; shift -= 8) {
            bm_wr_u8(&w, (uint8_t)(c->told[i] >> (shift - 8)));
        }
        (void)ask(c, WIRE_COURIER_FORGET, 0, &w);
    }
    c->told_n = kept;
    c->under_way = outbox_under_way(c->outbox);
}

/* ---- Events */

static bool send_event(struct issuer_courier *c, const struct outbox_item *item)
{
    uint8_t room[4 * STORE_NAME_MAX + 512];
    const struct store_event *e = &item->event;
    const struct wire_event m = {
        .place = item->destination->id,
        .number = e->id,
        .at = e->at,
        .organisation = e->organisation,
        .tries = item->tries,
        .claimed = e->claimed,
        .id = { (const uint8_t *)item->id, strlen(item->id) },
        .kind = { (const uint8_t *)e->kind, strlen(e->kind) },
        .owner = { (const uint8_t *)item->organisation,
                   strlen(item->organisation) },
        .device = { (const uint8_t *)item->device, strlen(item->device) },
        .text = { (const uint8_t *)e->text, strlen(e->text) },
    };
    struct bm_wr w;

    bm_wr_init(&w, room, sizeof room);
    wire_event_put(&w, &m);
    return tell_place(c, item->destination) &&
           ask(c, WIRE_COURIER_EVENT, ++c->tag, &w);
}

/* A link that takes no more is made anew; nothing was lost. */
static void lose(struct issuer *is)
{
    struct issuer_courier *c = &is->courier;

    link_free(c->link);
    c->link = NULL;
    c->full = false;
    c->told_n = 0;
    c->under_way = 0;
    outbox_lost(c->outbox);
    room_unlinked(is->room, ROOM_COURIER);
}

static void send_all(struct issuer *is)
{
    struct issuer_courier *c = &is->courier;
    struct outbox_item item;
    bm_status rc = BM_OK;

    while (rc == BM_OK && c->link != NULL && !c->full &&
           c->under_way < OUTBOX_UNDER_WAY_MAX) {
        rc = outbox_next(c->outbox, room_now(), &item);
        if (rc == BM_OK) {
            c->under_way++;
            c->full = !send_event(c, &item);
        }
    }
    if (c->full) {
        schedule(c, 0); /* where no frame of the link is being served */
    }
    if (rc != BM_OK && rc != BM_E_END) {
        log_put(
            LOG_LEVEL_ERROR, "courier.next",
            (struct log_field[]){ log_text("why", bm_status_text(rc)), { 0 } });
    }
    if (outbox_is_dirty(c->outbox)) {
        schedule(c, WRITE_US);
    }
}

/* Not before it is known what operators changed: it would be undone. */
static bool write_results(struct issuer *is)
{
    bm_status rc;

    if (is->courier.unread) {
        issuer_courier_changed(is);
    }
    if (is->courier.unread) {
        return false;
    }
    rc = outbox_commit(is->courier.outbox, room_now());
    if (rc != BM_OK) { /* a second later again */
        log_put(
            LOG_LEVEL_ERROR, "courier.write",
            (struct log_field[]){ log_text("why", bm_status_text(rc)), { 0 } });
    }
    return rc == BM_OK;
}

static void on_work(evutil_socket_t fd, short what, void *arg)
{
    struct issuer *is = arg;

    (void)fd;
    (void)what;
    if (is->courier.full) {
        lose(is);
    }
    if (issuer_is_ready(is) && !is->stopping && write_results(is)) {
        send_all(is);
    }
}

static bm_status serve_sent(void *self, struct link *link,
                            const struct link_frame *frame)
{
    struct issuer *is = self;
    struct issuer_courier *c = &is->courier;
    char words[STORE_NAME_MAX];
    struct outbox_result result = { .words = words };
    struct wire_sent m;

    (void)link;
    BM_TRY(wire_sent_get(frame->body, &m));
    /* Words of the courier, who may be anybody's by now. */
    for (size_t i = 0; i < m.words.n; i++) {
        uint8_t octet = m.words.p[i];

        words[i] = (char)(octet >= ' ' && octet < 0x7f ? octet : '?');
    }
    words[m.words.n] = '\0';
    result.destination = m.place;
    result.event = m.number;
    result.taken = m.taken != 0;
    if (outbox_result(c->outbox, &result, room_now()) && c->under_way > 0) {
        c->under_way--;
    }
    if (issuer_is_ready(is) && !is->stopping) {
        send_all(is); /* the next one of its device, perhaps */
    }
    return BM_OK;
}

#define SENT_MAX (STORE_NAME_MAX + 64)

static const struct link_verb verbs[] = {
    { WIRE_COURIER_EVENT, SENT_MAX, serve_sent },
    { 0, 0, NULL },
};

/* ---- The link */

static void closed(void *self, struct link *link)
{
    struct issuer *is = self;

    (void)link;
    is->courier.link = NULL; /* which frees itself */
    lose(is);
}

bm_status issuer_courier_link(struct issuer *is, int fd)
{
    struct issuer_courier *c = &is->courier;
    const struct link_config config = {
        .base = is->room->base, .verbs = verbs, .room = is, .closed = closed
    };

    link_free(c->link);
    c->link = NULL;
    c->full = false;
    c->told_n = 0;
    c->under_way = 0;
    outbox_lost(c->outbox);
    if (link_new(&config, fd, &c->link) != BM_OK) {
        return BM_E_MEMORY;
    }
    schedule(c, 0);
    return BM_OK;
}

/* ---- From outside */

void issuer_courier_changed(struct issuer *is)
{
    bm_status rc = outbox_read(is->courier.outbox);

    is->courier.unread = rc != BM_OK;
    if (rc != BM_OK) {
        log_put(
            LOG_LEVEL_ERROR, "courier.read",
            (struct log_field[]){ log_text("why", bm_status_text(rc)), { 0 } });
    }
    tell_gone(&is->courier);
    schedule(&is->courier, 0);
}

/* When it gets worse, or well again; which ones, `destination list` says. */
static void tell_failing(struct issuer *is, const struct outbox_sum *sum)
{
    struct issuer_courier *c = &is->courier;

    if (sum->failing != c->failing) {
        log_put(sum->failing > c->failing ? LOG_LEVEL_WARNING
                                          : LOG_LEVEL_NOTICE,
                "courier.failing",
                (struct log_field[]){ log_number("destinations", sum->failing),
                                      log_number("dead", sum->dead),
                                      { 0 } });
    }
    c->failing = sum->failing;
}

static void note(struct issuer *is)
{
    struct metrics_page *page = is->room->metrics;
    struct outbox_sum sum;

    if (outbox_sum(is->courier.outbox, &sum) != BM_OK) {
        return;
    }
    tell_failing(is, &sum);
    metrics_set(page, METRICS_DESTINATIONS, sum.enabled);
    metrics_set(page, METRICS_FAILING, sum.failing);
    metrics_set(page, METRICS_PUT_ASIDE, sum.waiting);
    metrics_set(page, METRICS_DEAD, sum.dead);
    metrics_set(page, METRICS_LOST, (int64_t)sum.lost);
    metrics_set(page, METRICS_BEHIND, (int64_t)sum.behind);
}

void issuer_courier_tick(struct issuer *is)
{
    if (write_results(is)) {
        send_all(is);
    }
    note(is);
}

void issuer_courier_stop(struct issuer *is)
{
    if (issuer_is_ready(is)) {
        (void)write_results(is);
    }
}

bm_status issuer_courier_init(struct issuer *is)
{
    const struct settings *s = &is->room->settings;
    const struct outbox_config config = {
        .store = is->in->store,
        .crypto = is->crypto,
        .retry_first = (uint32_t)s->courier_retry_first,
        .retry_last = (uint32_t)s->courier_retry_last,
    };

    is->courier.work = event_new(is->room->base, -1, 0, on_work, is);
    BM_TRY(outbox_new(&config, &is->courier.outbox));
    return is->courier.work == NULL ? BM_E_MEMORY : BM_OK;
}

void issuer_courier_wipe(struct issuer *is)
{
    link_free(is->courier.link);
    outbox_free(is->courier.outbox);
    if (is->courier.work != NULL) {
        event_free(is->courier.work);
    }
}
