/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/devices_internal.h"
#include "ports/openssl/openssl.h"

/*
 * Requests that wait for the issuer. Each keeps its message until the answer
 * is there: when the issuer was gone meanwhile, all are sent again. That is
 * safe, for the issuer gives the same certificate to the same identity with
 * the same key. The number of them is bounded, and so is their time.
 */

struct devices_waiting *devices_waiting_new(struct http_request *request,
                                            size_t room)
{
    struct devices_waiting *w = calloc(1, sizeof *w);

    if (w != NULL) {
        w->request = request;
        w->message = malloc(room);
        w->message_n = room;
    }
    if (w != NULL && w->message == NULL) {
        free(w);
        w = NULL;
    }
    return w;
}

void devices_waiting_free(struct devices_waiting *w)
{
    if (w == NULL) {
        return;
    }
    bm_wipe(w->message, w->message_n);
    free(w->message);
    bm_openssl_signer_free(w->made);
    free(w);
}

bool devices_is_full(const struct devices *d)
{
    return d->waiting == d->slots_n;
}

static struct devices_waiting **slot(struct devices *d, uint32_t tag)
{
    return &d->slots[tag % d->slots_n];
}

/* A tag whose slot is free; 0 is for what is not asked. There is one: the
 * queue is not full. */
static uint32_t take_tag(struct devices *d)
{
    do {
        d->next_tag++;
    } while (d->next_tag == 0 || *slot(d, d->next_tag) != NULL);
    return d->next_tag;
}

static void send_one(struct devices *d, struct devices_waiting *w)
{
    struct link_frame frame = { .verb = w->verb,
                                .tag = w->tag,
                                .body = { w->message, w->message_n } };

    w->sent = d->issuer != NULL && link_put(d->issuer, &frame) == BM_OK;
}

/* What could not be sent, in its order; stops where the link is full. */
static void send_rest(struct devices *d)
{
    struct devices_waiting *w;

    if (d->issuer == NULL) {
        return;
    }
    for (w = TAILQ_FIRST(&d->queue); w != NULL; w = TAILQ_NEXT(w, entry)) {
        if (!w->sent) {
            send_one(d, w);
            if (!w->sent) {
                return;
            }
        }
    }
}

static void finish(struct devices *d, struct devices_waiting *w,
                   const struct wire_enrolled *answer)
{
    TAILQ_REMOVE(&d->queue, w, entry);
    *slot(d, w->tag) = NULL;
    d->waiting--;
    metrics_set(d->room->metrics, METRICS_QUEUE, (int64_t)d->waiting);
    w->done(w, answer);
    devices_waiting_free(w);
}

void devices_ask(struct devices *d, struct devices_waiting *w)
{
    struct ca_refusal why = { BM_E_EST_LATER, "too many requests wait" };

    if (devices_is_full(d)) {
        devices_say_later(w->request, 503, DEVICES_RETRY, &why);
        devices_waiting_free(w);
        return;
    }
    w->devices = d;
    w->tag = take_tag(d);
    w->until = room_now() + DEVICES_PATIENCE;
    *slot(d, w->tag) = w;
    TAILQ_INSERT_TAIL(&d->queue, w, entry);
    d->waiting++;
    metrics_set(d->room->metrics, METRICS_QUEUE, (int64_t)d->waiting);
    send_one(d, w);
}

void devices_tick(struct devices *d, int64_t now)
{
    struct devices_waiting *next;
    struct devices_waiting *w;

    for (w = TAILQ_FIRST(&d->queue); w != NULL && w->until <= now; w = next) {
        next = TAILQ_NEXT(w, entry);
        finish(d, w, NULL);
    }
    send_rest(d);
    if (now >= d->held_until && devices_listen_held(d) != BM_OK) {
        log_refusal(LOG_LEVEL_ERROR, "devices.listen",
                    &(struct ca_refusal){ BM_E_MEMORY, "" });
    }
}

/* ---- The link */

static bm_status on_answer(void *room, struct link *link,
                           const struct link_frame *frame)
{
    struct devices *d = room;
    struct devices_waiting *w = *slot(d, frame->tag);
    struct wire_enrolled answer;

    (void)link;
    if (w == NULL || w->tag != frame->tag) {
        return BM_OK; /* it took too long, and the client knows */
    }
    if (w->verb != frame->verb) {
        return BM_E_ARGUMENT;
    }
    if (frame->status != BM_OK) {
        finish(d, w, NULL);
        return BM_OK;
    }
    BM_TRY(wire_enrolled_get(frame->body, &answer));
    finish(d, w, &answer);
    return BM_OK;
}

static bm_status on_catalogue(void *room, struct link *link,
                              const struct link_frame *frame)
{
    struct devices *d = room;
    bm_status rc;

    (void)link;
    if (frame->status != BM_OK) {
        return BM_OK; /* not ready: it comes unasked later */
    }
    rc = devices_catalogue_set(&d->catalogue, frame->body);
    if (rc == BM_OK) {
        rc = devices_listen_held(d);
    } else {
        log_refusal(LOG_LEVEL_ERROR, "devices.catalogue",
                    &(struct ca_refusal){ rc, "" });
    }
    return rc == BM_E_MEMORY ? BM_OK : rc;
}

static bm_status on_bundle(void *room, struct link *link,
                           const struct link_frame *frame)
{
    struct devices *d = room;
    bm_status rc;

    (void)link;
    if (frame->status != BM_OK) {
        return BM_OK;
    }
    rc = devices_bundle_set(&d->bundles, frame->body);
    return rc == BM_E_MEMORY ? BM_OK : rc;
}

/* Nothing that was sent will be answered. */
static void forget_link(struct devices *d)
{
    struct devices_waiting *w;

    d->issuer = NULL;
    for (w = TAILQ_FIRST(&d->queue); w != NULL; w = TAILQ_NEXT(w, entry)) {
        w->sent = false;
    }
}

static void on_closed(void *room, struct link *link)
{
    struct devices *d = room;

    if (d->issuer == link) {
        forget_link(d);
        room_unlinked(d->room, ROOM_ISSUER);
    }
}

bm_status devices_link(struct devices *d, int fd)
{
    static const struct link_verb verbs[] = {
        { WIRE_CATALOGUE, LINK_FRAME_MAX, on_catalogue },
        { WIRE_BUNDLE, LINK_FRAME_MAX, on_bundle },
        { WIRE_ENROL, LINK_FRAME_MAX, on_answer },
        { WIRE_SEEN, LINK_FRAME_MAX, on_answer },
        { WIRE_DEVICE, LINK_FRAME_MAX, on_answer },
        { WIRE_ATTEST, LINK_FRAME_MAX, on_answer },
        { 0, 0, NULL },
    };
    struct link_config config = {
        .base = d->room->base,
        .verbs = verbs,
        .room = d,
        .closed = on_closed,
    };
    struct link_frame hello = { .verb = WIRE_CATALOGUE };
    struct link_frame bundle = { .verb = WIRE_BUNDLE };
    struct link *old = d->issuer;

    if (old != NULL) {
        forget_link(d);
        link_free(old);
    }
    BM_TRY(link_new(&config, fd, &d->issuer));
    BM_TRY(link_put(d->issuer, &hello));
    BM_TRY(link_put(d->issuer, &bundle));
    send_rest(d);
    return BM_OK;
}
