/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/script_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ca/batch.h"
#include "tests/fault/report.h"

/* Batches: rows that are looked at do not wait for the disk, so that what an
 * answer promises is durable by the end of the file alone. */

/* Rows, and how many of them are looked at at once. */
#define ROWS 5
#define STEP 2

/* The batch `id`, without views. */
static bm_status get(const struct script *s, uint64_t id,
                     struct store_batch *row)
{
    const struct store_scope all = { 0, 0 };
    const struct store *store = s->in->store;
    bm_status rc = store->begin(store->self, STORE_READ);

    if (rc != BM_OK) {
        return rc;
    }
    rc = store->batch_get(store->self, &all, id, row);
    store->rollback(store->self);
    row->recipient.p = row->signature.p = row->jws.p = NULL;
    return rc;
}

static bm_status look_at_rows(struct script *s, struct ca_batch_check *check)
{
    struct ca_batch_row row[ROWS];
    bm_status rc = BM_OK;

    for (uint32_t i = 0; i < ROWS; i++) {
        script_order(s, i, LDEVID, s->devices++);
        row[i] = (struct ca_batch_row){ .number = i + 1,
                                        .device = s->request[i].device,
                                        .csr = s->csr[i].der };
    }
    for (uint32_t i = 0; i < ROWS && rc == BM_OK; i += STEP) {
        size_t n = ROWS - i < STEP ? ROWS - i : STEP;

        rc = ca_batch_check_rows(check, row + i, n, s->now, &s->result->why);
    }
    return rc == BM_OK
               ? ca_batch_check_end(check, NULL, s->now, &s->result->why)
               : rc;
}

bm_status script_order_batch(struct script *s)
{
    struct ca_batch_order order = { .name = "batch", .profile = LDEVID };
    struct ca_batch_check *check = NULL;
    struct store_batch batch;
    uint64_t id;
    bm_status rc;

    /* Another file than any before. */
    memcpy(order.upload, &s->devices, sizeof s->devices);
    rc = ca_batch_create(s->in->ca, &s->actor, &order, s->now, &id,
                         &s->result->why);
    if (rc == BM_OK) {
        rc = get(s, id, &batch);
    }
    if (rc == BM_OK) {
        rc = ca_batch_check_new(s->in->ca, &batch, s->now, &check,
                                &s->result->why);
    }
    if (rc == BM_OK) {
        rc = look_at_rows(s, check);
    }
    ca_batch_check_free(check);
    if (rc == BM_OK) {
        SAY(s, "batch %" PRIu64 " %u", id, ROWS);
    }
    return rc;
}

bm_status script_go_on(struct script *s)
{
    /* One whose file was not read to its end is nobody's here. */
    struct ca_batch_turns turns = { .reading = true };
    struct store_batch batch;
    bm_status rc =
        ca_batch_next(s->in->ca, &turns, s->now, &batch, &s->result->why);

    if (rc == BM_E_NOT_FOUND) {
        return script_order_batch(s);
    }
    if (rc == BM_OK) {
        rc = ca_batch_step(s->in->ca, &batch, s->now, &s->result->why);
    }
    if (rc == BM_OK && batch.issued == 0) {
        SAY(s, "rows %" PRIu64 " %u", batch.id, batch.rows);
    }
    return rc;
}
