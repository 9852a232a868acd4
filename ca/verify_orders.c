/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pulls, batches, where devices are, and signals: each row is what its last
 * record says. Of each there is a bit for its id: does the row fit the record
 * that was read last? So the last one decides, and in the end each row has one.
 *
 * Not recorded, and so not found: who is to have what a batch hands out; how
 * often a signal came, but that it cannot have come oftener than it is counted.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ca/batch.h"
#include "ca/internal.h"
#include "ca/renewal.h"
#include "ca/signal.h"
#include "ca/verify_internal.h"

/* Ids of one kind: 128 MiB of bits. They count from 1 and have no gaps. */
#define IDS_MAX (UINT64_C(1) << 30)

static const struct store_scope everything = { 0, 0 };

/* ---- Bits */

static bm_status set_bit(struct verify_fits *f, uint64_t id, bool fits)
{
    size_t at = (size_t)(id / 8);
    uint8_t bit = (uint8_t)(1U << id % 8);
    size_t n = f->n == 0 ? 1024 : f->n;
    uint8_t *more;

    if (id >= IDS_MAX) {
        return BM_E_LIMIT;
    }
    while (n <= at) {
        n *= 2;
    }
    if (n > f->n) {
        more = realloc(f->octets, n);
        if (more == NULL) {
            return BM_E_MEMORY;
        }
        memset(more + f->n, 0, n - f->n);
        f->octets = more;
        f->n = n;
    }
    f->octets[at] =
        (uint8_t)(fits ? f->octets[at] | bit : f->octets[at] & ~bit);
    return BM_OK;
}

static bool get_bit(const struct verify_fits *f, uint64_t id)
{
    return id / 8 < f->n && (f->octets[id / 8] >> id % 8 & 1) != 0;
}

/* ---- What is said of each that is not right */

/* The row that a record is about; damage of it is found elsewhere. */
static bm_status missing(struct verify *v, bm_status rc, const char *what,
                         uint64_t id)
{
    return rc == BM_E_NOT_FOUND
               ? verify_found(v, BM_E_LEDGER_MISSING,
                              "%s %" PRIu64
                              " is recorded, but not in the store",
                              what, id)
               : verify_damage(v, rc, what, "");
}

static bm_status changed(struct verify *v, const char *what, uint64_t id)
{
    return verify_found(v, BM_E_LEDGER_CHANGED,
                        "%s %" PRIu64 " is not as it was recorded", what, id);
}

static bool is_text(struct bm_bytes text, const char *s)
{
    return bm_bytes_are(text, s, strlen(s));
}

static bool begins(struct bm_bytes text, const char *s)
{
    size_t n = strlen(s);

    return text.n >= n && memcmp(text.p, s, n) == 0;
}

/* ---- Pulls */

static bm_status note_pull(struct verify *v, const struct ca_record *r)
{
    const struct store *s = v->store;
    bool made = begins(r->text, CA_PULL_MADE);
    struct store_pull row;
    bm_status rc = s->pull_get(s->self, &everything, r->number, &row);

    if (rc != BM_OK) {
        return missing(v, rc, "pull", r->number);
    }
    if (made && (r->time != row.created || !is_text(r->actor, row.creator))) {
        BM_TRY(changed(v, "pull", r->number));
    }
    return set_bit(
        &v->fits[VERIFY_PULLS], r->number,
        ca_pull_is_said(&row, r->text) && r->organisation == row.organisation &&
            is_text(r->ca, row.ca) && is_text(r->profile, row.profile) &&
            (made || r->time == row.cancelled));
}

static bm_status compare_pull(void *arg, const void *visited)
{
    const struct store_pull *row = visited;
    struct verify *v = arg;

    return get_bit(&v->fits[VERIFY_PULLS], row->id)
               ? BM_OK
               : changed(v, "pull", row->id);
}

/* ---- Batches */

static bm_status note_batch(struct verify *v, const struct ca_record *r)
{
    const struct store *s = v->store;
    char words[CA_BATCH_WORDS];
    struct store_batch row;
    bm_status rc = s->batch_get(s->self, &everything, r->number, &row);

    if (rc != BM_OK) {
        return missing(v, rc, "batch", r->number);
    }
    if (r->time == row.created && r->hash.n != 0 &&
        begins(r->text, ca_batch_state_name(STORE_BATCH_CREATED)) &&
        (!bm_bytes_equal(r->hash, BM_ARRAY(row.upload)) ||
         !is_text(r->actor, row.creator))) {
        BM_TRY(changed(v, "batch", r->number));
    }
    ca_batch_words(row.state, row.reason, words);
    return set_bit(&v->fits[VERIFY_BATCHES], r->number,
                   is_text(r->text, words) && r->time == row.changed &&
                       r->organisation == row.organisation &&
                       is_text(r->profile, row.profile) &&
                       is_text(r->subject, row.name));
}

/* Rows of a batch, by state; and certificates that are not its own. */
struct counting {
    struct verify *v;
    const struct store_batch *batch;
    uint32_t n[STORE_ROW_REFUSED + 1];
    bool strange;
};

static bm_status count_row(void *arg, const void *visited)
{
    const struct store_batch_row *row = visited;
    struct counting *c = arg;
    const struct store *s = c->v->store;
    struct store_cert cert;
    bm_status rc;

    c->n[row->state]++;
    if (row->state != STORE_ROW_ISSUED) {
        return BM_OK;
    }
    rc = s->cert_get(s->self, &everything, row->cert, &cert);
    c->strange = c->strange || rc != BM_OK ||
                 cert.organisation != c->batch->organisation ||
                 strcmp(cert.profile, c->batch->profile) != 0;
    return rc == BM_E_NOT_FOUND || rc == BM_E_STORE_CORRUPT ? BM_OK : rc;
}

/* While a batch is read its rows come in portions, and are counted after. */
static bm_status compare_counts(struct verify *v, const struct store_batch *b)
{
    const struct store *s = v->store;
    struct counting c = { .v = v, .batch = b };
    const struct store_visit visit = { &c, count_row };

    if (b->state == STORE_BATCH_CREATED) {
        return BM_OK;
    }
    BM_TRY(s->batch_row_list(s->self, b->id, 0, (enum store_batch_row_state)0,
                             &visit));
    return !c.strange && c.n[STORE_ROW_ISSUED] == b->issued &&
                   c.n[STORE_ROW_SKIPPED] == b->skipped &&
                   c.n[STORE_ROW_WRONG] == b->wrong &&
                   c.n[STORE_ROW_REFUSED] == b->refused &&
                   b->revoked <= b->issued &&
                   (uint64_t)b->issued + b->skipped + b->wrong + b->refused +
                           c.n[STORE_ROW_WAITING] <=
                       b->rows
               ? BM_OK
               : verify_found(v, BM_E_LEDGER_CHANGED,
                              "batch %" PRIu64
                              ": its rows are not those that it counts",
                              b->id);
}

static bm_status compare_batch(void *arg, const void *visited)
{
    const struct store_batch *row = visited;
    struct verify *v = arg;

    if (!get_bit(&v->fits[VERIFY_BATCHES], row->id)) {
        BM_TRY(changed(v, "batch", row->id));
    }
    return verify_damage(v, compare_counts(v, row), "row of batch", row->name);
}

/* ---- Where devices are */

/* A device that has another name or owner by now has no row by this one. */
static bm_status note_shipping(struct verify *v, const struct ca_record *r)
{
    const struct store *s = v->store;
    char name[STORE_NAME_MAX];
    struct store_shipping row;
    struct store_device device;
    bm_status rc = BM_E_NOT_FOUND;

    if (r->subject.n < sizeof name) {
        memcpy(name, r->subject.p, r->subject.n);
        name[r->subject.n] = '\0';
        rc = s->device_find(s->self, r->organisation, name, &device);
    }
    if (rc != BM_OK) {
        return verify_damage(v, rc == BM_E_NOT_FOUND ? BM_OK : rc, "device",
                             "");
    }
    rc = s->shipping_get(s->self, device.id, &row);
    if (rc != BM_OK) {
        return missing(v, rc, "shipping of device", device.id);
    }
    return set_bit(&v->fits[VERIFY_SHIPPINGS], device.id,
                   r->organisation == row.organisation && r->time == row.at &&
                       r->number == (uint64_t)row.shipped &&
                       is_text(r->text, ca_shipping_words(row.shipped)));
}

static bm_status compare_shipping(void *arg, const void *visited)
{
    const struct store_shipping *row = visited;
    struct verify *v = arg;
    const struct store *s = v->store;
    struct store_device device;
    bm_status rc;

    if (get_bit(&v->fits[VERIFY_SHIPPINGS], row->device)) {
        return BM_OK;
    }
    rc = s->device_get(s->self, &everything, row->device, &device);
    if (rc == BM_OK && device.organisation != row->organisation) {
        return BM_OK; /* recorded in the name of who had it */
    }
    return rc == BM_OK || rc == BM_E_NOT_FOUND
               ? changed(v, "shipping of device", row->device)
               : verify_damage(v, rc, "device", "");
}

/* ---- Signals */

struct signal_by_id {
    uint64_t id;
    struct store_signal row; /* id 0: there is none */
};

static bm_status take_signal(void *arg, const void *visited)
{
    struct signal_by_id *by = arg;
    const struct store_signal *row = visited;

    if (row->id == by->id) {
        by->row = *row;
    }
    return BM_E_END;
}

static bm_status note_signal(struct verify *v, const struct ca_record *r)
{
    const struct store *s = v->store;
    const struct store_signal_filter filter = { .before = r->number + 1 };
    struct signal_by_id by = { .id = r->number };
    const struct store_visit visit = { &by, take_signal };
    bm_status rc = s->signal_list(s->self, &everything, &filter, &visit);

    v->signals_from = v->signals_from == 0 ? r->number : v->signals_from;
    if (rc != BM_OK || by.row.id == 0) {
        return missing(v, rc != BM_OK ? rc : BM_E_NOT_FOUND, "signal",
                       r->number);
    }
    return set_bit(&v->fits[VERIFY_SIGNALS], r->number,
                   r->organisation == by.row.organisation &&
                       r->time == by.row.first &&
                       is_text(r->text, by.row.kind));
}

/* Those from before signals were recorded have no record. */
static bm_status compare_signal(void *arg, const void *visited)
{
    const struct store_signal *row = visited;
    struct verify *v = arg;
    bool recorded = get_bit(&v->fits[VERIFY_SIGNALS], row->id) ||
                    v->signals_from == 0 || row->id < v->signals_from;
    bool counted =
        row->count != 0 && row->last >= row->first &&
        (int64_t)(row->count - 1) <= (row->last - row->first) / CA_SIGNAL_QUIET;

    return recorded && counted ? BM_OK : changed(v, "signal", row->id);
}

/* ---- All of them */

bm_status verify_note_order(struct verify *v, const struct ca_record *record)
{
    switch (record->kind) {
    case CA_RECORD_PULL:
        return note_pull(v, record);
    case CA_RECORD_BATCH:
        return note_batch(v, record);
    case CA_RECORD_SHIPPING:
        return note_shipping(v, record);
    default:
        return note_signal(v, record);
    }
}

bm_status verify_orders(struct verify *v)
{
    const struct store *s = v->store;
    const struct store_visit pulls = { v, compare_pull };
    const struct store_visit batches = { v, compare_batch };
    const struct store_visit shippings = { v, compare_shipping };
    const struct store_visit signals = { v, compare_signal };
    const struct store_signal_filter all = { .before = 0 };

    BM_TRY(verify_damage(v, s->pull_list(s->self, &everything, 0, &pulls),
                         "pull", ""));
    BM_TRY(verify_damage(v,
                         s->batch_list(s->self, &everything, 0,
                                       (enum store_batch_state)0, &batches),
                         "batch", ""));
    BM_TRY(verify_damage(v, s->shipping_list(s->self, &shippings), "shipping",
                         ""));
    return verify_damage(
        v, s->signal_list(s->self, &everything, &all, &signals), "signal", "");
}
