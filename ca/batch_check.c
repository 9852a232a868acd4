/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The rows of a batch, looked at as they are read: would each get its
 * certificate? Nothing is issued, nothing claimed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/batch_internal.h"
#include "ca/batch_marks.h"
#include "ca/quota.h"
#include "core/name.h"

/* Octets of the DER of a subject. */
#define SUBJECT_MAX 4096

struct ca_batch_check {
    struct ca *ca;
    struct store_batch batch;
    struct ca_actor actor;
    uint32_t last; /* number of the last row */
    bool approval; /* by the profile that rows were looked at by */
    struct batch_marks marks;
    struct ca_quota quota; /* whose, in this transaction */
    /* Of the row that is looked at. */
    struct ca_slot slot;
    struct ca_issue_result result;
    uint8_t subject[SUBJECT_MAX];
};

static bm_status begin_again(struct ca_batch_check *check)
{
    const struct store *s = check->ca->c.store;
    struct store_batch *batch = &check->batch;

    batch->rows = 0;
    batch->wrong = 0;
    batch->skipped = 0;
    check->ca->dirty = true;
    BM_TRY(s->batch_clear(s->self, batch->id, (enum store_batch_row_state)0));
    return s->batch_put(s->self, batch);
}

bm_status ca_batch_check_new(struct ca *ca, const struct store_batch *batch,
                             int64_t now, struct ca_batch_check **out,
                             struct ca_refusal *why)
{
    struct ca_batch_check *check = calloc(1, sizeof *check);
    bm_status rc = BM_E_MEMORY;

    *out = NULL;
    if (check == NULL) {
        return ca_refuse_plain(why, rc);
    }
    check->ca = ca;
    ca_batch_keep(&check->batch, batch);
    rc = ca_begin(ca, now, why);
    if (rc == BM_OK) {
        rc = ca_end(ca, begin_again(check), now, why);
    }
    if (rc == BM_OK) {
        *out = check;
        check = NULL;
    }
    ca_batch_check_free(check);
    return rc;
}

void ca_batch_check_free(struct ca_batch_check *check)
{
    if (check != NULL) {
        batch_marks_wipe(&check->marks);
        free(check);
    }
}

/* ---- One row */

/* It is not as it should be: where, and why. */
struct finding {
    bm_status status;
    const char *column;
    struct ca_refusal why;
};

static bool is_duplicate(bm_status rc)
{
    return rc == BM_E_CA_IDENTIFIER || rc == BM_E_CA_KEY_OWNED ||
           rc == BM_E_CA_KEY_REUSED;
}

static const char *column_of(bm_status rc)
{
    switch (rc) {
    case BM_E_PROFILE_DEVICE:
    case BM_E_CA_DEVICE:
    case BM_E_CA_IDENTIFIER:
        return "device";
    default:
        return "csr";
    }
}

/* What the row would claim, and another row of the batch does: all are looked
 * at before the first is put, since a row that is skipped claims nothing. */
static bm_status see_marks(struct ca_batch_check *check, const uint8_t *device,
                           struct ca_refusal *why)
{
    const struct ca_slot *slot = &check->slot;
    uint32_t row = batch_marks_find(&check->marks, slot->key);

    if (row != 0) {
        return ca_refuse(why, BM_E_CA_KEY_REUSED, "row %u has it",
                         (unsigned)row);
    }
    row = device == NULL ? 0 : batch_marks_find(&check->marks, device);
    for (size_t i = 0; row == 0 && i < slot->identifiers_n; i++) {
        row = batch_marks_find(&check->marks, slot->identifier[i]);
    }
    return row == 0 ? BM_OK
                    : ca_refuse(why, BM_E_CA_IDENTIFIER, "row %u has it",
                                (unsigned)row);
}

static bm_status take_marks(struct ca_batch_check *check, uint32_t number,
                            struct ca_refusal *why)
{
    const struct bm_crypto *crypto = check->ca->c.crypto;
    const struct ca_slot *slot = &check->slot;
    struct batch_marks *marks = &check->marks;
    bool named = slot->name[0] != '\0';
    uint8_t device[BM_HASH_MAX];
    uint32_t before;

    if (named) {
        BM_TRY(crypto->hash(crypto->self, BM_HASH_SHA256, ca_text(slot->name),
                            device));
    }
    BM_TRY(see_marks(check, named ? device : NULL, why));
    BM_TRY(batch_marks_put(marks, slot->key, number, &before));
    if (named) {
        BM_TRY(batch_marks_put(marks, device, number, &before));
    }
    for (size_t i = 0; i < slot->identifiers_n; i++) {
        BM_TRY(batch_marks_put(marks, slot->identifier[i], number, &before));
    }
    return BM_OK;
}

static bm_status read_subject(struct ca_batch_check *check,
                              const struct ca_batch_row *in,
                              struct bm_bytes *subject, struct finding *found)
{
    struct bm_wr w;
    size_t bad = 0;
    bm_status rc;

    *subject = (struct bm_bytes){ NULL, 0 };
    if (in->subject.n == 0) {
        return BM_OK;
    }
    found->column = "subject";
    bm_wr_init(&w, check->subject, sizeof check->subject);
    rc = bm_name_from_text(in->subject, &w, &bad);
    if (rc == BM_OK && w.len > w.cap) {
        rc = BM_E_LIMIT;
    }
    if (rc != BM_OK) {
        return ca_refuse(&found->why, rc, "at character %zu", bad + 1);
    }
    *subject = bm_wr_bytes(&w);
    found->column = NULL;
    return BM_OK;
}

static bm_status look(struct ca_batch_check *check,
                      const struct ca_batch_row *in, int64_t now,
                      struct bm_bytes *subject, struct finding *found)
{
    struct bm_csr csr;
    struct ca_issue_request request = { .actor = &check->actor,
                                        .by = CA_BY_OPERATOR,
                                        .profile = check->batch.profile,
                                        .csr = &csr,
                                        .device = in->device,
                                        .first = true };

    ca_slot_reset(&check->slot, &request, &check->result);
    BM_TRY(read_subject(check, in, subject, found));
    request.subject = *subject;
    BM_TRY(bm_csr_parse(in->csr, NULL, &csr));
    BM_TRY(ca_look(check->ca, &check->quota, &check->slot, now, &found->why));
    /* Its organisation may stay at another version than the current one. */
    check->approval = check->approval || check->slot.policy->approval;
    return take_marks(check, in->number, &found->why);
}

/* As much of a text as there is room for. */
static void put_some(struct bm_wr *w, const char *text)
{
    size_t n = strlen(text);
    size_t left = w->cap - w->len;

    bm_wr_put(w,
              (struct bm_bytes){ (const uint8_t *)text, n < left ? n : left });
}

static void put_words(const struct finding *found, char words[STORE_NAME_MAX])
{
    const char *clause = bm_status_clause(found->status);
    const char *more =
        found->why.status == found->status ? found->why.words : "";
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, (uint8_t *)words, STORE_NAME_MAX - 1);
    put_some(&w, clause);
    put_some(&w, clause[0] != '\0' ? ": " : "");
    put_some(&w, bm_status_text(found->status));
    put_some(&w, more[0] != '\0' ? ": " : "");
    put_some(&w, more);
    n = w.len;
    /* What was cut ends with a whole character. */
    while (w.len == w.cap && n > 0 && ((uint8_t)words[n - 1] & 0x80) != 0) {
        n--;
    }
    words[n] = '\0';
}

static bm_status copy(char *to, size_t cap, struct bm_bytes from)
{
    if (from.n >= cap || (from.n != 0 && memchr(from.p, 0, from.n) != NULL)) {
        return BM_E_CA_ORDER;
    }
    if (from.n != 0) {
        memcpy(to, from.p, from.n);
    }
    to[from.n] = '\0';
    return BM_OK;
}

static bm_status fill_row(struct ca_batch_check *check,
                          const struct ca_batch_row *in, int64_t now,
                          struct store_batch_row *row)
{
    struct finding found = { .column = NULL };

    if ((in->key.n != 0) !=
        (in->words.n == 0 && ca_batch_keys(&check->batch) != BM_KEY_UNKNOWN)) {
        return BM_E_CA_ORDER; /* keys are made for these rows, or for none */
    }
    if (in->words.n != 0) { /* by who has read it */
        row->state = STORE_ROW_WRONG;
        BM_TRY(copy(row->column, sizeof row->column, in->column));
        return copy(row->words, sizeof row->words, in->words);
    }
    found.status = look(check, in, now, &row->subject, &found);
    if (ca_is_failure(found.status)) {
        return found.status;
    }
    row->state = STORE_ROW_WAITING;
    if (found.status == BM_OK) {
        row->csr = in->csr;
        row->key = in->key;
        /* As it will be called, whoever says it. */
        memcpy(row->device, check->slot.name, sizeof row->device);
        return BM_OK;
    }
    row->subject = (struct bm_bytes){ NULL, 0 };
    row->state = is_duplicate(found.status) &&
                         (check->batch.options & CA_BATCH_SKIP) != 0
                     ? STORE_ROW_SKIPPED
                     : STORE_ROW_WRONG;
    (void)snprintf(row->column, sizeof row->column, "%s",
                   found.column != NULL ? found.column
                                        : column_of(found.status));
    put_words(&found, row->words);
    return BM_OK;
}

static bm_status put_row(struct ca_batch_check *check,
                         const struct ca_batch_row *in, int64_t now)
{
    const struct store *s = check->ca->c.store;
    struct store_batch *batch = &check->batch;
    struct store_batch_row row = { .batch = batch->id, .number = in->number };

    BM_TRY(copy(row.device, sizeof row.device, in->device));
    BM_TRY(copy(row.name, sizeof row.name, in->name));
    BM_TRY(fill_row(check, in, now, &row));
    batch->rows++;
    batch->wrong += row.state == STORE_ROW_WRONG;
    batch->skipped += row.state == STORE_ROW_SKIPPED;
    return s->batch_row_put(s->self, &row);
}

/* ---- Many */

static bm_status put_rows(struct ca_batch_check *check,
                          const struct ca_batch_row *rows, size_t n,
                          int64_t now, struct ca_refusal *why)
{
    const struct store *s = check->ca->c.store;
    struct store_operator op;
    struct store_batch row;

    BM_TRY(s->batch_get(s->self, &ca_everything, check->batch.id, &row));
    if (row.state != STORE_BATCH_CREATED) { /* somebody has stopped it */
        return ca_refuse_plain(why, BM_E_CA_BATCH);
    }
    BM_TRY(ca_batch_actor(check->ca, &check->batch, &op, &check->actor, why));
    check->ca->dirty = true;
    check->quota.n = 0;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].number <= check->last ||
            rows[i].number > STORE_BATCH_ROWS_MAX) {
            return ca_refuse(why, BM_E_CA_ORDER, "row %u after row %u",
                             (unsigned)rows[i].number, (unsigned)check->last);
        }
        BM_TRY(put_row(check, &rows[i], now));
        check->last = rows[i].number;
    }
    return s->batch_put(s->self, &check->batch);
}

bm_status ca_batch_check_rows(struct ca_batch_check *check,
                              const struct ca_batch_row *rows, size_t n,
                              int64_t now, struct ca_refusal *why)
{
    struct ca *ca = check->ca;

    if (n > CA_BATCH_STEP) {
        return ca_refuse_plain(why, BM_E_ARGUMENT);
    }
    /* With the end of the file all of it is durable; without one, it is read
     * again. */
    BM_TRY(ca_begin_soon(ca, now, why));
    BM_TRY(ca_end(ca, put_rows(check, rows, n, now, why), now, why));
    return check->batch.wrong <= CA_BATCH_WRONG_MAX
               ? BM_OK
               : ca_refuse(why, BM_E_CA_ORDER, "more than %d rows are wrong",
                           CA_BATCH_WRONG_MAX);
}

/* What becomes of it, now that all of it was looked at. */
static void judge(const struct ca_batch_check *check,
                  const struct ca_refusal *failed,
                  struct ca_batch_change *change, char words[STORE_NAME_MAX])
{
    const struct store_batch *batch = &check->batch;

    change->state = STORE_BATCH_REJECTED;
    change->words = words;
    words[0] = '\0';
    if (failed != NULL) {
        struct finding found = { .status = failed->status, .why = *failed };

        put_words(&found, words);
    } else if (batch->rows == 0) {
        (void)snprintf(words, STORE_NAME_MAX, "there is no row");
    } else if (batch->wrong != 0) {
        (void)snprintf(words, STORE_NAME_MAX, "%u of %u rows are wrong",
                       (unsigned)batch->wrong, (unsigned)batch->rows);
    } else {
        change->state =
            check->approval ? STORE_BATCH_AWAITING : STORE_BATCH_ISSUING;
    }
}

static bm_status end(struct ca_batch_check *check,
                     const struct ca_refusal *failed, int64_t now,
                     struct ca_refusal *why)
{
    const struct store *s = check->ca->c.store;
    struct ca_batch_change change = { .hash = NULL };
    char words[STORE_NAME_MAX];
    struct store_batch row;

    /* Somebody may have stopped it meanwhile. */
    BM_TRY(s->batch_get(s->self, &ca_everything, check->batch.id, &row));
    if (row.state != STORE_BATCH_CREATED) {
        return ca_refuse_plain(why, BM_E_CA_BATCH);
    }
    judge(check, failed, &change, words);
    if (change.state == STORE_BATCH_ISSUING) {
        check->batch.options |= CA_BATCH_LOOKED;
    }
    if (change.state == STORE_BATCH_AWAITING) {
        int64_t wait = check->ca->c.batch_wait;

        check->batch.expires = now + (wait != 0 ? wait : CA_BATCH_WAIT);
    }
    BM_TRY(ca_batch_put_state(check->ca, &ca_batch_authority, &check->batch,
                              &change, now));
    return change.state == STORE_BATCH_REJECTED
               ? s->batch_clear(s->self, check->batch.id, STORE_ROW_WAITING)
               : BM_OK;
}

bm_status ca_batch_check_end(struct ca_batch_check *check,
                             const struct ca_refusal *failed, int64_t now,
                             struct ca_refusal *why)
{
    BM_TRY(ca_begin(check->ca, now, why));
    return ca_end(check->ca, end(check, failed, now, why), now, why);
}
