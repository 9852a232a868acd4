/* SPDX-License-Identifier: Apache-2.0 */

/* The end of a batch: its list is hashed, line by line, and signed. */
#include <stdlib.h>

#include "ca/batch_run.h"

/* Rows whose lines are hashed in one step. */
#define LIST_STEP 2048

struct listing {
    struct batch_work *w;
    size_t n;
};

static bm_status hash_line(void *arg, const void *visited)
{
    struct listing *l = arg;
    const struct bm_crypto *crypto = l->w->ca->c.crypto;
    const struct store_batch_row *row = visited;
    uint8_t room[CA_BATCH_LINE_MAX];
    struct bm_wr w;
    size_t n;

    if (l->n++ == LIST_STEP) {
        return BM_E_END;
    }
    bm_wr_init(&w, room, sizeof room);
    BM_TRY(ca_batch_put_line(l->w->ca->c.store, crypto, row, &w));
    BM_TRY(bm_wr_finish(&w, &n));
    l->w->place->after = row->number;
    return crypto->hash_more(crypto->self, &l->w->place->hash, bm_wr_bytes(&w));
}

static bm_status begin(const struct batch_work *w,
                       const struct store_batch *batch,
                       enum batch_listing listing)
{
    const struct bm_crypto *crypto = w->ca->c.crypto;
    struct batch_place *place = w->place;
    uint8_t room[CA_BATCH_LINE_MAX];
    struct bm_wr head;
    size_t n;

    bm_wr_init(&head, room, sizeof room);
    ca_batch_put_head(batch, &head);
    BM_TRY(bm_wr_finish(&head, &n));
    BM_TRY(crypto->hash_begin(crypto->self, &place->hash, BM_HASH_SHA256));
    place->listing = listing;
    place->lines = 0;
    return crypto->hash_more(crypto->self, &place->hash, bm_wr_bytes(&head));
}

/* ---- Ahead */

void batch_ahead_drop(const struct batch_work *w)
{
    const struct bm_crypto *crypto = w->ca->c.crypto;

    if (w->place->listing == BATCH_LIST_AHEAD) {
        (void)crypto->hash_end(crypto->self, &w->place->hash, NULL);
        w->place->listing = BATCH_LIST_NONE;
    }
}

/* The head says how many are issued, before it is so. Rows with keys are read
 * without them. */
bm_status batch_ahead_begin(const struct batch_work *w)
{
    struct store_batch batch = *w->batch;

    if (w->place->listing != BATCH_LIST_NONE || batch.issued != 0 ||
        ca_batch_keys(&batch) != BM_KEY_UNKNOWN) {
        return BM_OK;
    }
    batch.issued = batch.rows - batch.skipped;
    return begin(w, &batch, BATCH_LIST_AHEAD);
}

bm_status batch_ahead_put(struct batch_place *place,
                          const struct bm_crypto *crypto,
                          const struct store_batch_row *row,
                          const struct store_cert *cert,
                          const uint8_t hash[STORE_HASH_SIZE])
{
    uint8_t room[CA_BATCH_LINE_MAX];
    struct bm_wr w;
    size_t n;

    if (place->listing != BATCH_LIST_AHEAD) {
        return BM_OK;
    }
    bm_wr_init(&w, room, sizeof room);
    BM_TRY(ca_batch_put_cert(crypto, row, cert, hash, &w));
    BM_TRY(bm_wr_finish(&w, &n));
    place->lines++;
    return crypto->hash_more(crypto->self, &place->hash, bm_wr_bytes(&w));
}

/* ---- The list as a whole */

static bm_status begin_list(const struct batch_work *w)
{
    const struct store *s = w->ca->c.store;
    struct store_batch batch;

    BM_TRY(s->batch_get(s->self, &ca_everything, w->place->id, &batch));
    if (w->place->listing == BATCH_LIST_AHEAD && batch.refused == 0 &&
        w->place->lines == batch.issued &&
        batch.issued == batch.rows - batch.skipped) {
        return BM_OK;
    }
    batch_ahead_drop(w);
    w->place->after = 0;
    return begin(w, &batch, BATCH_LIST_ROWS);
}

/* Octets of a detached signature with its chain. */
#define SIGNATURE_MAX ((size_t)64 << 10)

/* Both signatures over a list. */
struct signatures {
    struct bm_wr cms;
    struct bm_wr jws;
    uint8_t room[2][SIGNATURE_MAX];
};

/* Without anybody who signs, as before there is an operations CA, there is a
 * list all the same. */
static bm_status sign(const struct batch_work *w,
                      bm_status (*fn)(void *self, struct bm_bytes digest,
                                      int64_t now, struct bm_wr *w),
                      const uint8_t *digest, struct bm_wr *out)
{
    const struct bm_bytes what = { digest, STORE_HASH_SIZE };
    bm_status rc = fn == NULL ? BM_E_CA_UNAVAILABLE
                              : fn(w->ca->c.signer->self, what, w->now, out);
    size_t n;

    if (rc == BM_E_CA_UNAVAILABLE) {
        return BM_OK;
    }
    BM_TRY(rc);
    return bm_wr_finish(out, &n);
}

static bm_status sign_list(const struct batch_work *w, const uint8_t *digest,
                           struct signatures *s)
{
    const struct ca_signer *signer = w->ca->c.signer;

    bm_wr_init(&s->cms, s->room[0], sizeof s->room[0]);
    bm_wr_init(&s->jws, s->room[1], sizeof s->room[1]);
    BM_TRY(sign(w, signer->list, digest, &s->cms));
    return sign(w, signer->list_jws, digest, &s->jws);
}

static bm_status put_end(const struct batch_work *w, const uint8_t *digest,
                         const struct signatures *signatures)
{
    struct ca *ca = w->ca;
    const struct store *s = ca->c.store;
    struct ca_batch_change change = { .words = "", .hash = digest };
    struct store_batch batch;

    BM_TRY(s->batch_get(s->self, &ca_everything, w->batch->id, &batch));
    if (batch.state != STORE_BATCH_ISSUING) {
        return BM_OK; /* stopped at the last moment */
    }
    change.state = batch.refused == 0 ? STORE_BATCH_READY : STORE_BATCH_PARTLY;
    batch.expires = w->now + ca_batch_time(ca, &batch);
    ca->dirty = true;
    BM_TRY(s->batch_sign(s->self, batch.id, bm_wr_bytes(&signatures->cms),
                         bm_wr_bytes(&signatures->jws)));
    return ca_batch_put_state(ca, &ca_batch_authority, &batch, &change, w->now);
}

static bm_status end_list(struct batch_work *w)
{
    const struct bm_crypto *crypto = w->ca->c.crypto;
    struct signatures *signatures = malloc(sizeof *signatures);
    uint8_t digest[BM_HASH_MAX];
    bm_status rc = BM_E_MEMORY;

    if (signatures == NULL) {
        goto out;
    }
    rc = crypto->hash_end(crypto->self, &w->place->hash, digest);
    if (rc == BM_OK) {
        rc = sign_list(w, digest, signatures);
    }
    batch_place_drop(w); /* from here on it begins again, or has ended */
    if (rc == BM_OK) {
        rc = ca_begin(w->ca, w->now, w->why);
    }
    if (rc == BM_OK) {
        rc = ca_end(w->ca, put_end(w, digest, signatures), w->now, w->why);
    }
out:
    free(signatures);
    return rc;
}

static bm_status list_some(struct batch_work *w, bool *end)
{
    const struct store *s = w->ca->c.store;
    struct listing listing = { .w = w };
    struct store_visit visit = { &listing, hash_line };

    if (w->place->listing != BATCH_LIST_ROWS) {
        BM_TRY(begin_list(w));
    }
    *end = w->place->listing == BATCH_LIST_AHEAD;
    if (*end) {
        return BM_OK;
    }
    BM_TRY(s->batch_row_list(s->self, w->batch->id, w->place->after,
                             STORE_ROW_ISSUED, &visit));
    *end = listing.n <= LIST_STEP;
    return BM_OK;
}

bm_status batch_list(struct batch_work *w)
{
    const struct store *s = w->ca->c.store;
    bool end = false;
    bm_status rc;

    BM_TRY(s->begin(s->self, STORE_READ));
    rc = list_some(w, &end);
    s->rollback(s->self);
    if (rc != BM_OK) {
        batch_place_drop(w);
        return rc;
    }
    return end ? end_list(w) : BM_OK;
}
