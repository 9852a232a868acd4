/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The publisher: what everybody may know, over plain HTTP. It reads files and
 * asks the status signer; it has no database and no key.
 */
/* O_PATH, clock_gettime */
#define _GNU_SOURCE

#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/link.h"
#include "daemon/publisher_internal.h"
#include "daemon/wire.h"
#include "ports/openssl/openssl.h"
#include "protocols/status/request.h"

/* OCSP answers that are kept: about 14,000 of them. */
#define ANSWERS_OCTETS ((size_t)16 << 20)

/*
 * Answers of one's own and about what was never issued. A signature costs 0.1
 * ms of the status signer with all that belongs to it, so all together may
 * have a tenth of a processor; one address, which may be that of a factory,
 * a twentieth of that.
 */
static const struct budget_config budget = { .address = { 50, 200 },
                                             .all = { 1000, 2000 } };

/* Of a request: the path of a GET with a nonce has less than 500. */
#define HEADERS_MAX ((size_t)16 << 10)

/* Seconds for a request, and between two of one connection. */
#define REQUEST_SECONDS 10
#define IDLE_SECONDS    20

/* One of this many connections at most may be of one address. */
#define ADDRESS_SHARE 4

/* Connections of those who read metrics. */
#define METRICS_CONNECTIONS_MAX 16

/* Room for the responses to 64 CertIDs, with a chain. */
#define RESPONSE_MAX ((size_t)64 << 10)

/* Text of all metrics: a few hundred KB with 64 listeners. */
#define METRICS_TEXT_MAX ((size_t)8 << 20)

/*
 * Seconds without a link to a status signer that lives: the supervisor makes
 * links when processes start, so this one ends, and is started again.
 */
#define LINK_PATIENCE 20

struct publisher {
    struct room *room;
    int dir;
    struct bm_crypto *crypto;
    struct cas *cas;
    struct desk *desk;
    struct link *status;
    int unlinked; /* seconds */
    struct http_server *site;
    struct http_server *metrics;
    struct event *second;
    int stopping; /* servers that have not stopped yet */
};

static uint64_t now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- OCSP */

static void answer_ocsp(void *arg, void *ticket, const struct desk_reply *reply)
{
    struct http_request *r = ticket;
    char control[STATUS_CACHE_CONTROL_SIZE];
    struct http_header headers[5] = {
        { "Cache-Control",
          reply->kind == DESK_OWN ? STATUS_CACHE_OWN : STATUS_CACHE_ERROR },
    };
    struct http_reply http = { .status = 200,
                               .type = "application/ocsp-response",
                               .headers = headers,
                               .body = reply->response };

    (void)arg;
    if (reply->kind == DESK_KEPT) {
        status_cache_control_put(control, reply->age);
        headers[0].value = control;
        headers[1] = (struct http_header){ "ETag", reply->caching->etag };
        headers[2] = (struct http_header){ "Last-Modified",
                                           reply->caching->last_modified };
        headers[3] = (struct http_header){ "Expires", reply->caching->expires };
        /* RFC 9110 13.2.1: a condition of GET and HEAD */
        if (http_method(r) != HTTP_POST &&
            status_etag_matches(http_header(r, "If-None-Match"),
                                reply->caching->etag)) {
            http.status = 304;
            http.type = NULL;
            http.body.n = 0;
        }
    }
    http_answer(r, &http);
}

static bool knows(void *arg, const struct bm_ocsp_certid *id)
{
    const struct publisher *p = arg;

    return cas_knows(p->cas, id);
}

static bm_status ask(void *arg, uint32_t tag, struct bm_bytes request)
{
    struct publisher *p = arg;
    struct link_frame frame = { .verb = WIRE_STATUS,
                                .tag = tag,
                                .body = request };

    return p->status == NULL ? BM_E_NOT_FOUND : link_put(p->status, &frame);
}

static bm_status serve_status(void *room, struct link *link,
                              const struct link_frame *frame)
{
    struct publisher *p = room;
    struct wire_status m;

    (void)link;
    if (frame->status != BM_OK) {
        desk_refused(p->desk, frame->tag, room_now());
        return BM_OK;
    }
    BM_TRY(wire_status_get(frame->body, &m));
    desk_answered(p->desk, frame->tag, m.response, room_now(), now_us());
    return BM_OK;
}

static const struct link_verb verbs[] = {
    { WIRE_STATUS, RESPONSE_MAX, serve_status },
    { 0, 0, NULL },
};

static void status_closed(void *room, struct link *link)
{
    struct publisher *p = room;

    if (p->status == link) {
        p->status = NULL;
        desk_lost(p->desk, room_now());
        room_unlinked(p->room, ROOM_STATUS);
    }
}

static void take_ocsp(struct publisher *p, struct http_request *r,
                      const char *path)
{
    struct desk_client client = { .ticket = r,
                                  .address = http_address(r),
                                  .how = CACHE_GET,
                                  .text = { (const uint8_t *)path,
                                            strlen(path) },
                                  .now = room_now(),
                                  .now_us = now_us() };
    const char *type = http_header(r, "Content-Type");

    if (http_method(r) == HTTP_POST) {
        if (type != NULL && !status_is_request_type(type)) {
            publisher_answer_words(r, 415,
                                   "application/ocsp-request is wanted.\n");
            return;
        }
        client.how = CACHE_POST;
        client.text = http_body(r);
    } else if (path[strspn(path, "/")] == '\0') {
        publisher_answer_words(r, 400,
                               "An OCSP request (RFC 6960 A.1) is wanted.\n");
        return;
    }
    desk_take(p->desk, &client);
}

/* ---- The site */

static void refuse_method(struct http_request *r, const char *allow)
{
    struct http_header headers[] = { { "Allow", allow }, { NULL, NULL } };
    struct http_reply reply = { .status = 405, .headers = headers };

    http_answer(r, &reply);
}

static void answer_ca(struct publisher *p, struct http_request *r,
                      const char *id)
{
    const struct cas_cert *ca = cas_find(p->cas, id);

    if (ca == NULL) {
        publisher_answer_words(r, 404, "There is no such CA.\n");
        return;
    }
    /* RFC 2585 4.1 */
    publisher_answer_octets(
        r, &(struct publisher_octets){ .type = "application/pkix-cert",
                                       .cache_control = "public, max-age=3600",
                                       .etag = ca->etag,
                                       .body = ca->cert.der });
}

static void answer_health(struct publisher *p, struct http_request *r)
{
    char words[HEALTH_WORDS_MAX];
    bool is_well =
        publisher_is_well(p->room->pages, p->room->pages_n, room_now(), words);

    publisher_answer_words(r, is_well ? 200 : 503, words);
}

static void answer_site(struct publisher *p, struct http_request *r,
                        const struct site_path *site)
{
    switch (site->kind) {
    case SITE_CA:
        answer_ca(p, r, site->id);
        return;
    case SITE_CRL:
        if (cas_find(p->cas, site->id) == NULL) {
            publisher_answer_words(r, 404, "There is no such CA.\n");
            return;
        }
        publisher_answer_file(p->dir, site, r);
        return;
    case SITE_BUNDLE:
    case SITE_CHECKPOINT:
    case SITE_TILE:
        publisher_answer_file(p->dir, site, r);
        return;
    case SITE_HEALTH:
        answer_health(p, r);
        return;
    default:
        publisher_answer_words(r, 404, "There is nothing here.\n");
        return;
    }
}

static void on_site(void *arg, struct http_request *r)
{
    struct publisher *p = arg;
    enum http_method method = http_method(r);
    struct site_path site;

    site_path_parse(http_path(r), &site);
    if (site.kind == SITE_OCSP) {
        if ((method & (HTTP_GET | HTTP_HEAD | HTTP_POST)) == 0) {
            refuse_method(r, "GET, HEAD, POST");
            return;
        }
        take_ocsp(p, r, site.rest);
        return;
    }
    if ((method & (HTTP_GET | HTTP_HEAD)) == 0) {
        refuse_method(r, "GET, HEAD");
        return;
    }
    answer_site(p, r, &site);
}

/* ---- Metrics */

static void answer_metrics(struct publisher *p, struct http_request *r)
{
    struct http_reply reply = {
        .status = 200, .type = "text/plain; version=0.0.4; charset=utf-8"
    };
    struct bm_wr w;
    uint8_t *text;
    size_t n = 0;

    bm_wr_init(&w, NULL, 0);
    metrics_put(&w, p->room->pages, p->room->pages_n);
    n = w.len + w.len / 4; /* numbers grow meanwhile */
    text = n > METRICS_TEXT_MAX ? NULL : malloc(n);
    if (text == NULL) {
        publisher_answer_words(r, 503, "There is no memory for it.\n");
        return;
    }
    bm_wr_init(&w, text, n);
    metrics_put(&w, p->room->pages, p->room->pages_n);
    reply.body = bm_wr_bytes(&w);
    http_answer(r, &reply);
    free(text);
}

static void on_metrics(void *arg, struct http_request *r)
{
    struct publisher *p = arg;

    if ((http_method(r) & (HTTP_GET | HTTP_HEAD)) == 0) {
        refuse_method(r, "GET, HEAD");
    } else if (strcmp(http_path(r), "/metrics") == 0) {
        answer_metrics(p, r);
    } else if (strcmp(http_path(r), "/healthz") == 0) {
        answer_health(p, r);
    } else {
        publisher_answer_words(r, 404, "There is nothing here.\n");
    }
}

/* ---- The room */

static bool status_lives(const struct room *room)
{
    for (size_t i = 0; i < room->pages_n; i++) {
        const struct metrics_page *page = room->pages[i];

        if (memcmp(page->room, "status", sizeof "status") == 0 &&
            room_now() - metrics_get(page, METRICS_HEARTBEAT) <= 2) {
            return true;
        }
    }
    return false;
}

/* What is kept is lost then, but nothing new came in either. */
static void miss_link(struct publisher *p)
{
    if (p->status != NULL || p->stopping != 0 || !status_lives(p->room)) {
        p->unlinked = 0;
    } else if (++p->unlinked >= LINK_PATIENCE) {
        log_put(LOG_LEVEL_ERROR, "publisher.unlinked", NULL);
        room_done(p->room);
    }
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
    struct publisher *p = arg;

    (void)fd;
    (void)what;
    miss_link(p);
    desk_tick(p->desk, room_now());
    cas_refresh(p->cas);
}

static bm_status open_servers(struct publisher *p)
{
    unsigned max = (unsigned)p->room->settings.limit_connections;
    struct http_config site = { .room = p->room,
                                .connections_max = max,
                                .per_address_max = max / ADDRESS_SHARE + 1,
                                .headers_max = HEADERS_MAX,
                                .body_max = STATUS_REQUEST_MAX,
                                .handshake = REQUEST_SECONDS,
                                .request = REQUEST_SECONDS,
                                .idle = IDLE_SECONDS,
                                .arg = p,
                                .request_fn = on_site };
    struct http_config metrics = site;

    metrics.connections_max = METRICS_CONNECTIONS_MAX;
    metrics.per_address_max = METRICS_CONNECTIONS_MAX;
    metrics.request_fn = on_metrics;
    BM_TRY(http_new(&site, &p->site));
    return http_new(&metrics, &p->metrics);
}

static bm_status open_desk(struct publisher *p)
{
    struct desk_config config = { .crypto = p->crypto,
                                  .octets = ANSWERS_OCTETS,
                                  .budget = budget,
                                  .metrics = p->room->metrics,
                                  .arg = p,
                                  .knows = knows,
                                  .ask = ask,
                                  .answer = answer_ocsp };

    return desk_new(&config, &p->desk);
}

static bm_status open_all(struct publisher *p, struct ca_refusal *why)
{
    const struct timeval second = { 1, 0 };

    p->dir = open(p->room->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (p->dir < 0) {
        return ca_refuse(why, BM_E_NOT_FOUND, "%s", p->room->dir);
    }
    BM_TRY(bm_openssl_new(&p->crypto));
    if (cas_new(p->dir, p->crypto, p->room->metrics, &p->cas) != BM_OK) {
        return ca_refuse(why, BM_E_NOT_FOUND, "%s/ca", p->room->dir);
    }
    BM_TRY(open_desk(p));
    BM_TRY(open_servers(p));
    p->second = event_new(p->room->base, -1, EV_PERSIST, on_second, p);
    if (p->second == NULL || event_add(p->second, &second) != 0) {
        return BM_E_MEMORY;
    }
    return BM_OK;
}

static bm_status setup(struct room *room, struct ca_refusal *why)
{
    struct publisher *p = calloc(1, sizeof *p);

    if (p == NULL) {
        return BM_E_MEMORY;
    }
    p->room = room;
    p->dir = -1;
    room->self = p; /* teardown() releases what there is */
    return open_all(p, why);
}

static bm_status take_link(struct room *room, enum room_kind to,
                           unsigned instance, int fd)
{
    struct publisher *p = room->self;
    struct link_config config = {
        .base = room->base, .verbs = verbs, .room = p, .closed = status_closed
    };

    (void)instance;
    if (to != ROOM_STATUS) {
        (void)close(fd);
        return BM_E_ARGUMENT;
    }
    if (p->status != NULL) {
        link_free(p->status);
        p->status = NULL;
        desk_lost(p->desk, room_now());
    }
    return link_new(&config, fd, &p->status);
}

static bm_status listen_at(struct room *room, enum room_port port, int fd)
{
    struct publisher *p = room->self;

    return http_listen(port == ROOM_PORT_METRICS ? p->metrics : p->site, fd);
}

static void stopped(void *arg)
{
    struct publisher *p = arg;

    if (--p->stopping == 0) {
        room_done(p->room);
    }
}

static void stop(struct room *room)
{
    struct publisher *p = room->self;

    p->stopping = 2;
    http_stop(p->site, stopped, p);
    http_stop(p->metrics, stopped, p);
}

static void teardown(struct room *room)
{
    struct publisher *p = room->self;

    if (p == NULL) {
        return;
    }
    if (p->second != NULL) {
        event_free(p->second);
    }
    link_free(p->status);
    if (p->desk != NULL) {
        desk_lost(p->desk, room_now());
    }
    http_free(p->site);
    http_free(p->metrics);
    desk_free(p->desk);
    cas_free(p->cas);
    bm_openssl_free(p->crypto);
    if (p->dir >= 0) {
        (void)close(p->dir);
    }
    free(p);
    room->self = NULL;
}

static const unsigned ports[] = { ROOM_PORT_PUBLIC, ROOM_PORT_METRICS,
                                  ROOM_PORT_COUNT };

const struct room_type room_publisher = {
    .name = "publisher",
    .needs = { .accept = true, .read_dirs = { "ca", "crl", "ledger" } },
    .ports = ports,
    .setup = setup,
    .link = take_link,
    .listen = listen_at,
    .stop = stop,
    .teardown = teardown,
};
