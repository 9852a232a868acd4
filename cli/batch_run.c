/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/batch_run.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ca/batch.h"
#include "cli/bar.h"
#include "cli/diag.h"
#include "cli/pages.h"
#include "cli/safe.h"
#include "server/batches.h"

/* Between two questions. */
#define POLL_MS 200

/* ---- How far it is */

struct far {
    char state[32];
    uint64_t rows;
    uint64_t skipped;
    uint64_t done; /* issued or refused; or revoked */
    bool reads;    /* it is read and looked at */
    bool ends;     /* it is revoked */
};

static bool is_on_its_way(const char *state)
{
    return strcmp(state, "created") == 0 || strcmp(state, "issuing") == 0 ||
           strcmp(state, "revoking") == 0;
}

static void show(struct bar *bar, const struct far *far)
{
    if (far->reads) {
        bar_begin(bar, "checking");
        bar_show(bar, far->rows, 0);
    } else {
        bar_begin(bar, far->ends ? "revoking" : "issuing");
        bar_show(bar, far->done, far->rows - far->skipped);
    }
}

static uint64_t number(const json_t *o, const char *name)
{
    json_int_t v = json_integer_value(json_object_get(o, name));

    return v < 0 ? 0 : (uint64_t)v;
}

static void look(const json_t *batch, struct far *far)
{
    const char *state = json_string_value(json_object_get(batch, "state"));

    (void)snprintf(far->state, sizeof far->state, "%s",
                   state == NULL ? "" : state);
    far->rows = number(batch, "rows");
    far->skipped = number(batch, "skipped");
    far->reads = strcmp(far->state, "created") == 0;
    far->ends = strcmp(far->state, "revoking") == 0;
    far->done = far->ends ? number(batch, "revoked")
                          : number(batch, "issued") + number(batch, "refused");
}

static int ask(struct session *s, uint64_t id, json_t **batch)
{
    json_t *params = json_object();

    session_set_int(params, "batch", id);
    return session_call(s, "showBatch", params, batch);
}

/* ---- A server goes on with it */

static int wait_for(struct session *s, uint64_t id)
{
    const struct timespec pause = { 0, POLL_MS * 1000000L };
    struct bar bar = { .what = NULL };
    struct far far = { .rows = 0 };
    json_t *batch;
    int rc;

    for (;;) {
        rc = ask(s, id, &batch);
        if (rc != CMD_OK) {
            break;
        }
        look(batch, &far);
        json_decref(batch);
        if (!is_on_its_way(far.state)) {
            break;
        }
        show(&bar, &far);
        (void)nanosleep(&pause, NULL);
    }
    bar_end(&bar);
    return rc;
}

/* ---- Here */

struct here {
    struct session *s;
    const struct batch_workers *workers;
    struct ca_batch_check *check;
    struct bar bar;
    struct ca_refusal why;
};

/* The clock of the session stands still, and a batch may take long. */
static int64_t now_of(const struct session *s)
{
    int64_t now = (int64_t)time(NULL);

    return now > s->now ? now : s->now;
}

static bm_status find(struct here *h, uint64_t id, struct store_batch *batch)
{
    const struct store *store = h->s->instance->store;
    bm_status rc;

    BM_TRY(session_begin(h->s));
    rc = store->batch_get(store->self, &h->s->actor.scope, id, batch);
    session_end(h->s);
    return rc;
}

/* Rows, and the keys that are made for them. */
static bm_status read_rows(struct here *h, int64_t now,
                           struct ca_refusal *failed)
{
    const struct batch_workers *workers = h->workers;
    struct bm_bytes keys = { NULL, 0 };
    struct bm_bytes rows;

    BM_TRY(intake_worker_next(workers->reader, &rows, failed));
    if (workers->keys != NULL) {
        struct keygen_order order = workers->order;
        bm_status rc = batches_count(rows, &order.n);

        if (rc == BM_OK && order.n != 0) {
            rc = keygen_worker_ask(workers->keys, &order, &keys);
        }
        if (rc != BM_OK) {
            return ca_refuse_plain(failed, rc);
        }
    }
    return batches_take(h->check, rows, keys, now, failed);
}

static bm_status read_some(struct here *h, const struct store_batch *batch)
{
    struct ca_refusal failed = { .status = BM_OK };
    struct ca *ca = h->s->instance->ca;
    int64_t now = now_of(h->s);
    bm_status rc;

    if (h->check == NULL) {
        BM_TRY(ca_batch_check_new(ca, batch, now, &h->check, &h->why));
    }
    rc = read_rows(h, now, &failed);
    if (rc == BM_E_END) {
        return ca_batch_check_end(h->check, NULL, now, &h->why);
    }
    return rc == BM_E_CA_ORDER || rc == BM_E_CA_FORBIDDEN || rc == BM_E_IO ||
                   rc == BM_E_BATCH_RECIPIENT || rc == BM_E_BATCH_SECRET
               ? ca_batch_check_end(h->check, &failed, now, &h->why)
               : rc;
}

static bm_status step(struct here *h, const struct store_batch *batch)
{
    struct far far = { .reads = batch->state == STORE_BATCH_CREATED,
                       .ends = batch->state == STORE_BATCH_REVOKING,
                       .rows = batch->rows,
                       .skipped = batch->skipped };

    far.done = far.ends ? batch->revoked : batch->issued + batch->refused;
    show(&h->bar, &far);
    if (!far.reads) {
        return ca_batch_step(h->s->instance->ca, batch, now_of(h->s), &h->why);
    }
    return h->workers != NULL
               ? read_some(h, batch)
               : ca_refuse(&h->why, BM_E_CA_BATCH,
                           "batch %llu was not read to its end: order it again",
                           (unsigned long long)batch->id);
}

static int go_on(struct session *s, uint64_t id,
                 const struct batch_workers *workers)
{
    struct here h = { .s = s, .workers = workers };
    struct store_batch batch;
    bm_status rc = find(&h, id, &batch);
    bool ends = rc == BM_OK && batch.state == STORE_BATCH_REVOKING;

    while (rc == BM_OK && (batch.state == STORE_BATCH_CREATED ||
                           batch.state == STORE_BATCH_ISSUING ||
                           batch.state == STORE_BATCH_REVOKING)) {
        rc = step(&h, &batch);
        if (rc == BM_OK) {
            rc = find(&h, id, &batch);
        }
    }
    bar_end(&h.bar);
    ca_batch_check_free(h.check);
    if (ends) {
        session_lists_changed(s);
    }
    return session_result(s, rc, &h.why);
}

/* ---- What came of it */

static bm_status print_row(void *arg, json_t *row)
{
    const char *word = arg;
    const char *column = json_string_value(json_object_get(row, "column"));
    const char *file = json_string_value(json_object_get(row, "file"));
    const char *reason = json_string_value(json_object_get(row, "reason"));

    fprintf(stderr, "row %" JSON_INTEGER_FORMAT,
            json_integer_value(json_object_get(row, "row")));
    if (file != NULL) {
        fputs(", ", stderr);
        safe_print_str(stderr, file);
    }
    if (column != NULL) {
        fputs(", column ", stderr);
        safe_print_str(stderr, column);
    }
    fprintf(stderr, ": %s", word);
    safe_print_str(stderr, reason == NULL ? "" : reason);
    fputc('\n', stderr);
    json_decref(row);
    return BM_OK;
}

static int print_rows(struct session *s, uint64_t id, const char *state,
                      const char *word)
{
    struct ca_refusal why = { .status = BM_OK };
    char text[24];
    struct pages pages = { .session = s,
                           .operation = "listBatchRows",
                           .params = json_object(),
                           .arg = text,
                           .one = print_row };

    (void)snprintf(text, sizeof text, "%s", word);
    session_set_int(pages.params, "batch", id);
    session_set_text(pages.params, "state", state);
    return session_result(s, pages_walk(&pages, &why), &why);
}

static int report(struct session *s, uint64_t id)
{
    struct far far = { .rows = 0 };
    const char *reason;
    json_t *batch;
    bool all;
    int rc = ask(s, id, &batch);

    if (rc != CMD_OK) {
        return rc;
    }
    look(batch, &far);
    if (number(batch, "wrong") != 0) {
        rc = print_rows(s, id, "wrong", "");
    }
    if (rc == CMD_OK && far.skipped != 0) {
        rc = print_rows(s, id, "skipped", "skipped: ");
    }
    if (rc == CMD_OK && number(batch, "refused") != 0) {
        rc = print_rows(s, id, "refused", "");
    }
    reason = json_string_value(json_object_get(batch, "reason"));
    fprintf(stderr, "batch %llu is %s", (unsigned long long)id, far.state);
    if (reason != NULL) {
        fputs(": ", stderr);
        safe_print_str(stderr, reason);
    }
    fprintf(stderr, " (%llu of %llu rows issued)\n",
            (unsigned long long)number(batch, "issued"),
            (unsigned long long)far.rows);
    all = strcmp(far.state, "rejected") != 0 &&
          strcmp(far.state, "aborted") != 0 &&
          strcmp(far.state, "partly issued") != 0;
    json_decref(batch);
    return rc == CMD_OK && !all ? CMD_FAILED : rc;
}

int batch_run(struct session *s, uint64_t id,
              const struct batch_workers *workers)
{
    int rc = s->instance == NULL ? wait_for(s, id) : go_on(s, id, workers);

    if (rc == CMD_OK) {
        rc = report(s, id);
    }
    if (s->instance != NULL) {
        int published = session_publish(s);

        rc = rc == CMD_OK ? published : rc;
    }
    return rc;
}
