/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/state.h"

bm_status bm_start_keys(struct bm_start *start)
{
    start->keyset.place = start->state.keyset & 1;
    BM_TRY(bm_keyset_load(start->boot, &start->keyset));
    start->state.keyset = (uint8_t)start->keyset.place;
    start->result->epoch = start->keyset.epoch;
    return BM_OK;
}

/* Its place in the journal is what makes the set count; what follows from it
 * is finished at each start (keyset_start.h). */
static bm_status accept(struct bm_start *start, unsigned slot)
{
    const struct bm_keyset_offer offer = { .road = BM_KEYSET_FIELD,
                                           .name = start->request.keyset,
                                           .slot = slot };

    BM_TRY(bm_keyset_accept(start->boot, &offer, &start->keyset));
    start->state.keyset = (uint8_t)start->keyset.place;
    start->result->epoch = start->keyset.epoch;
    return bm_start_put(start);
}

bm_status bm_start_keyset(struct bm_start *start, unsigned slot)
{
    bm_status rc;

    if ((start->request.flags & BM_REQUEST_KEYSET) != 0) {
        rc = accept(start, slot);
        if (rc != BM_OK) {
            bm_start_refuse(start, rc);
        }
    }
    rc = bm_keyset_settle(start->boot, &start->keyset, slot);
    /* What does not verify does not run either: that is found out later. */
    return rc == BM_E_KEYSET_RUNNING ? BM_OK : rc;
}
