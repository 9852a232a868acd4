/* SPDX-License-Identifier: Apache-2.0 */

/* Of the faulty store, what is about devices that change hands. */
#include "tests/authority/faulty.h"

static bm_status device_line(void *self, uint64_t line,
                             const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->device_line(s->real->self, line, visit));
}

static bm_status transfer_put(void *self, struct store_transfer *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->transfer_put(s->real->self, row));
}

static bm_status transfer_get(void *self, const struct store_scope *scope,
                              uint64_t id, struct store_transfer *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->transfer_get(s->real->self, scope, id, row));
}

static bm_status transfer_list(void *self, const struct store_scope *scope,
                               uint64_t after, const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->transfer_list(s->real->self, scope, after, visit));
}

static bm_status transfer_count(void *self, uint32_t organisation, int64_t now,
                                uint32_t *n)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->transfer_count(s->real->self, organisation, now, n));
}

static bm_status transfer_lapsed(void *self, int64_t now,
                                 struct store_transfer *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->transfer_lapsed(s->real->self, now, row));
}

static bm_status transferred_put(void *self,
                                 const struct store_transferred *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->transferred_put(s->real->self, row));
}

static bm_status transferred_list(void *self, uint64_t transfer, uint32_t after,
                                  const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s,
            s->real->transferred_list(s->real->self, transfer, after, visit));
}

static bm_status transfer_of_device(void *self, uint64_t device, int64_t now,
                                    uint64_t *transfer)
{
    struct faulty_store *s = self;

    HAND_ON(s,
            s->real->transfer_of_device(s->real->self, device, now, transfer));
}

void faulty_transfer_fill(struct store *store)
{
    store->device_line = device_line;
    store->transfer_put = transfer_put;
    store->transfer_get = transfer_get;
    store->transfer_list = transfer_list;
    store->transfer_count = transfer_count;
    store->transfer_lapsed = transfer_lapsed;
    store->transferred_put = transferred_put;
    store->transferred_list = transferred_list;
    store->transfer_of_device = transfer_of_device;
}
