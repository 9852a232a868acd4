/* SPDX-License-Identifier: Apache-2.0 */

/* Of the faulty store, what is about batches. */
#include "tests/authority/faulty.h"

static bm_status batch_put(void *self, struct store_batch *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_put(s->real->self, row));
}

static bm_status batch_get(void *self, const struct store_scope *scope,
                           uint64_t id, struct store_batch *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_get(s->real->self, scope, id, row));
}

static bm_status batch_list(void *self, const struct store_scope *scope,
                            uint64_t after, enum store_batch_state state,
                            const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_list(s->real->self, scope, after, state, visit));
}

static bm_status batch_open(void *self, const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_open(s->real->self, visit));
}

static bm_status batch_lapsed(void *self, int64_t now, struct store_batch *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_lapsed(s->real->self, now, row));
}

static bm_status batch_row_put(void *self, const struct store_batch_row *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_row_put(s->real->self, row));
}

static bm_status batch_row_change(void *self, const struct store_batch_row *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_row_change(s->real->self, row));
}

static bm_status batch_row_list(void *self, uint64_t batch, uint32_t after,
                                enum store_batch_row_state state,
                                const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s,
            s->real->batch_row_list(s->real->self, batch, after, state, visit));
}

static bm_status batch_sign(void *self, uint64_t batch, struct bm_bytes message,
                            struct bm_bytes jws)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_sign(s->real->self, batch, message, jws));
}

static bm_status batch_has_device(void *self, uint64_t batch, uint64_t device,
                                  bool *yes)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_has_device(s->real->self, batch, device, yes));
}

static bm_status batch_issued(void *self, const struct store_batch_issued *rows)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_issued(s->real->self, rows));
}

static bm_status batch_clear(void *self, uint64_t batch,
                             enum store_batch_row_state state)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_clear(s->real->self, batch, state));
}

static bm_status batch_forget(void *self, uint64_t batch)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_forget(s->real->self, batch));
}

static bm_status batch_secret_put(void *self, uint64_t batch,
                                  struct bm_bytes sealed)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_secret_put(s->real->self, batch, sealed));
}

static bm_status batch_secret_get(void *self, uint64_t batch,
                                  struct bm_bytes *sealed)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_secret_get(s->real->self, batch, sealed));
}

static bm_status batch_secret_drop(void *self, uint64_t batch)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_secret_drop(s->real->self, batch));
}

static bm_status batch_event_put(void *self,
                                 const struct store_batch_event *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_event_put(s->real->self, row));
}

static bm_status batch_event_list(void *self, uint64_t batch,
                                  const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->batch_event_list(s->real->self, batch, visit));
}

void faulty_batch_fill(struct store *base)
{
    base->batch_put = batch_put;
    base->batch_get = batch_get;
    base->batch_list = batch_list;
    base->batch_open = batch_open;
    base->batch_lapsed = batch_lapsed;
    base->batch_row_put = batch_row_put;
    base->batch_row_change = batch_row_change;
    base->batch_row_list = batch_row_list;
    base->batch_sign = batch_sign;
    base->batch_has_device = batch_has_device;
    base->batch_issued = batch_issued;
    base->batch_clear = batch_clear;
    base->batch_forget = batch_forget;
    base->batch_secret_put = batch_secret_put;
    base->batch_secret_get = batch_secret_get;
    base->batch_secret_drop = batch_secret_drop;
    base->batch_event_put = batch_event_put;
    base->batch_event_list = batch_event_list;
}
