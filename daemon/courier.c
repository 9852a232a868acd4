/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/courier_internal.h"
#include "ports/openssl/openssl.h"

/* The room; courier_internal.h says what it is for. */

/* ---- Answers */

static void answer(struct courier *c, const struct courier_job *job,
                   const char *words)
{
    uint8_t room[STORE_NAME_MAX + 64];
    struct wire_sent m = { .place = job->event.place,
                           .number = job->event.number,
                           .taken = words == NULL };
    struct link_frame frame = { .verb = job->asked.verb,
                                .tag = job->asked.tag };
    struct bm_wr w;

    if (words != NULL) {
        m.words = (struct bm_bytes){ (const uint8_t *)words,
                                     strnlen(words, STORE_NAME_MAX - 1) };
    }
    bm_wr_init(&w, room, sizeof room);
    wire_sent_put(&w, &m);
    frame.body = bm_wr_bytes(&w);
    /* Without the answer an event would be under way for ever. */
    if (c->issuer != NULL && link_put(c->issuer, &frame) != BM_OK) {
        room_done(c->room);
    }
}

static void unlink_job(struct courier_job *job)
{
    struct courier_job **at = &job->place->jobs;

    while (*at != NULL && *at != job) {
        at = &(*at)->next;
    }
    if (*at == job) {
        *at = job->next;
    }
}

void courier_done(struct courier_job *job, const char *words)
{
    struct courier *c = job->place->courier;

    metrics_add(c->room->metrics,
                words == NULL ? METRICS_DELIVERED : METRICS_UNDELIVERED, 1);
    answer(c, job, words);
    unlink_job(job);
    free(job);
}

/* ---- Destinations */

static struct courier_place *find(struct courier *c, uint64_t id)
{
    struct courier_place *p = c->places;

    while (p != NULL && p->id != id) {
        p = p->next;
    }
    return p;
}

static void close_place(struct courier_place *p)
{
    struct courier_job *next;

    for (struct courier_job *job = p->jobs; job != NULL; job = next) {
        next = job->next;
        if (p->kind == STORE_DESTINATION_WEBHOOK) {
            courier_http_cancel(job);
        } else {
            free(job);
        }
    }
    courier_http_close(p);
    courier_syslog_close(p);
    X509_STORE_free(p->anchors);
    bm_wipe(p->secret, sizeof p->secret);
    free(p);
}

static void drop_place(struct courier *c, struct courier_place *p)
{
    struct courier_place **at = &c->places;

    while (*at != p) {
        at = &(*at)->next;
    }
    *at = p->next;
    close_place(p);
}

static void drop_all(struct courier *c)
{
    while (c->places != NULL) {
        drop_place(c, c->places);
    }
}

static bm_status fill_place(struct courier_place *p, const struct wire_place *m)
{
    enum ca_url_scheme scheme =
        m->kind == STORE_DESTINATION_WEBHOOK ? CA_URL_HTTPS : CA_URL_SYSLOG;

    p->id = m->id;
    BM_TRY(ca_url_parse(m->url, &p->url));
    if (p->url.scheme != scheme || m->url.n >= sizeof p->text) {
        return BM_E_ARGUMENT;
    }
    p->kind = (enum store_destination_kind)m->kind;
    p->identity = m->identity != 0;
    memcpy(p->text, m->url.p, m->url.n);
    memcpy(p->secret, m->secret.p, sizeof p->secret);
    BM_TRY(courier_tls_anchors(p->courier, m->anchors, &p->anchors));
    return scheme == CA_URL_HTTPS ? courier_http_open(p)
                                  : courier_syslog_open(p);
}

static bm_status serve_place(void *self, struct link *link,
                             const struct link_frame *frame)
{
    struct courier *c = self;
    struct courier_place *p;
    struct wire_place m;
    bm_status rc;

    (void)link;
    BM_TRY(wire_place_get(frame->body, &m));
    if (find(c, m.id) != NULL) {
        return BM_E_ARGUMENT;
    }
    p = calloc(1, sizeof *p);
    if (p == NULL) {
        return BM_E_MEMORY;
    }
    p->courier = c;
    rc = fill_place(p, &m);
    if (rc == BM_E_MEMORY) {
        close_place(p);
        return rc;
    }
    /* Whoever made it may have meant harm: it is nobody else's trouble. */
    p->broken = rc != BM_OK;
    p->next = c->places;
    c->places = p;
    return BM_OK;
}

static bm_status serve_forget(void *self, struct link *link,
                              const struct link_frame *frame)
{
    struct courier *c = self;
    struct courier_place *p;
    uint64_t id = 0;

    (void)link;
    if (frame->body.n != 8) {
        return BM_E_ARGUMENT;
    }
    for (size_t i = 0; i < 8; i++) {
        id = id << 8 | frame->body.p[i];
    }
    p = find(c, id);
    if (p != NULL) {
        drop_place(c, p);
    }
    return BM_OK;
}

/* ---- Events */

static bm_status serve_event(void *self, struct link *link,
                             const struct link_frame *frame)
{
    struct courier *c = self;
    struct courier_job **end;
    struct courier_job *job = calloc(1, sizeof *job + frame->body.n);
    bm_status rc = BM_E_MEMORY;

    (void)link;
    if (job != NULL) {
        job->n = frame->body.n;
        memcpy(job->octets, frame->body.p, frame->body.n);
        rc = wire_event_get((struct bm_bytes){ job->octets, job->n },
                            &job->event);
    }
    if (rc == BM_OK) {
        job->place = find(c, job->event.place);
        rc = job->place == NULL ? BM_E_ARGUMENT : BM_OK;
    }
    if (rc != BM_OK) {
        free(job);
        return rc;
    }
    job->asked = (struct link_frame){ .verb = frame->verb, .tag = frame->tag };
    for (end = &job->place->jobs; *end != NULL; end = &(*end)->next) {
    }
    *end = job;
    if (job->place->broken) {
        courier_done(job, "its anchors cannot be read");
    } else if (job->place->kind == STORE_DESTINATION_WEBHOOK) {
        courier_http_send(job);
    } else {
        courier_syslog_send(job->place);
    }
    return BM_OK;
}

#define PLACE_MAX (STORE_CHAIN_MAX + STORE_URL_MAX + 256)
#define EVENT_MAX (4 * STORE_NAME_MAX + 256)

static const struct link_verb verbs[] = {
    { WIRE_COURIER_PLACE, PLACE_MAX, serve_place },
    { WIRE_COURIER_FORGET, 8, serve_forget },
    { WIRE_COURIER_EVENT, EVENT_MAX, serve_event },
    { 0, 0, NULL },
};

/* ---- The room */

/* The issuer takes all that was under way for not sent. */
static void closed(void *self, struct link *link)
{
    struct courier *c = self;

    if (c->issuer == link) {
        c->issuer = NULL;
        drop_all(c);
    }
}

static bm_status courier_link(struct room *room, enum room_kind to,
                              unsigned instance, int fd)
{
    struct courier *c = room->self;
    const struct link_config config = {
        .base = room->base, .verbs = verbs, .room = c, .closed = closed
    };

    (void)to;
    (void)instance;
    link_free(c->issuer);
    c->issuer = NULL;
    drop_all(c);
    return link_new(&config, fd, &c->issuer);
}

/* Of "http://HOST[:PORT]", which the settings have checked. */
static void name_host(struct courier *c)
{
    const char *host = c->room->settings.public_url + strlen("http://");
    size_t n = host[0] == '[' ? strcspn(++host, "]") : strcspn(host, ":");

    n = n < sizeof c->host ? n : sizeof c->host - 1;
    memcpy(c->host, host, n);
}

static bm_status courier_setup(struct room *room, struct ca_refusal *why)
{
    struct courier *c = calloc(1, sizeof *c);

    if (c == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    room->self = c;
    c->room = room;
    name_host(c);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    BM_TRY(bm_openssl_new(&c->crypto));
    BM_TRY(courier_tls_init(c, why));
    return courier_resolve_init(c);
}

/* What is under way is sent again by the next. */
static void courier_stop(struct room *room)
{
    room_done(room);
}

static void courier_teardown(struct room *room)
{
    struct courier *c = room->self;

    if (c == NULL) {
        return;
    }
    link_free(c->issuer);
    c->issuer = NULL;
    drop_all(c);
    courier_resolve_wipe(c);
    courier_tls_wipe(c);
    bm_openssl_free(c->crypto);
    curl_global_cleanup();
    free(c);
    room->self = NULL;
}

const struct room_type room_courier = {
    .name = "courier",
    .needs = { .connect = true },
    .alone = true,
    .setup = courier_setup,
    .link = courier_link,
    .stop = courier_stop,
    .teardown = courier_teardown,
};
