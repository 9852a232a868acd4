/* SPDX-License-Identifier: Apache-2.0 */

/* Rows of a batch get their certificates. */
#include <stdio.h>
#include <string.h>

#include "ca/batch_run.h"

/* ---- The rows of a step */

static bool keep(struct ca_batch_run *run, struct bm_bytes *octets)
{
    if (octets->n > sizeof run->room - run->room_n) {
        return false;
    }
    if (octets->n != 0) {
        memcpy(run->room + run->room_n, octets->p, octets->n);
    }
    octets->p = run->room + run->room_n;
    run->room_n += octets->n;
    return true;
}

static bm_status take_row(void *arg, const void *visited)
{
    struct ca_batch_run *run = arg;
    struct batch_want *want = &run->want[run->n];

    if (run->n == run->max) {
        return BM_E_END;
    }
    want->row = *(const struct store_batch_row *)visited;
    if (!keep(run, &want->row.csr) || !keep(run, &want->row.subject)) {
        return BM_E_END;
    }
    want->row.key = (struct bm_bytes){ NULL, 0 };
    run->n++;
    return BM_OK;
}

/* In a read transaction. */
static bm_status read_rows(struct batch_work *w, struct store_operator *op,
                           struct ca_actor *actor)
{
    const struct store *s = w->ca->c.store;
    struct store_visit visit = { w->run, take_row };

    w->run->n = 0;
    w->run->room_n = 0;
    w->run->max = w->place->alone > w->place->after ? 1 : CA_BATCH_STEP;
    BM_TRY(ca_batch_actor(w->ca, w->batch, op, actor, w->why));
    return s->batch_row_list(s->self, w->batch->id, w->place->after,
                             STORE_ROW_WAITING, &visit);
}

/* What was issued and not told the store yet. */
static bm_status write_issued(void *arg, struct ca *ca)
{
    const struct store *s = ca->c.store;
    struct ca_batch_run *run = arg;
    struct store_batch_issued issued = run->issued;

    run->issued.n = 0;
    return issued.n == 0 ? BM_OK : s->batch_issued(s->self, &issued);
}

/* In the transaction of its certificate. */
static bm_status take_issued(void *arg, struct ca *ca,
                             const struct ca_issue_request *request,
                             const struct store_cert *cert, int64_t now)
{
    struct ca_batch_run *run = arg;
    size_t i = (size_t)(request - run->requests);
    const struct store_batch_row *row = &run->want[i].row;
    struct store_batch_issued *issued = &run->issued;

    (void)now;
    if (row->number != issued->first + issued->n ||
        cert->id != issued->cert + issued->n) {
        BM_TRY(write_issued(run, ca));
    }
    if (issued->n == 0) {
        *issued = (struct store_batch_issued){ .batch = row->batch,
                                               .first = row->number,
                                               .cert = cert->id };
    }
    issued->n++;
    return batch_ahead_put(run->place, ca->c.crypto, row, cert,
                           run->results[i].hash);
}

static bm_status fill(struct ca_batch_run *run, const struct store_batch *batch,
                      const struct ca_actor *actor)
{
    run->also = (struct ca_issue_also){ run, take_issued, write_issued };
    run->issued.n = 0;
    for (size_t i = 0; i < run->n; i++) {
        struct batch_want *want = &run->want[i];

        BM_TRY(bm_csr_parse(want->row.csr, NULL, &want->csr));
        run->requests[i] = (struct ca_issue_request){
            .actor = actor,
            .by = CA_BY_OPERATOR,
            .profile = batch->profile,
            .csr = &want->csr,
            .device = ca_text(want->row.device),
            .subject = want->row.subject,
            .first = true,
            .looked = true,
            .approved = (batch->options & CA_BATCH_APPROVED) != 0,
            .also = &run->also,
        };
    }
    return BM_OK;
}

/* ---- What was refused */

/* Not the fault of a row: somebody can mend it, and then the row is issued. */
static bool passes(bm_status rc)
{
    switch (rc) {
    case BM_E_NOT_FOUND: /* the profile */
    case BM_E_PROFILE_REQUESTER:
    case BM_E_CA_APPROVAL:
    case BM_E_CA_FORBIDDEN:
    case BM_E_CA_NOT_ENABLED:
    case BM_E_CA_ORGANISATION:
    case BM_E_CA_QUOTA:
    case BM_E_CA_SIGNER:
    case BM_E_CA_UNAVAILABLE:
        return true;
    default:
        return false;
    }
}

static void put_words(const struct ca_issue_result *r,
                      char words[STORE_NAME_MAX])
{
    (void)snprintf(words, STORE_NAME_MAX, "%s%s%.150s",
                   bm_status_text(r->status),
                   r->why.words[0] != '\0' ? ": " : "", r->why.words);
}

/* In a write transaction. Rows that wait still, and why; what was issued stays
 * so. */
static bm_status put_stopped(const struct batch_work *w,
                             struct store_batch *batch,
                             const struct ca_issue_result *r)
{
    char words[STORE_NAME_MAX];
    const struct ca_batch_change change = { .state = STORE_BATCH_ABORTED,
                                            .words = words };

    put_words(r, words);
    return ca_batch_put_state(w->ca, &ca_batch_authority, batch, &change,
                              w->now);
}

static bm_status put_refused(const struct batch_work *w)
{
    const struct store *s = w->ca->c.store;
    const struct ca_issue_result *stops = NULL;
    char words[STORE_NAME_MAX];
    struct store_batch batch;

    w->ca->dirty = true;
    BM_TRY(s->batch_get(s->self, &ca_everything, w->batch->id, &batch));
    for (size_t i = 0; i < w->run->n; i++) {
        const struct ca_issue_result *r = &w->run->results[i];
        struct store_batch_row *row = &w->run->want[i].row;

        if (r->status == BM_OK) {
            continue;
        }
        if (passes(r->status)) {
            stops = r;
            continue;
        }
        row->state = STORE_ROW_REFUSED;
        put_words(r, words); /* apart: the row is of the same run as r */
        memcpy(row->words, words, sizeof row->words);
        BM_TRY(s->batch_row_change(s->self, row));
        batch.refused++;
    }
    return stops != NULL && batch.state == STORE_BATCH_ISSUING
               ? put_stopped(w, &batch, stops)
               : s->batch_put(s->self, &batch);
}

/* Since they were looked at somebody else may have got what they ask for, or
 * may have been told that there is nothing more to be had. */
static bm_status write_refused(const struct batch_work *w)
{
    bool any = false;

    for (size_t i = 0; i < w->run->n; i++) {
        any = any || w->run->results[i].status != BM_OK;
    }
    if (!any) {
        return BM_OK;
    }
    BM_TRY(ca_begin(w->ca, w->now, w->why));
    return ca_end(w->ca, put_refused(w), w->now, w->why);
}

/* Those before the first that waits still need not be read again. */
static uint32_t done_up_to(const struct batch_work *w)
{
    const struct ca_batch_run *run = w->run;
    uint32_t done = w->place->after;

    for (size_t i = 0; i < run->n && !passes(run->results[i].status); i++) {
        done = run->want[i].row.number;
    }
    return done;
}

/* ---- What the signer refuses */

/*
 * The signer refuses a group for one of its rows, so each is asked for alone.
 * One that is refused alone is passed over for the time being: when another is
 * signed after it, or none is left, it was the row, and it has its refusal.
 * When there are too many in succession it is the signer, and they wait with
 * all others until that is mended.
 */
static bm_status put_suspects(const struct batch_work *w)
{
    const struct store *s = w->ca->c.store;
    const struct batch_place *place = w->place;
    struct store_batch batch;

    w->ca->dirty = true;
    BM_TRY(s->batch_get(s->self, &ca_everything, w->batch->id, &batch));
    for (size_t i = 0; i < place->suspects_n; i++) {
        struct store_batch_row row = { .batch = batch.id,
                                       .number = place->suspects[i].number,
                                       .state = STORE_ROW_REFUSED };

        memcpy(row.words, place->suspects[i].words, sizeof row.words);
        BM_TRY(s->batch_row_change(s->self, &row));
    }
    batch.refused += (uint32_t)place->suspects_n;
    return s->batch_put(s->self, &batch);
}

static bm_status write_suspects(const struct batch_work *w)
{
    if (w->place->suspects_n == 0) {
        return BM_OK;
    }
    BM_TRY(ca_begin(w->ca, w->now, w->why));
    BM_TRY(ca_end(w->ca, put_suspects(w), w->now, w->why));
    w->place->suspects_n = 0;
    return BM_OK;
}

static bm_status suspect(struct batch_work *w)
{
    struct batch_place *place = w->place;
    struct batch_suspect *one = &place->suspects[place->suspects_n];

    if (w->run->n > 1) { /* which one is it? */
        place->alone = w->run->want[w->run->n - 1].row.number;
        return BM_OK;
    }
    if (place->suspects_n == BATCH_SUSPECTS_MAX) {
        BM_TRY(write_refused(w));
        batch_place_drop(w);
        return BM_OK;
    }
    one->number = w->run->want[0].row.number;
    put_words(&w->run->results[0], one->words);
    place->suspects_n++;
    place->after = one->number;
    return BM_OK;
}

static bool has_signed(const struct ca_batch_run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        if (run->results[i].status == BM_OK) {
            return true;
        }
    }
    return false;
}

static bm_status issue_rows(struct batch_work *w, const struct ca_actor *actor)
{
    struct ca_batch_run *run = w->run;
    bm_status rc;

    BM_TRY(fill(run, w->batch, actor));
    BM_TRY(batch_ahead_begin(w));
    run->place = w->place;
    rc = ca_issue(w->ca, run->requests, run->n, w->now, run->results);
    if (rc != BM_OK) {
        batch_ahead_drop(w); /* lines of what was not committed are in it */
    }
    if (rc == BM_E_CA_SIGNER || rc == BM_E_PROFILE_TBS) {
        return suspect(w);
    }
    if (rc != BM_OK) {
        return ca_refuse(w->why, rc, "%s", run->results[run->n - 1].why.words);
    }
    if (has_signed(run)) {
        BM_TRY(write_suspects(w));
    }
    BM_TRY(write_refused(w));
    w->place->after = done_up_to(w);
    return BM_OK;
}

/* No row is left. Where the signer has signed none of this batch, nobody can
 * tell whether it is the signer or they: so they wait. */
static bm_status end_rows(struct batch_work *w)
{
    const struct ca_batch_change change = { .state = STORE_BATCH_ABORTED,
                                            .words =
                                                w->place->suspects[0].words };
    bm_status rc;

    if (w->place->suspects_n == 0 || w->batch->issued != 0) {
        BM_TRY(write_suspects(w));
        return batch_list(w);
    }
    rc = batch_go_to(w, &change);
    batch_place_drop(w);
    return rc;
}

bm_status batch_issue(struct batch_work *w)
{
    const struct store *s = w->ca->c.store;
    struct store_operator op;
    struct ca_actor actor;
    bm_status rc;

    if (w->place->listing == BATCH_LIST_ROWS) {
        return batch_list(w);
    }
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = read_rows(w, &op, &actor);
    s->rollback(s->self);
    if (rc == BM_E_CA_FORBIDDEN) {
        const struct ca_batch_change change = { .state = STORE_BATCH_ABORTED,
                                                .words = w->why->words };

        return batch_go_to(w, &change);
    }
    BM_TRY(rc);
    return w->run->n != 0 ? issue_rows(w, &actor) : end_rows(w);
}
