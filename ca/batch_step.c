/* SPDX-License-Identifier: Apache-2.0 */

/* Going on with a batch: whose step it is, and in whose name. */
#include <stdlib.h>
#include <string.h>

#include "ca/batch_run.h"

#define OPERATOR "operator:"

/* ---- Places */

static void place_free(const struct bm_crypto *crypto,
                       struct batch_place *place)
{
    (void)crypto->hash_end(crypto->self, &place->hash, NULL);
    free(place);
}

void batch_place_drop(struct batch_work *w)
{
    struct batch_place **at = &w->run->places;

    while (*at != NULL && *at != w->place) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = w->place->next;
        place_free(w->ca->c.crypto, w->place);
    }
    w->place = NULL;
}

void ca_batch_run_free(struct ca *ca)
{
    struct ca_batch_run *run = ca->batch;

    while (run != NULL && run->places != NULL) {
        struct batch_place *place = run->places;

        run->places = place->next;
        place_free(ca->c.crypto, place);
    }
    free(run);
    ca->batch = NULL;
}

/* Where it is; what was known of it in another state is over. */
static bm_status find_place(struct batch_work *w)
{
    struct batch_place *place = w->run->places;

    while (place != NULL && place->id != w->batch->id) {
        place = place->next;
    }
    if (place != NULL && place->state != w->batch->state) {
        w->place = place;
        batch_place_drop(w);
        place = NULL;
    }
    if (place == NULL) {
        place = calloc(1, sizeof *place);
        if (place == NULL) {
            return ca_refuse_plain(w->why, BM_E_MEMORY);
        }
        place->id = w->batch->id;
        place->state = w->batch->state;
        place->next = w->run->places;
        w->run->places = place;
    }
    w->place = place;
    return BM_OK;
}

/* ---- Between the files */

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

bm_status batch_go_to(const struct batch_work *w,
                      const struct ca_batch_change *change)
{
    const struct store *s = w->ca->c.store;
    struct store_batch row;
    bm_status rc;

    BM_TRY(ca_begin(w->ca, w->now, w->why));
    rc = s->batch_get(s->self, &ca_everything, w->batch->id, &row);
    if (rc == BM_OK && row.state == w->batch->state) {
        rc = ca_batch_put_state(w->ca, &ca_batch_authority, &row, change,
                                w->now);
    }
    return ca_end(w->ca, rc, w->now, w->why);
}

bm_status ca_batch_step(struct ca *ca, const struct store_batch *batch,
                        int64_t now, struct ca_refusal *why)
{
    struct batch_work w = { .ca = ca, .batch = batch, .now = now, .why = why };

    if (ca->batch == NULL) {
        ca->batch = calloc(1, sizeof *ca->batch);
        if (ca->batch == NULL) {
            return ca_refuse_plain(why, BM_E_MEMORY);
        }
    }
    w.run = ca->batch;
    switch (batch->state) {
    case STORE_BATCH_ISSUING:
        BM_TRY(find_place(&w));
        return batch_issue(&w);
    case STORE_BATCH_REVOKING:
        BM_TRY(find_place(&w));
        return batch_revoke(&w);
    default:
        return ca_refuse_plain(why, BM_E_CA_BATCH);
    }
}
