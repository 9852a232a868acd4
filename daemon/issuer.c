/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ca/setup.h"
#include "daemon/issuer_internal.h"
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"
#include "server/blobs.h"
#include "server/uploads.h"

/* Ticks of a hundredth of a second that answers may take to leave at a stop. */
#define STOP_ROUNDS 200

uint64_t issuer_us(void)
{
    struct timespec t = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

bool issuer_is_ready(const struct issuer *is)
{
    return is->signer_gone == 0;
}

void issuer_lose_signer(struct issuer *is)
{
    if (is->signer_gone == 0) {
        is->signer_gone = room_now();
        log_put(LOG_LEVEL_WARNING, "issuer.signer-gone", NULL);
    }
}

bm_status issuer_answer(struct issuer_asker *to, const struct link_frame *asked,
                        struct bm_bytes body)
{
    struct link_frame frame = { .verb = asked->verb,
                                .tag = asked->tag,
                                .body = body };

    return to->link == NULL ? BM_OK : link_put(to->link, &frame);
}

/* ---- Who may ask what */

/* Names, certificates and a token beside the three objects. */
#define ENROL_MAX ((size_t)3 * WIRE_OBJECT_MAX + 4096)
#define ADMIN_MAX ((size_t)2 << 20)

static const struct link_verb device_verbs[] = {
    { WIRE_CATALOGUE, 0, issuer_serve_catalogue },
    { WIRE_BUNDLE, 0, issuer_serve_bundle },
    { WIRE_ENROL, ENROL_MAX, issuer_serve_enrol },
    { WIRE_SEEN, ENROL_MAX, issuer_serve_seen },
    { WIRE_DEVICE, ENROL_MAX, issuer_serve_device },
    { WIRE_ATTEST, ENROL_MAX, issuer_serve_attest },
    { 0, 0, NULL },
};
static const struct link_verb operator_verbs[] = {
    { WIRE_ADMIN, ADMIN_MAX, issuer_serve_admin },
    { 0, 0, NULL },
};
static const struct link_verb keeper_verbs[] = {
    { WIRE_KEEP_ISSUE, WIRE_OBJECT_MAX + 1024, issuer_serve_keep_issue },
    { WIRE_KEEP_INSTALL, WIRE_OBJECT_MAX + 1024, issuer_serve_keep_install },
    { 0, 0, NULL },
};

static const struct link_verb *verbs_of(enum room_kind kind)
{
    switch (kind) {
    case ROOM_DEVICES:
        return device_verbs;
    case ROOM_OPERATORS:
        return operator_verbs;
    case ROOM_KEEPER:
        return keeper_verbs;
    default:
        return NULL;
    }
}

/* ---- Links */

static void drop_asker(struct issuer_asker *a)
{
    issuer_forget(a);
    link_free(a->link);
    free(a);
}

static void free_asker(struct issuer_asker *a)
{
    struct issuer_asker **at = &a->is->askers;

    while (*at != a) {
        at = &(*at)->next;
    }
    *at = a->next;
    drop_asker(a);
}

/* The link frees itself. What it had waiting is asked again over the next. */
static void closed(void *asker, struct link *link)
{
    struct issuer_asker *a = asker;

    (void)link;
    a->link = NULL;
    free_asker(a);
}

static struct issuer_asker *find_asker(struct issuer *is, enum room_kind kind,
                                       unsigned instance)
{
    struct issuer_asker *a = is->askers;

    while (a != NULL && (a->kind != kind || a->instance != instance)) {
        a = a->next;
    }
    return a;
}

static bm_status add_asker(struct issuer *is, enum room_kind kind,
                           unsigned instance, int fd)
{
    struct issuer_asker *a = find_asker(is, kind, instance);
    struct link_config config = { .base = is->room->base,
                                  .verbs = verbs_of(kind),
                                  .closed = closed };

    if (a != NULL) {
        free_asker(a);
    }
    a = calloc(1, sizeof *a);
    if (a == NULL || config.verbs == NULL) {
        free(a);
        return BM_E_MEMORY;
    }
    a->is = is;
    a->kind = kind;
    a->instance = instance;
    config.room = a;
    if (link_new(&config, fd, &a->link) != BM_OK) {
        free(a);
        return BM_E_MEMORY;
    }
    a->next = is->askers;
    is->askers = a;
    return BM_OK;
}

static bm_status see_no_claim(void *arg, const void *ref)
{
    (void)arg;
    (void)ref;
    return BM_OK;
}

/* What the index of claims keeps in memory is read now, and not while the
 * first who asks for a device waits: 60 MB of ten million devices. */
static bm_status read_claims(const struct issuer *is, struct ca_refusal *why)
{
    static const uint8_t nobody[STORE_HASH_SIZE];
    const struct store *s = is->in->store;
    const struct store_visit visit = { NULL, see_no_claim };
    bm_status rc;

    rc = s->begin(s->self, STORE_READ);
    if (rc == BM_OK) {
        rc = s->claim_list(s->self, STORE_CLAIM_DEVICE, nobody, &visit);
        s->rollback(s->self);
    }
    return rc == BM_OK ? BM_OK : ca_refuse_plain(why, rc);
}

/* A signer: from here on nothing is still to be signed that was asked for
 * before, and recovery sees all of it. */
static bm_status take_signer(struct issuer *is, int fd)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc;

    issuer_lose_signer(is);
    rc = remote_signer_link(is->signer, fd);
    if (rc != BM_OK) {
        return BM_OK; /* it has died again, and the next one is on its way */
    }
    rc =
        instance_start(is->in, remote_signer_get(is->signer), room_now(), &why);
    if (rc == BM_OK) {
        rc = ca_note_profiles(is->in->ca, room_now(), &why);
    }
    if (rc == BM_OK) {
        rc = instance_note_shards(is->in, room_now(), &why);
    }
    if (rc == BM_OK) {
        rc = read_claims(is, &why);
    }
    if (rc != BM_OK && !remote_signer_is_there(is->signer)) {
        return BM_OK;
    }
    if (rc != BM_OK && rc != BM_E_CA_RESTORED) {
        log_refusal(LOG_LEVEL_ERROR, "issuer.start", &why);
        return rc;
    }
    is->signer_gone = 0;
    log_put(LOG_LEVEL_NOTICE, "issuer.ready",
            (struct log_field[]){
                log_number("abandoned", (int64_t)ca_abandoned(is->in->ca)),
                { 0 } });
    room_answers(is->room);
    issuer_publish_restart(is);
    issuer_batch_restart(is);
    issuer_courier_changed(is);
    issuer_schedule(is);
    return BM_OK;
}

static bm_status issuer_link(struct room *room, enum room_kind to,
                             unsigned instance, int fd)
{
    struct issuer *is = room->self;

    switch (to) {
    case ROOM_SIGNER:
        return take_signer(is, fd);
    case ROOM_READER:
        return issuer_batch_link(is, fd);
    case ROOM_KEYGEN:
        return issuer_keys_link(is, fd);
    case ROOM_COURIER:
        return issuer_courier_link(is, fd);
    default:
        return add_asker(is, to, instance, fd);
    }
}

/* ---- Time */

static void on_work(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    issuer_work(arg);
}

static bool is_flushed(const struct issuer *is)
{
    for (const struct issuer_asker *a = is->askers; a != NULL; a = a->next) {
        if (a->link != NULL && !link_is_flushed(a->link)) {
            return false;
        }
    }
    return true;
}

/* Stopping: what was accepted is decided, and its answers leave. */
static void tick_stop(struct issuer *is)
{
    struct timeval soon = { 0, 10000 };

    if ((is->waiting == 0 && is_flushed(is)) ||
        ++is->stop_rounds > STOP_ROUNDS) {
        if (issuer_is_ready(is)) {
            issuer_publish_tick(is);
        }
        issuer_courier_stop(is);
        room_done(is->room);
        return;
    }
    (void)event_add(is->tick, &soon);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct issuer *is = arg;
    struct timeval second = { 1, 0 };

    (void)fd;
    (void)what;
    if (is->stopping) {
        tick_stop(is);
        return;
    }
    if (issuer_is_ready(is)) {
        issuer_publish_tick(is);
        issuer_courier_tick(is);
        if (!remote_signer_is_there(is->signer)) {
            issuer_lose_signer(is);
        }
    } else if (room_now() - is->signer_gone > ISSUER_SIGNER_PATIENCE) {
        log_put(LOG_LEVEL_ERROR, "issuer.no-signer", NULL);
        room_done(is->room);
    }
    (void)event_add(is->tick, &second);
}

/* ---- The room */

static void issuer_teardown(struct room *room)
{
    struct issuer *is = room->self;
    struct issuer_asker *next;

    if (is == NULL) {
        return;
    }
    for (struct issuer_asker *a = is->askers; a != NULL; a = next) {
        next = a->next;
        drop_asker(a);
    }
    if (is->work != NULL) {
        event_free(is->work);
    }
    if (is->tick != NULL) {
        event_free(is->tick);
    }
    issuer_batch_wipe(is);
    issuer_courier_wipe(is);
    instance_close(is->in);
    remote_signer_free(is->signer);
    issuer_who_wipe(is);
    issuer_attest_wipe(is);
    issuer_publish_wipe(is);
    bm_openssl_free(is->crypto);
    free(is->catalogue);
    free(is);
    room->self = NULL;
}

static bm_status make_events(struct issuer *is)
{
    struct timeval second = { 1, 0 };

    is->work = event_new(is->room->base, -1, 0, on_work, is);
    is->tick = event_new(is->room->base, -1, 0, on_tick, is);
    return is->work != NULL && is->tick != NULL &&
                   event_add(is->tick, &second) == 0
               ? BM_OK
               : BM_E_MEMORY;
}

static bm_status issuer_setup(struct room *room, struct ca_refusal *why)
{
    struct issuer *is = calloc(1, sizeof *is);
    struct instance_port port = { .maker = bm_openssl_key_maker() };

    if (is == NULL) {
        return ca_refuse_plain(why, BM_E_MEMORY);
    }
    room->self = is;
    is->room = room;
    is->signer_gone = room_now();
    BM_TRY(bm_openssl_new(&is->crypto));
    port.crypto = is->crypto;
    BM_TRY(remote_signer_new(&is->signer));
    BM_TRY(instance_open(room->dir, INSTANCE_ISSUER, &port, room_now(), &is->in,
                         why));
    /* Before the sandbox is entered, and before there is a listener. */
    BM_TRY(blobs_make_dir(room->dir, why));
    blobs_drop_parts(room->dir);
    BM_TRY(uploads_begin(room->dir, room_now(), why));
    BM_TRY(issuer_who_init(is));
    BM_TRY(issuer_attest_init(is, why));
    BM_TRY(issuer_catalogue_make(is, why));
    BM_TRY(make_events(is));
    BM_TRY(issuer_batch_init(is));
    BM_TRY(issuer_courier_init(is));
    return issuer_publish_init(is);
}

static void issuer_stop(struct room *room)
{
    struct issuer *is = room->self;

    is->stopping = true;
    issuer_schedule(is);
    tick_stop(is);
}

const struct room_type room_issuer = {
    .name = "issuer",
    .needs = { .write_files = true,
               .read_dirs = { "journal" },
               .write_dirs = { "crl", "ledger", BLOBS_DIR, UPLOADS_DIR } },
    .alone = true,
    .answers_later = true,
    .setup = issuer_setup,
    .link = issuer_link,
    .stop = issuer_stop,
    .teardown = issuer_teardown,
};
