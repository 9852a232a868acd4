/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that change hands: each offer is what was recorded when it was made,
 * what became of it is what was recorded last, and the devices of one that was
 * accepted are where it says. 40 octets of memory for each.
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

/* "refused", or "refused: why" */
static unsigned state_of(struct bm_bytes text)
{
    for (unsigned i = STORE_TRANSFER_OFFERED; i <= STORE_TRANSFER_LAPSED; i++) {
        const char *name = ca_transfer_state_name((enum store_transfer_state)i);
        size_t n = strlen(name);

        if (text.n >= n && memcmp(text.p, name, n) == 0 &&
            (text.n == n || text.p[n] == ':')) {
            return i;
        }
    }
    return 0;
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
    t->state = state_of(record->text);
    return memcmp(t->hash, record->hash.p, sizeof t->hash) == 0
               ? BM_OK
               : verify_found(v, BM_E_LEDGER_CHANGED,
                              "transfer %" PRIu64
                              " is not recorded as it was offered",
                              record->number);
}

/* ---- What became of the devices */

struct walk {
    struct verify *v;
    struct store_transfer row; /* the one that is looked at */
    bool found;
    size_t n;
    struct store_transferred item[CA_TRANSFER_MAX];
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

/* Both rows are there, each of its organisation, and are one device. */
static bm_status check_pair(struct walk *w,
                            const struct store_transferred *item)
{
    const struct store *s = w->v->store;
    struct store_device given;
    struct store_device got;
    bm_status rc = s->device_get(s->self, &everything, item->device, &given);

    if (rc == BM_OK) {
        rc = s->device_get(s->self, &everything, item->received, &got);
    }
    if (rc == BM_OK && given.organisation == w->row.organisation &&
        got.organisation == w->row.receiver && given.line != 0 &&
        given.line == got.line && strcmp(given.name, got.name) == 0) {
        return BM_OK;
    }
    if (rc != BM_OK && rc != BM_E_NOT_FOUND && rc != BM_E_STORE_CORRUPT) {
        return rc;
    }
    return verify_found(w->v, BM_E_LEDGER_CHANGED,
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
        memcmp(hash, t->hash, sizeof hash) != 0 || w->row.state != t->state) {
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
