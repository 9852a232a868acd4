/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "ca/transfer.h"
#include "daemon/issuer_internal.h"
#include "intake/intake.h"
#include "intake/row.h"
#include "server/batches.h"
#include "server/uploads.h"

/*
 * Batches: one step at a time, between which everybody else is served. Files
 * are read by another room, piece by piece, while the piece before is looked
 * at.
 */

/* Seconds until somebody looks whether one that failed may be tried again, and
 * whether a batch has lapsed. */
#define RETRY 1
#define LOOK  30

/* Offers of devices that lapse at a time: the next look finds the others. */
#define LAPSES 4

/* Octets of an answer of the reader: more than a chunk of it. */
#define ROWS_MAX ((size_t)1 << 20)

static void schedule(struct issuer *is, int64_t seconds)
{
    struct timeval wait = { seconds, 0 };

    if (seconds == 0) {
        (void)event_del(is->batch.work);
        event_active(is->batch.work, EV_TIMEOUT, 0);
    } else {
        (void)event_add(is->batch.work, &wait);
    }
}

/* It has its turn again later; others have theirs. */
static void put_off(struct issuer *is, const struct store_batch *batch)
{
    ca_batch_failed(&is->batch.turns, batch->id, room_now());
    schedule(is, 0);
}

void issuer_batch_changed(struct issuer *is)
{
    if (!is->stopping) {
        schedule(is, 0);
    }
}

/* ---- Reading */

static void stop_reading(struct issuer *is)
{
    ca_batch_check_free(is->batch.check);
    is->batch.check = NULL;
    issuer_keys_forget(is);
    is->batch.tag++; /* answers that are on their way are nobody's */
}

void issuer_batch_restart(struct issuer *is)
{
    stop_reading(is);
    issuer_batch_changed(is);
}

void issuer_batch_give_up(struct issuer *is)
{
    stop_reading(is);
    put_off(is, &is->batch.reading);
}

static bool ask(struct issuer *is, uint16_t verb, struct bm_bytes body)
{
    const struct link_frame frame = { .verb = verb,
                                      .tag = is->batch.tag,
                                      .body = body };

    return is->batch.reader != NULL &&
           link_put(is->batch.reader, &frame) == BM_OK;
}

static void begin_reading(struct issuer *is, const struct store_batch *batch)
{
    struct ca_refusal why = { BM_OK, "" };
    char name[1 + UPLOADS_NAME_MAX];
    bool keys = ca_batch_keys(batch) != BM_KEY_UNKNOWN;
    bm_status rc;

    stop_reading(is);
    name[0] = (char)(keys ? INTAKE_DEVICES : INTAKE_REQUESTS);
    uploads_name(batch->upload, batch->organisation, name + 1);
    rc = ca_batch_check_new(is->in->ca, batch, room_now(), &is->batch.check,
                            &why);
    if (rc != BM_OK) {
        log_refusal(LOG_LEVEL_ERROR, "batch.read", &why);
        put_off(is, batch);
        return;
    }
    is->batch.reading = *batch;
    if ((keys && issuer_keys_begin(is) != BM_OK) ||
        !ask(
            is, WIRE_READ_OPEN,
            (struct bm_bytes){ (const uint8_t *)name, 1 + strlen(name + 1) })) {
        issuer_batch_give_up(is);
        return;
    }
    schedule(is, 0); /* others go on meanwhile */
}

static void drop_file(struct issuer *is, const struct store_batch *batch)
{
    bool wanted;

    if (ca_batch_wants(is->in->ca, batch, &wanted) == BM_OK && !wanted) {
        uploads_drop(is->in->dir, batch->organisation, batch->upload);
    }
}

/* There are no more rows, or `failed` says why there cannot be. */
static void end_reading(struct issuer *is, const struct ca_refusal *failed)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc =
        ca_batch_check_end(is->batch.check, failed, room_now(), &why);

    stop_reading(is);
    if (rc == BM_OK || rc == BM_E_CA_BATCH) {
        drop_file(is, &is->batch.reading);
        schedule(is, 0);
        return;
    }
    log_refusal(LOG_LEVEL_ERROR, "batch.read", &why);
    put_off(is, &is->batch.reading);
}

void issuer_batch_refuse(struct issuer *is, bm_status rc, const char *words)
{
    struct ca_refusal why = { BM_OK, "" };

    why.status = ca_refuse(&why, rc, "%s", words);
    end_reading(is, &why);
}

void issuer_batch_take(struct issuer *is, struct bm_bytes rows,
                       struct bm_bytes keys)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc;

    /* The next ones, while these are looked at. */
    if (!ask(is, WIRE_READ_MORE, (struct bm_bytes){ NULL, 0 })) {
        issuer_batch_give_up(is);
        return;
    }
    rc = batches_take(is->batch.check, rows, keys, room_now(), &why);
    if (rc == BM_E_CA_ORDER || rc == BM_E_CA_FORBIDDEN) {
        end_reading(is, &why);
    } else if (rc == BM_E_CA_BATCH) { /* it was stopped meanwhile */
        stop_reading(is);
        schedule(is, 0);
    } else if (rc != BM_OK) {
        log_refusal(LOG_LEVEL_ERROR, "batch.read", &why);
        issuer_batch_give_up(is);
    }
}

static void take_rows(struct issuer *is, struct bm_bytes rows)
{
    if (ca_batch_keys(&is->batch.reading) != BM_KEY_UNKNOWN) {
        issuer_keys_ask(is, rows);
    } else {
        issuer_batch_take(is, rows, (struct bm_bytes){ NULL, 0 });
    }
}

/* What the reader says of a file is a stranger's word. */
static void take_refusal(struct issuer *is, const struct link_frame *frame)
{
    struct ca_refusal why = { BM_OK, "" };
    struct bm_bytes words = frame->body;
    bm_status rc;

    if (words.n >= sizeof why.words || !intake_is_text(words)) {
        words.n = 0;
    }
    rc = ca_refuse(&why, BM_E_CA_ORDER, "%.*s", (int)words.n,
                   words.n == 0 ? "" : (const char *)words.p);
    why.status = rc;
    end_reading(is, &why);
}

static bm_status serve_read(void *self, struct link *link,
                            const struct link_frame *frame)
{
    struct issuer *is = self;

    (void)link;
    if (is->batch.check == NULL || frame->tag != is->batch.tag) {
        return BM_OK;
    }
    if (!issuer_is_ready(is) || is->stopping) {
        stop_reading(is);
    } else if (frame->status == BM_E_END) {
        end_reading(is, NULL);
    } else if (frame->status != BM_OK) {
        take_refusal(is, frame);
    } else if (frame->verb == WIRE_READ_MORE) {
        take_rows(is, frame->body);
    } else if (!ask(is, WIRE_READ_MORE, (struct bm_bytes){ NULL, 0 })) {
        issuer_batch_give_up(is);
    }
    return BM_OK;
}

static const struct link_verb reader_verbs[] = {
    { WIRE_READ_OPEN, CA_REFUSAL_WORDS_MAX, serve_read },
    { WIRE_READ_MORE, ROWS_MAX, serve_read },
    { 0, 0, NULL },
};

/* A file that ends the reader ends it each time; so it is not read again and
 * again. */
static void closed(void *self, struct link *link)
{
    const struct ca_refusal failed = { BM_E_CA_ORDER,
                                       "the process that reads it has ended" };
    struct issuer *is = self;

    (void)link;
    is->batch.reader = NULL;
    if (is->batch.check != NULL && issuer_is_ready(is) && !is->stopping) {
        end_reading(is, &failed);
    } else {
        stop_reading(is);
    }
    room_unlinked(is->room, ROOM_READER);
}

bm_status issuer_batch_link(struct issuer *is, int fd)
{
    const struct link_config config = { .base = is->room->base,
                                        .verbs = reader_verbs,
                                        .room = is,
                                        .closed = closed };

    stop_reading(is);
    link_free(is->batch.reader);
    is->batch.reader = NULL;
    if (link_new(&config, fd, &is->batch.reader) != BM_OK) {
        return BM_E_MEMORY;
    }
    issuer_batch_changed(is);
    return BM_OK;
}

/* ---- Steps */

/* What came of a step that began with `before`. */
static void count(struct issuer *is, const struct store_batch *before)
{
    const struct store *store = is->in->store;
    const struct store_scope all = { 0, 0 };
    char label[METRICS_LABEL_MAX];
    struct store_batch now;
    int64_t n = 0;

    if (store->begin(store->self, STORE_READ) != BM_OK) {
        return;
    }
    if (store->batch_get(store->self, &all, before->id, &now) == BM_OK &&
        now.issued > before->issued) {
        n = now.issued - before->issued;
    }
    store->rollback(store->self);
    if (n != 0) {
        (void)snprintf(label, sizeof label, "%s,issued", before->profile);
        metrics_add_to(is->room->metrics, METRICS_ISSUED, label, n);
        metrics_add(is->room->metrics, METRICS_ISSUED_ALL, n);
    }
}

static void step(struct issuer *is, const struct store_batch *batch)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc;

    if (batch->state == STORE_BATCH_CREATED) {
        begin_reading(is, batch);
        return;
    }
    rc = ca_batch_step(is->in->ca, batch, room_now(), &why);
    if (!remote_signer_is_there(is->signer)) {
        issuer_lose_signer(is);
        return;
    }
    count(is, batch);
    if (rc != BM_OK) {
        why.status = ca_refuse_plain(&why, rc);
        log_refusal(LOG_LEVEL_ERROR, "batch.step", &why);
        put_off(is, batch);
    } else {
        ca_batch_went(&is->batch.turns, batch->id);
        schedule(is, 0);
    }
}

/* Offers of devices that nobody answered. */
static void lapse_transfers(struct issuer *is)
{
    struct ca_refusal why = { BM_OK, "" };
    bm_status rc = BM_OK;

    for (unsigned i = 0; i < LAPSES && rc == BM_OK; i++) {
        rc = ca_transfer_lapse(is->in->ca, room_now(), &why);
    }
    if (rc != BM_OK && rc != BM_E_NOT_FOUND) {
        why.status = ca_refuse_plain(&why, rc);
        log_refusal(LOG_LEVEL_WARNING, "transfer.lapse", &why);
    }
}

static void on_work(evutil_socket_t fd, short what, void *arg)
{
    struct ca_refusal why = { BM_OK, "" };
    struct issuer *is = arg;
    struct store_batch batch;
    bm_status rc;

    (void)fd;
    (void)what;
    if (is->stopping || !issuer_is_ready(is)) {
        return; /* whoever brings a signer begins again */
    }
    lapse_transfers(is);
    is->batch.turns.reading =
        is->batch.check != NULL || is->batch.reader == NULL;
    rc = ca_batch_next(is->in->ca, &is->batch.turns, room_now(), &batch, &why);
    if (rc == BM_OK) {
        step(is, &batch);
    } else {
        schedule(is, rc == BM_E_NOT_FOUND ? LOOK : RETRY);
    }
}

bm_status issuer_batch_init(struct issuer *is)
{
    is->batch.work = event_new(is->room->base, -1, 0, on_work, is);
    return is->batch.work == NULL ? BM_E_MEMORY : BM_OK;
}

void issuer_batch_wipe(struct issuer *is)
{
    ca_batch_check_free(is->batch.check);
    link_free(is->batch.reader);
    issuer_keys_wipe(is);
    if (is->batch.work != NULL) {
        event_free(is->batch.work);
    }
}
