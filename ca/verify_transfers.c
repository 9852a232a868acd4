/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that change hands: each row is what was recorded on account of both
 * sides, once when it was offered and once when that ended, and the devices of
 * one that was accepted are with whoever had them last. 48 octets of memory
 * for each.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ca/transfer.h"
#include "ca/verify_internal.h"

static const struct store_scope everything = { 0, 0 };

static struct verify_transfer *find(const struct verify *v, uint64_t id)
{
    size_t low = 0;
    size_t high = v->transfers_n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (v->transfers[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < v->transfers_n && v->transfers[low].id == id
               ? &v->transfers[low]
               : NULL;
}

/* Numbers rise, so the list is in their order. */
static bm_status add(struct verify *v, uint64_t id)
{
    if (v->transfers_n == v->transfers_cap) {
        size_t cap = v->transfers_cap == 0 ? 64 : 2 * v->transfers_cap;
        struct verify_transfer *more;

        if (cap > VERIFY_TRANSFERS_MAX) {
            return BM_E_LIMIT;
        }
        more = realloc(v->transfers, cap * sizeof *more);
        if (more == NULL) {
            return BM_E_MEMORY;
        }
        v->transfers = more;
        v->transfers_cap = cap;
    }
    v->transfers[v->transfers_n++] = (struct verify_transfer){ .id = id };
    return BM_OK;
}

static bool is_text(struct bm_bytes text, const char *s)
{
    return bm_bytes_are(text, s, strlen(s));
}

/* A row as it was when it was offered. */
static void take_back(struct store_transfer *row)
{
    row->state = STORE_TRANSFER_OFFERED;
    row->decided = 0;
    row->decider[0] = '\0';
    row->profile[0] = '\0';
    row->reason[0] = '\0';
}

/* The first record of a side is that of the offer, the second that of the end,
 * and there is no third. */
static bool fits(const struct verify_transfer *t, struct store_transfer *row,
                 const struct ca_record *record)
{
    bool receivers = record->organisation == row->receiver;
    unsigned before = t->said[receivers];
    struct ca_transfer_said said;

    if ((!receivers && record->organisation != row->organisation) ||
        before > 1 || (before == 1 && row->state == STORE_TRANSFER_OFFERED)) {
        return false;
    }
    if (before == 0) {
        take_back(row);
    }
    ca_transfer_say(row, record->organisation, &said);
    return bm_bytes_equal(record->hash, BM_ARRAY(t->hash)) &&
           record->time == said.time && is_text(record->actor, said.actor) &&
           is_text(record->text, said.text) &&
           is_text(record->profile, said.profile);
}

/* What has no row is found in the end. */
static bm_status compare(struct verify *v, struct verify_transfer *t,
                         const struct ca_record *record)
{
    const struct store *s = v->store;
    struct store_transfer row;
    bm_status rc = s->transfer_get(s->self, &everything, t->id, &row);
    bool receivers;

    if (rc != BM_OK) {
        return rc == BM_E_NOT_FOUND ? BM_OK
                                    : verify_damage(v, rc, "transfer", "");
    }
    receivers = record->organisation == row.receiver;
    if (!fits(t, &row, record)) {
        return verify_found(v, BM_E_LEDGER_CHANGED,
                            "transfer %" PRIu64 " is not as it was recorded",
                            t->id);
    }
    t->said[receivers]++;
    return BM_OK;
}

bm_status verify_note_transfer(struct verify *v, const struct ca_record *record)
{
    struct verify_transfer *t = find(v, record->number);

    if (t == NULL && v->transfers_n != 0 &&
        v->transfers[v->transfers_n - 1].id > record->number) {
        return verify_found(v, BM_E_LEDGER_CHANGED,
                            "transfer %" PRIu64 " is recorded too late",
                            record->number);
    }
    if (t == NULL) {
        BM_TRY(add(v, record->number));
        t = &v->transfers[v->transfers_n - 1];
        memcpy(t->hash, record->hash.p, sizeof t->hash);
    }
    return compare(v, t, record);
}

/* ---- What became of the devices */

struct walk {
    struct verify *v;
    struct store_transfer row; /* the one that is looked at */
    bool found;
    size_t n;
    struct store_transferred item[CA_TRANSFER_MAX];

    uint64_t later; /* another one, and what was received by it */
    size_t received_n;
    uint64_t received[CA_TRANSFER_MAX];
};

static bm_status take_item(void *arg, const void *visited)
{
    struct walk *w = arg;

    if (w->n == CA_TRANSFER_MAX) {
        return BM_E_STORE_CORRUPT;
    }
    w->item[w->n++] = *(const struct store_transferred *)visited;
    return BM_OK;
}

static bm_status take_received(void *arg, const void *visited)
{
    struct walk *w = arg;
    const struct store_transferred *item = visited;

    if (w->received_n == CA_TRANSFER_MAX) {
        return BM_E_STORE_CORRUPT;
    }
    w->received[w->received_n++] = item->received;
    return BM_OK;
}

/* Did it come back by a later one? Many mostly do by the same. */
static bm_status came_later(struct walk *w, const struct store_device *device,
                            bool *yes)
{
    const struct store *s = w->v->store;
    const struct store_visit visit = { w, take_received };

    *yes = false;
    if (device->came <= w->row.id) {
        return BM_OK;
    }
    if (w->later != device->came) {
        w->later = 0;
        w->received_n = 0;
        BM_TRY(s->transferred_list(s->self, device->came, 0, &visit));
        w->later = device->came;
    }
    for (size_t i = 0; !*yes && i < w->received_n; i++) {
        *yes = w->received[i] == device->id;
    }
    return BM_OK;
}

/* Who has a device is whoever got it last. */
struct holder {
    uint64_t came; /* by which transfer, the last of its line */
    bool has;      /* that row is not TRANSFERRED, */
    unsigned n;    /* and so many are not */
};

static bm_status look_at_row(void *arg, const void *visited)
{
    const struct store_device *row = visited;
    struct holder *h = arg;
    bool has = row->state != STORE_DEVICE_TRANSFERRED;

    h->n += has;
    if (row->came >= h->came) {
        h->came = row->came;
        h->has = has;
    }
    return BM_OK;
}

static bm_status check_holder(const struct walk *w, uint64_t line, bool *right)
{
    const struct store *s = w->v->store;
    struct holder holder = { .came = 0 };
    const struct store_visit visit = { &holder, look_at_row };

    BM_TRY(s->device_line(s->self, line, &visit));
    *right = *right && holder.has && holder.n == 1;
    return BM_OK;
}

/* Both rows are there, each of its organisation, and are one device. */
static bm_status look_at_pair(struct walk *w,
                              const struct store_transferred *item, bool *right)
{
    const struct store *s = w->v->store;
    struct store_device given;
    struct store_device got;
    bool given_back;
    bool got_again;

    *right = false;
    BM_TRY(s->device_get(s->self, &everything, item->device, &given));
    BM_TRY(s->device_get(s->self, &everything, item->received, &got));
    BM_TRY(came_later(w, &given, &given_back));
    BM_TRY(came_later(w, &got, &got_again));
    *right = given.organisation == w->row.organisation &&
             got.organisation == w->row.receiver && given.line != 0 &&
             given.line == got.line && strcmp(given.name, got.name) == 0 &&
             (given.state == STORE_DEVICE_TRANSFERRED || given_back) &&
             (got.came == w->row.id || got_again);
    return check_holder(w, given.line, right);
}

static bm_status check_pair(struct walk *w,
                            const struct store_transferred *item)
{
    bool right;
    bm_status rc = look_at_pair(w, item, &right);

    if (rc != BM_OK && rc != BM_E_NOT_FOUND && rc != BM_E_STORE_CORRUPT) {
        return rc;
    }
    return right ? BM_OK
                 : verify_found(w->v, BM_E_LEDGER_CHANGED,
                                "transfer %" PRIu64 ": its device %" PRIu32
                                " is not where it says",
                                w->row.id, item->place);
}

static bm_status check_devices(struct walk *w)
{
    const struct store *s = w->v->store;
    const struct store_visit visit = { w, take_item };

    w->n = 0;
    BM_TRY(s->transferred_list(s->self, w->row.id, 0, &visit));
    for (size_t i = 0; i < w->n; i++) {
        BM_TRY(check_pair(w, &w->item[i]));
    }
    return BM_OK;
}

/* By both, all of it. */
static bool is_said(const struct verify_transfer *t,
                    const struct store_transfer *row)
{
    unsigned all = row->state == STORE_TRANSFER_OFFERED ? 1 : 2;

    return t->said[0] == all && t->said[1] == all;
}

static bm_status check_one(struct walk *w)
{
    struct verify *v = w->v;
    struct verify_transfer *t = find(v, w->row.id);
    uint8_t hash[STORE_HASH_SIZE] = { 0 };
    uint32_t n = 0;
    bm_status rc;

    if (t == NULL) {
        return verify_found(v, BM_E_LEDGER_UNRECORDED,
                            "transfer %" PRIu64 " is not on record", w->row.id);
    }
    t->met = true;
    rc = ca_transfer_hash(v->store, v->crypto, &w->row, hash, &n);
    if (rc != BM_OK && rc != BM_E_NOT_FOUND && rc != BM_E_STORE_CORRUPT) {
        return rc;
    }
    if (rc != BM_OK || n != w->row.devices ||
        memcmp(hash, t->hash, sizeof hash) != 0 || !is_said(t, &w->row)) {
        return verify_found(v, BM_E_LEDGER_CHANGED,
                            "transfer %" PRIu64 " is not as it was recorded",
                            w->row.id);
    }
    return w->row.state == STORE_TRANSFER_ACCEPTED ? check_devices(w) : BM_OK;
}

/* ---- All of them */

static bm_status take_row(void *arg, const void *visited)
{
    struct walk *w = arg;

    w->row = *(const struct store_transfer *)visited;
    w->found = true;
    return BM_E_END;
}

static bm_status check_all(struct walk *w)
{
    const struct store *s = w->v->store;
    const struct store_visit visit = { w, take_row };
    uint64_t after = 0;

    for (;;) {
        w->found = false;
        BM_TRY(verify_damage(
            w->v, s->transfer_list(s->self, &everything, after, &visit),
            "transfer", ""));
        if (!w->found) {
            return BM_OK;
        }
        after = w->row.id;
        BM_TRY(verify_damage(w->v, check_one(w), "devices of a transfer", ""));
    }
}

bm_status verify_transfers(struct verify *v)
{
    struct walk *w = calloc(1, sizeof *w);
    bm_status rc;

    if (w == NULL) {
        return BM_E_MEMORY;
    }
    w->v = v;
    rc = check_all(w);
    free(w);
    for (size_t i = 0; rc == BM_OK && i < v->transfers_n; i++) {
        if (!v->transfers[i].met) {
            rc = verify_found(v, BM_E_LEDGER_MISSING,
                              "transfer %" PRIu64
                              " is recorded, but not in the store",
                              v->transfers[i].id);
        }
    }
    return rc;
}
