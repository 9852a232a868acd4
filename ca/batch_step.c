/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Going on with a batch: issuing, the list at its end, revoking, and what
 * becomes of it when its time is over. Nothing here is remembered that a start
 * would miss: what is in `struct ca_batch_run` only spares reading rows again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/batch_internal.h"

#define OPERATOR "operator:"

/* Rows whose lines are hashed in one step, and certificates that are looked
 * at to be revoked. */
#define LIST_STEP 2048

/* Octets of the CSRs of one step: 256 of the largest that there are would be
 * sixteen megabytes. */
#define ROOM_MAX ((size_t)4 << 20)

struct batch_want {
    struct store_batch_row row; /* views are into `room` */
    struct bm_csr csr;
    struct ca_issue_also also;
    struct ca *ca;
};

struct ca_batch_run {
    uint64_t id;
    enum store_batch_state state;
    uint32_t after; /* rows up to this one are done */
    bool listing;
    bool alone; /* one row at a time: the signer has refused one of many */
    struct bm_hash_state hash;

    size_t n;
    size_t room_n;
    struct batch_want want[CA_BATCH_STEP];
    struct ca_issue_request requests[CA_BATCH_STEP];
    struct ca_issue_result results[CA_BATCH_STEP];
    uint8_t room[ROOM_MAX];
};

void ca_batch_run_free(struct ca *ca)
{
    const struct bm_crypto *crypto = ca->c.crypto;

    if (ca->batch != NULL) {
        (void)crypto->hash_end(crypto->self, &ca->batch->hash, NULL);
        free(ca->batch);
        ca->batch = NULL;
    }
}

static bm_status take_run(struct ca *ca, const struct store_batch *batch,
                          struct ca_batch_run **run)
{
    if (ca->batch != NULL &&
        (ca->batch->id != batch->id || ca->batch->state != batch->state)) {
        ca_batch_run_free(ca);
    }
    if (ca->batch == NULL) {
        ca->batch = calloc(1, sizeof *ca->batch);
        if (ca->batch == NULL) {
            return BM_E_MEMORY;
        }
        ca->batch->id = batch->id;
        ca->batch->state = batch->state;
    }
    *run = ca->batch;
    return BM_OK;
}

bm_status ca_batch_actor(struct ca *ca, const struct store_batch *batch,
                         struct store_operator *op, struct ca_actor *actor,
                         struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    const char *name = batch->actor;
    bm_status rc = BM_E_NOT_FOUND;

    if (strncmp(name, OPERATOR, sizeof OPERATOR - 1) == 0) {
        rc = s->operator_get(s->self, &ca_everything,
                             name + sizeof OPERATOR - 1, op);
    }
    if (rc == BM_E_NOT_FOUND || (rc == BM_OK && op->disabled)) {
        return ca_refuse(why, BM_E_CA_FORBIDDEN, "%s is no operator any more",
                         name);
    }
    BM_TRY(rc);
    *actor = (struct ca_actor){ .name = name,
                                .mode = "batch",
                                .scope = op->scope,
                                .organisation = batch->organisation,
                                .roles = op->roles };
    return BM_OK;
}

/* A change of state in a transaction of its own. */
static bm_status go_to(struct ca *ca, const struct store_batch *batch,
                       const struct ca_batch_change *change, int64_t now,
                       struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_batch row;
    bm_status rc;

    BM_TRY(ca_begin(ca, now, why));
    rc = s->batch_get(s->self, &ca_everything, batch->id, &row);
    if (rc == BM_OK && row.state == batch->state) {
        rc = ca_batch_put_state(ca, &ca_batch_authority, &row, change, now);
    }
    return ca_end(ca, rc, now, why);
}

/* ---- Issuing */

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

    if (run->n == (run->alone ? 1 : CA_BATCH_STEP)) {
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

/* In the transaction of its certificate. */
static bm_status write_row(void *arg, struct ca *ca,
                           const struct store_cert *cert, int64_t now)
{
    const struct store *s = ca->c.store;
    struct batch_want *want = arg;
    struct store_batch_row row = want->row;

    (void)now;
    row.state = STORE_ROW_ISSUED;
    row.cert = cert->id;
    BM_TRY(s->batch_row_change(s->self, &row));
    return s->batch_issued(s->self, row.batch, 1);
}

static bm_status fill(struct ca_batch_run *run, const struct store_batch *batch,
                      const struct ca_actor *actor)
{
    for (size_t i = 0; i < run->n; i++) {
        struct batch_want *want = &run->want[i];

        BM_TRY(bm_csr_parse(want->row.csr, NULL, &want->csr));
        want->also = (struct ca_issue_also){ want, write_row };
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
            .also = &want->also,
        };
    }
    return BM_OK;
}

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

/* Rows that wait still, and why; what was issued stays so. */
static bm_status put_stopped(struct ca *ca, struct store_batch *batch,
                             const struct ca_issue_result *r, int64_t now)
{
    char words[STORE_NAME_MAX];
    const struct ca_batch_change change = { .state = STORE_BATCH_ABORTED,
                                            .words = words };

    put_words(r, words);
    return ca_batch_put_state(ca, &ca_batch_authority, batch, &change, now);
}

static bm_status put_refused(struct ca *ca, struct ca_batch_run *run,
                             uint64_t id, int64_t now)
{
    const struct store *s = ca->c.store;
    const struct ca_issue_result *stops = NULL;
    struct store_batch batch;

    ca->dirty = true;
    BM_TRY(s->batch_get(s->self, &ca_everything, id, &batch));
    for (size_t i = 0; i < run->n; i++) {
        const struct ca_issue_result *r = &run->results[i];
        struct store_batch_row *row = &run->want[i].row;

        if (r->status == BM_OK) {
            continue;
        }
        if (passes(r->status)) {
            stops = r;
            continue;
        }
        row->state = STORE_ROW_REFUSED;
        put_words(r, row->words);
        BM_TRY(s->batch_row_change(s->self, row));
        batch.refused++;
    }
    return stops != NULL && batch.state == STORE_BATCH_ISSUING
               ? put_stopped(ca, &batch, stops, now)
               : s->batch_put(s->self, &batch);
}

/* Since they were looked at somebody else may have got what they ask for, or
 * may have been told that there is nothing more to be had. */
static bm_status write_refused(struct ca *ca, struct ca_batch_run *run,
                               uint64_t id, int64_t now, struct ca_refusal *why)
{
    bool any = false;

    for (size_t i = 0; i < run->n; i++) {
        any = any || run->results[i].status != BM_OK;
    }
    if (!any) {
        return BM_OK;
    }
    BM_TRY(ca_begin(ca, now, why));
    return ca_end(ca, put_refused(ca, run, id, now), now, why);
}

/* Those before the first that waits still need not be read again. */
static uint32_t done_up_to(const struct ca_batch_run *run)
{
    uint32_t done = run->after;

    for (size_t i = 0; i < run->n && !passes(run->results[i].status); i++) {
        done = run->want[i].row.number;
    }
    return done;
}

static bm_status issue_rows(struct ca *ca, struct ca_batch_run *run,
                            const struct store_batch *batch,
                            const struct ca_actor *actor, int64_t now,
                            struct ca_refusal *why)
{
    bm_status rc;

    BM_TRY(fill(run, batch, actor));
    rc = ca_issue(ca, run->requests, run->n, now, run->results);
    if (rc == BM_E_CA_SIGNER && run->n > 1) {
        run->alone = true; /* which one is it? */
        return BM_OK;
    }
    if (rc != BM_OK && rc != BM_E_CA_SIGNER) {
        return ca_refuse(why, rc, "%s", run->results[run->n - 1].why.words);
    }
    BM_TRY(write_refused(ca, run, batch->id, now, why));
    run->after = done_up_to(run);
    return BM_OK;
}

/* ---- The list of what was issued */

struct listing {
    struct ca *ca;
    struct ca_batch_run *run;
    size_t n;
};

static bm_status hash_line(void *arg, const void *visited)
{
    struct listing *l = arg;
    const struct bm_crypto *crypto = l->ca->c.crypto;
    const struct store_batch_row *row = visited;
    uint8_t room[CA_BATCH_LINE_MAX];
    struct bm_wr w;
    size_t n;

    if (l->n++ == LIST_STEP) {
        return BM_E_END;
    }
    bm_wr_init(&w, room, sizeof room);
    BM_TRY(ca_batch_put_line(l->ca->c.store, crypto, row, &w));
    BM_TRY(bm_wr_finish(&w, &n));
    l->run->after = row->number;
    return crypto->hash_more(crypto->self, &l->run->hash, bm_wr_bytes(&w));
}

static bm_status begin_list(struct ca *ca, struct ca_batch_run *run)
{
    const struct store *s = ca->c.store;
    const struct bm_crypto *crypto = ca->c.crypto;
    uint8_t room[CA_BATCH_LINE_MAX];
    struct store_batch batch;
    struct bm_wr w;
    size_t n;

    BM_TRY(s->batch_get(s->self, &ca_everything, run->id, &batch));
    run->after = 0;
    bm_wr_init(&w, room, sizeof room);
    ca_batch_put_head(&batch, &w);
    BM_TRY(bm_wr_finish(&w, &n));
    BM_TRY(crypto->hash_begin(crypto->self, &run->hash, BM_HASH_SHA256));
    run->listing = true;
    return crypto->hash_more(crypto->self, &run->hash, bm_wr_bytes(&w));
}

/* Octets of a detached signature with its chain. */
#define SIGNATURE_MAX ((size_t)64 << 10)

/* Without anybody who signs, as before there is an operations CA, there is a
 * list all the same. */
static bm_status sign_list(struct ca *ca, const uint8_t *digest, int64_t now,
                           struct bm_wr *w)
{
    const struct ca_signer *signer = ca->c.signer;
    const struct bm_bytes what = { digest, STORE_HASH_SIZE };
    bm_status rc = signer->list == NULL
                       ? BM_E_CA_UNAVAILABLE
                       : signer->list(signer->self, what, now, w);
    size_t n;

    if (rc == BM_E_CA_UNAVAILABLE) {
        return BM_OK;
    }
    BM_TRY(rc);
    return bm_wr_finish(w, &n);
}

static bm_status put_end(struct ca *ca, uint64_t id, const uint8_t *digest,
                         struct bm_bytes signature, int64_t now)
{
    const struct store *s = ca->c.store;
    struct ca_batch_change change = { .words = "", .hash = digest };
    struct store_batch batch;

    BM_TRY(s->batch_get(s->self, &ca_everything, id, &batch));
    if (batch.state != STORE_BATCH_ISSUING) {
        return BM_OK; /* stopped at the last moment */
    }
    change.state = batch.refused == 0 ? STORE_BATCH_READY : STORE_BATCH_PARTLY;
    batch.expires =
        now + (ca->c.batch_keep != 0 ? ca->c.batch_keep : CA_BATCH_KEEP);
    ca->dirty = true;
    BM_TRY(s->batch_sign(s->self, id, signature));
    return ca_batch_put_state(ca, &ca_batch_authority, &batch, &change, now);
}

static bm_status end_list(struct ca *ca, struct ca_batch_run *run, int64_t now,
                          struct ca_refusal *why)
{
    const struct bm_crypto *crypto = ca->c.crypto;
    uint8_t *room = malloc(SIGNATURE_MAX);
    uint8_t digest[BM_HASH_MAX];
    uint64_t id = run->id;
    struct bm_wr w;
    bm_status rc = BM_E_MEMORY;

    if (room == NULL) {
        goto out;
    }
    bm_wr_init(&w, room, SIGNATURE_MAX);
    rc = crypto->hash_end(crypto->self, &run->hash, digest);
    if (rc == BM_OK) {
        rc = sign_list(ca, digest, now, &w);
    }
    ca_batch_run_free(ca); /* from here on it begins again, or has ended */
    if (rc == BM_OK) {
        rc = ca_begin(ca, now, why);
    }
    if (rc == BM_OK) {
        rc =
            ca_end(ca, put_end(ca, id, digest, bm_wr_bytes(&w), now), now, why);
    }
out:
    free(room);
    return rc;
}

static bm_status list_some(struct ca *ca, struct ca_batch_run *run, bool *end)
{
    const struct store *s = ca->c.store;
    struct listing listing = { .ca = ca, .run = run };
    struct store_visit visit = { &listing, hash_line };

    if (!run->listing) {
        BM_TRY(begin_list(ca, run));
    }
    BM_TRY(s->batch_row_list(s->self, run->id, run->after, STORE_ROW_ISSUED,
                             &visit));
    *end = listing.n <= LIST_STEP;
    return BM_OK;
}

static bm_status list(struct ca *ca, struct ca_batch_run *run, int64_t now,
                      struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    bool end = false;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = list_some(ca, run, &end);
    s->rollback(s->self);
    if (rc != BM_OK) {
        ca_batch_run_free(ca);
        return rc;
    }
    return end ? end_list(ca, run, now, why) : BM_OK;
}

/* In a read transaction. */
static bm_status read_rows(struct ca *ca, struct ca_batch_run *run,
                           const struct store_batch *batch,
                           struct store_operator *op, struct ca_actor *actor,
                           struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_visit visit = { run, take_row };

    run->n = 0;
    run->room_n = 0;
    BM_TRY(ca_batch_actor(ca, batch, op, actor, why));
    return s->batch_row_list(s->self, batch->id, run->after, STORE_ROW_WAITING,
                             &visit);
}

static bm_status issue(struct ca *ca, struct ca_batch_run *run,
                       const struct store_batch *batch, int64_t now,
                       struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_operator op;
    struct ca_actor actor;
    bm_status rc;

    if (run->listing) {
        return list(ca, run, now, why);
    }
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = read_rows(ca, run, batch, &op, &actor, why);
    s->rollback(s->self);
    if (rc == BM_E_CA_FORBIDDEN) {
        const struct ca_batch_change change = { .state = STORE_BATCH_ABORTED,
                                                .words = why->words };

        return go_to(ca, batch, &change, now, why);
    }
    BM_TRY(rc);
    return run->n == 0 ? list(ca, run, now, why)
                       : issue_rows(ca, run, batch, &actor, now, why);
}

/* ---- Revoking */

struct ending {
    struct ca *ca;
    const struct ca_actor *actor;
    struct ca_batch_run *run;
    uint64_t certs[CA_BATCH_STEP];
    size_t n;
};

static bm_status take_cert(void *arg, const void *visited)
{
    struct ending *e = arg;
    const struct store_batch_row *row = visited;

    if (e->n == CA_BATCH_STEP) {
        return BM_E_END;
    }
    e->certs[e->n++] = row->cert;
    e->run->after = row->number;
    return BM_OK;
}

static bm_status end_cert(struct ending *e, struct store_batch *batch,
                          uint64_t id, int64_t now, struct ca_refusal *why)
{
    const struct store *s = e->ca->c.store;
    struct ca_cert_row kept;
    struct store_cert row;

    BM_TRY(s->cert_get(s->self, &ca_everything, id, &row));
    if (row.status == STORE_CERT_REVOKED ||
        row.status == STORE_CERT_ABANDONED) {
        return BM_OK;
    }
    ca_keep_row(&kept, &row);
    BM_TRY(ca_check_operator_cert(e->ca, e->actor, id, why));
    BM_TRY(ca_keep_administrator(e->ca, id, NULL, now, why));
    batch->revoked++;
    return ca_put_end(e->ca, e->actor, &kept.row, (uint8_t)batch->revocation,
                      now);
}

static bm_status revoke_rows(struct ending *e, const struct store_batch *of,
                             int64_t now, struct ca_refusal *why)
{
    const struct ca_batch_change change = { .state = STORE_BATCH_REVOKED,
                                            .words = of->reason };
    const struct store *s = e->ca->c.store;
    struct store_visit visit = { e, take_cert };
    struct store_batch batch;

    BM_TRY(s->batch_get(s->self, &ca_everything, of->id, &batch));
    BM_TRY(s->batch_row_list(s->self, of->id, e->run->after, STORE_ROW_ISSUED,
                             &visit));
    for (size_t i = 0; i < e->n; i++) {
        BM_TRY(end_cert(e, &batch, e->certs[i], now, why));
    }
    e->ca->dirty = true;
    if (e->n != 0) {
        return s->batch_put(s->self, &batch);
    }
    batch.expires = 0;
    BM_TRY(s->batch_forget(s->self, of->id));
    return ca_batch_put_state(e->ca, e->actor, &batch, &change, now);
}

static bm_status revoke(struct ca *ca, struct ca_batch_run *run,
                        const struct store_batch *batch, int64_t now,
                        struct ca_refusal *why)
{
    /* He was allowed to when he said so. */
    const struct ca_actor actor = { .name = batch->actor,
                                    .mode = "batch",
                                    .organisation = batch->organisation,
                                    .roles = CA_ROLE_REGISTRAR };
    struct ending e = { .ca = ca, .actor = &actor, .run = run };
    uint32_t after = run->after;
    bm_status rc;

    BM_TRY(ca_begin(ca, now, why));
    rc = ca_end(ca, revoke_rows(&e, batch, now, why), now, why);
    if (rc != BM_OK) {
        run->after = after;
    }
    return rc;
}

bm_status ca_batch_step(struct ca *ca, const struct store_batch *batch,
                        int64_t now, struct ca_refusal *why)
{
    struct ca_batch_run *run;

    BM_TRY(take_run(ca, batch, &run));
    switch (batch->state) {
    case STORE_BATCH_ISSUING:
        return issue(ca, run, batch, now, why);
    case STORE_BATCH_REVOKING:
        return revoke(ca, run, batch, now, why);
    default:
        return ca_refuse_plain(why, BM_E_CA_BATCH);
    }
}

/* ---- What is next */

static bm_status put_lapse(struct ca *ca, struct store_batch *batch,
                           int64_t now)
{
    const struct ca_batch_change change = { .state = STORE_BATCH_EXPIRED,
                                            .words = "" };
    const struct store *s = ca->c.store;

    batch->expires = 0;
    BM_TRY(ca_batch_put_state(ca, &ca_batch_authority, batch, &change, now));
    return s->batch_forget(s->self, batch->id);
}

static bm_status find_next(struct ca *ca, int64_t now, struct store_batch *open,
                           struct store_batch *lapsed)
{
    const struct store *s = ca->c.store;
    struct store_batch row;
    bm_status rc = s->batch_lapsed(s->self, now, &row);

    memset(lapsed, 0, sizeof *lapsed);
    if (rc == BM_OK) {
        ca_batch_keep(lapsed, &row);
    } else if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    rc = s->batch_open(s->self, &row);
    if (rc == BM_OK) {
        ca_batch_keep(open, &row);
    }
    return rc;
}

bm_status ca_batch_next(struct ca *ca, int64_t now, struct store_batch *batch,
                        struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct store_batch lapsed;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = find_next(ca, now, batch, &lapsed);
    s->rollback(s->self);
    if (lapsed.id != 0 && lapsed.state >= STORE_BATCH_READY &&
        lapsed.state <= STORE_BATCH_DOWNLOADED) {
        BM_TRY(ca_begin(ca, now, why));
        BM_TRY(ca_end(ca, put_lapse(ca, &lapsed, now), now, why));
    }
    return rc;
}
