/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The status signer: the room that answers OCSP requests, with the keys of
 * the responders and with the store, which it can only read. It opens no file
 * once it serves: what SQLite needs is open by then.
 *
 * Whoever captures it can say "good" of what is revoked, until the
 * responders' certificates have expired. It can issue nothing.
 */
#include <stdlib.h>

#include "daemon/key_watch.h"
#include "daemon/link.h"
#include "daemon/room.h"
#include "daemon/wire.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"
#include "protocols/status/request.h"
#include "server/instance.h"

/* 64 answers of 100 octets and some, with a nonce, signature, certificate. */
#define RESPONSE_MAX ((size_t)32 << 10)

/* Seconds between two lines about failures: strangers cause them. */
#define LOG_PAUSE 10

struct status_room {
    struct room *room;
    int64_t quiet_until;
    struct bm_crypto *crypto;
    struct instance *in;
    struct key_watch *watch;
    struct ca_ocsp_responder responders[INSTANCE_CAS_MAX];
    size_t n;
    struct link *publisher;
    uint8_t response[RESPONSE_MAX];
    uint8_t answer[RESPONSE_MAX + 64];
};

static bm_status serve_status(void *self, struct link *link,
                              const struct link_frame *frame)
{
    struct status_room *s = self;
    struct link_frame out = { .verb = frame->verb, .tag = frame->tag };
    struct ca_ocsp_served served;
    struct wire_status m;
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, s->response, sizeof s->response);
    rc = ca_ocsp_answer(s->in->ca, s->responders, s->n, frame->body, room_now(),
                        &w, &served);
    /* An error is an answer as well (RFC 6960 2.3); why is for the log. */
    if (rc != BM_OK && room_now() >= s->quiet_until) {
        struct ca_refusal why = { rc, "" };

        s->quiet_until = room_now() + LOG_PAUSE;
        log_refusal(LOG_LEVEL_WARNING, "status.failed", &why);
    }
    m = (struct wire_status){ .this_update = served.this_update,
                              .next_update = served.next_update,
                              .response = bm_wr_bytes(&w) };
    metrics_add(s->room->metrics, METRICS_OCSP_SIGNED, served.this_update != 0);
    bm_wr_init(&w, s->answer, sizeof s->answer);
    wire_status_put(&w, &m);
    out.body = bm_wr_bytes(&w);
    return link_put(link, &out);
}

static const struct link_verb verbs[] = {
    { WIRE_STATUS, STATUS_REQUEST_MAX, serve_status },
    { 0, 0, NULL },
};

static void closed(void *self, struct link *link)
{
    struct status_room *s = self;

    if (link == s->publisher) {
        s->publisher = NULL;
    }
}

static void status_teardown(struct room *room)
{
    struct status_room *s = room->self;

    if (s == NULL) {
        return;
    }
    link_free(s->publisher);
    key_watch_free(s->watch);
    instance_close(s->in);
    bm_openssl_free(s->crypto);
    free(s);
    room->self = NULL;
}

/* A CA without a responder is not answered for: unauthorized. */
static bm_status take_responders(struct status_room *s)
{
    BM_TRY(key_watch_new(s->room, &s->watch));
    for (size_t i = 0; i < s->in->cas_n; i++) {
        const struct instance_ca *c = &s->in->cas[i];

        if (c->ocsp_key != NULL) {
            BM_TRY(key_watch_add(s->watch, c->row.id, c->row.ocsp_key_uri,
                                 c->ocsp_key));
            s->responders[s->n++] =
                (struct ca_ocsp_responder){ .ca = c->row.id,
                                            .issuer = &c->cert,
                                            .cert = &c->ocsp_cert,
                                            .signer = c->ocsp_key->signer };
        }
    }
    return key_watch_begin(s->watch);
}

/* SQLite opens the log of writes when it first reads. */
static bm_status touch_store(struct store *store)
{
    struct store_head head;
    bm_status rc;

    BM_TRY(store->begin(store->self, STORE_READ));
    rc = store->head_get(store->self, 0, &head);
    store->rollback(store->self);
    return rc == BM_E_NOT_FOUND ? BM_OK : rc;
}

static bm_status status_setup(struct room *room, struct ca_refusal *why)
{
    struct status_room *s = calloc(1, sizeof *s);
    struct instance_port port = { .maker = bm_openssl_key_maker() };

    if (s == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    room->self = s;
    s->room = room;
    BM_TRY(bm_openssl_new(&s->crypto));
    port.crypto = s->crypto;
    BM_TRY(instance_open(room->dir, INSTANCE_STATUS, &port, room_now(), &s->in,
                         why));
    BM_TRY(touch_store(s->in->store));
    return take_responders(s);
}

static bm_status status_link(struct room *room, enum room_kind to,
                             unsigned instance, int fd)
{
    struct status_room *s = room->self;
    struct link_config config = {
        .base = room->base, .verbs = verbs, .room = s, .closed = closed
    };

    (void)to;
    (void)instance;
    link_free(s->publisher);
    s->publisher = NULL;
    return link_new(&config, fd, &s->publisher);
}

/* A request is answered before the next is read. */
static void status_stop(struct room *room)
{
    room_done(room);
}

/* No path, and no file to write to: the store's are open, for reading. */
const struct room_type room_status = {
    .name = "status",
    .setup = status_setup,
    .link = status_link,
    .stop = status_stop,
    .teardown = status_teardown,
};
