/* SPDX-License-Identifier: Apache-2.0 */

/* Whose turn it is; and what becomes of batches whose time is over. */
#include <string.h>

#include "ca/batch_internal.h"

/* Seconds until one whose step has failed has its turn again: doubled with
 * each failure. */
#define WAIT_MIN 2
#define WAIT_MAX 300

/* ---- Those that have failed */

static struct ca_batch_failed *find_failed(struct ca_batch_turns *turns,
                                           uint64_t id)
{
    for (size_t i = 0; i < CA_BATCH_FAILED_MAX; i++) {
        if (turns->failed[i].id == id) {
            return &turns->failed[i];
        }
    }
    return NULL;
}

void ca_batch_went(struct ca_batch_turns *turns, uint64_t id)
{
    struct ca_batch_failed *f = find_failed(turns, id);

    if (f != NULL) {
        memset(f, 0, sizeof *f);
    }
}

/* A place for one more: a free one, or that of who is waited for the least. */
static struct ca_batch_failed *spare(struct ca_batch_turns *turns)
{
    struct ca_batch_failed *f = &turns->failed[0];

    for (size_t i = 1; i < CA_BATCH_FAILED_MAX; i++) {
        if (turns->failed[i].until < f->until) {
            f = &turns->failed[i];
        }
    }
    memset(f, 0, sizeof *f);
    return f;
}

void ca_batch_failed(struct ca_batch_turns *turns, uint64_t id, int64_t now)
{
    struct ca_batch_failed *f = find_failed(turns, id);

    if (f == NULL) {
        f = spare(turns);
        f->id = id;
    }
    f->wait = f->wait == 0              ? WAIT_MIN
              : f->wait >= WAIT_MAX / 2 ? WAIT_MAX
                                        : 2 * f->wait;
    f->until = now + f->wait;
}

/* ---- Turns */

struct choice {
    struct ca_batch_turns *turns;
    int64_t now;
    bool passed;              /* one would be next but for its failing */
    bool revoking;            /* `first` and `next` are */
    struct store_batch first; /* of all; id 0: none */
    struct store_batch next;  /* after the last turn; likewise */
};

static bool may_go(struct choice *c, const struct store_batch *row)
{
    const struct ca_batch_failed *f = find_failed(c->turns, row->id);

    if (f != NULL && c->now < f->until && f->until - c->now <= WAIT_MAX) {
        c->passed = true;
        return false;
    }
    return row->state != STORE_BATCH_CREATED || !c->turns->reading;
}

/* Those that are revoked come first, and all of them before the others. */
static bm_status see_open(void *arg, const void *visited)
{
    const struct store_batch *row = visited;
    struct choice *c = arg;

    if (!may_go(c, row)) {
        return BM_OK;
    }
    if (c->revoking && row->state != STORE_BATCH_REVOKING) {
        return BM_E_END;
    }
    c->revoking = row->state == STORE_BATCH_REVOKING;
    if (c->first.id == 0) {
        ca_batch_keep(&c->first, row);
    }
    if (row->id > c->turns->last) {
        ca_batch_keep(&c->next, row);
        return BM_E_END;
    }
    return BM_OK;
}

static bm_status choose(struct ca *ca, struct choice *c,
                        struct store_batch *batch)
{
    const struct store *s = ca->c.store;
    struct store_visit visit = { c, see_open };

    BM_TRY(s->batch_open(s->self, &visit));
    *batch = c->next.id != 0 ? c->next : c->first;
    if (batch->id == 0) {
        return c->passed ? BM_E_BUSY : BM_E_NOT_FOUND;
    }
    c->turns->last = batch->id;
    return BM_OK;
}

/* ---- What is over */

static const char *why_lapsed(const struct store_batch *batch)
{
    return batch->state == STORE_BATCH_AWAITING  ? "nobody approved it in time"
           : batch->state == STORE_BATCH_ABORTED ? "nobody resumed it in time"
                                                 : "";
}

/* Rows that wait are not issued any more, and nothing is fetched. */
static bm_status put_lapse(struct ca *ca, struct store_batch *batch,
                           int64_t now)
{
    const struct ca_batch_change change = { .state = STORE_BATCH_EXPIRED,
                                            .words = why_lapsed(batch) };
    const struct store *s = ca->c.store;

    batch->expires = 0;
    BM_TRY(ca_batch_put_state(ca, &ca_batch_authority, batch, &change, now));
    BM_TRY(s->batch_clear(s->self, batch->id, STORE_ROW_WAITING));
    return s->batch_forget(s->self, batch->id);
}

static bool lapses(const struct store_batch *batch)
{
    switch (batch->state) {
    case STORE_BATCH_AWAITING:
    case STORE_BATCH_READY:
    case STORE_BATCH_PARTLY:
    case STORE_BATCH_DOWNLOADED:
    case STORE_BATCH_ABORTED:
        return true;
    default:
        return false;
    }
}

static bm_status find(struct ca *ca, struct choice *c,
                      struct store_batch *batch, struct store_batch *lapsed)
{
    const struct store *s = ca->c.store;
    struct store_batch row;
    bm_status rc = s->batch_lapsed(s->self, c->now, &row);

    memset(lapsed, 0, sizeof *lapsed);
    if (rc == BM_OK) {
        ca_batch_keep(lapsed, &row);
    } else if (rc != BM_E_NOT_FOUND) {
        return rc;
    }
    return choose(ca, c, batch);
}

bm_status ca_batch_next(struct ca *ca, struct ca_batch_turns *turns,
                        int64_t now, struct store_batch *batch,
                        struct ca_refusal *why)
{
    const struct store *s = ca->c.store;
    struct choice choice = { .turns = turns, .now = now };
    struct store_batch lapsed;
    bm_status rc;

    memset(batch, 0, sizeof *batch);
    memset(&lapsed, 0, sizeof lapsed);
    BM_TRY(s->begin(s->self, STORE_READ));
    rc = find(ca, &choice, batch, &lapsed);
    s->rollback(s->self);
    if (lapsed.id != 0 && lapses(&lapsed)) {
        BM_TRY(ca_begin(ca, now, why));
        BM_TRY(ca_end(ca, put_lapse(ca, &lapsed, now), now, why));
    }
    return rc;
}
