/* SPDX-License-Identifier: Apache-2.0 */

/* Certificates of a batch are revoked with it. */
#include "ca/batch_run.h"

struct ending {
    struct batch_work *w;
    const struct ca_actor *actor;
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
    e->w->place->after = row->number;
    return BM_OK;
}

static bm_status end_cert(const struct ending *e, struct store_batch *batch,
                          uint64_t id)
{
    struct ca *ca = e->w->ca;
    const struct store *s = ca->c.store;
    struct ca_cert_row kept;
    struct store_cert row;

    BM_TRY(s->cert_get(s->self, &ca_everything, id, &row));
    if (row.status == STORE_CERT_REVOKED ||
        row.status == STORE_CERT_ABANDONED) {
        return BM_OK;
    }
    ca_keep_row(&kept, &row);
    BM_TRY(ca_check_operator_cert(ca, e->actor, id, e->w->why));
    BM_TRY(ca_keep_administrator(ca, id, NULL, e->w->now, e->w->why));
    batch->revoked++;
    return ca_put_end(ca, e->actor, &kept.row, (uint8_t)batch->revocation,
                      e->w->now);
}

static bm_status revoke_rows(struct ending *e, bool *end)
{
    const struct batch_work *w = e->w;
    const struct ca_batch_change change = { .state = STORE_BATCH_REVOKED,
                                            .words = w->batch->reason };
    const struct store *s = w->ca->c.store;
    struct store_visit visit = { e, take_cert };
    struct store_batch batch;

    BM_TRY(s->batch_get(s->self, &ca_everything, w->batch->id, &batch));
    BM_TRY(s->batch_row_list(s->self, batch.id, w->place->after,
                             STORE_ROW_ISSUED, &visit));
    for (size_t i = 0; i < e->n; i++) {
        BM_TRY(end_cert(e, &batch, e->certs[i]));
    }
    w->ca->dirty = true;
    if (e->n != 0) {
        return s->batch_put(s->self, &batch);
    }
    *end = true;
    batch.expires = 0;
    BM_TRY(s->batch_forget(s->self, batch.id));
    return ca_batch_put_state(w->ca, e->actor, &batch, &change, w->now);
}

bm_status batch_revoke(struct batch_work *w)
{
    /* He was allowed to when he said so. */
    const struct ca_actor actor = { .name = w->batch->actor,
                                    .mode = "batch",
                                    .organisation = w->batch->organisation,
                                    .roles = CA_ROLE_REGISTRAR };
    struct ending e = { .w = w, .actor = &actor };
    uint32_t after = w->place->after;
    bool end = false;
    bm_status rc;

    BM_TRY(ca_begin(w->ca, w->now, w->why));
    rc = ca_end(w->ca, revoke_rows(&e, &end), w->now, w->why);
    if (rc != BM_OK) {
        w->place->after = after;
    } else if (end) {
        batch_place_drop(w);
    }
    return rc;
}
