/* SPDX-License-Identifier: Apache-2.0 */

/* Of the faulty store, what is about events that go elsewhere. */
#include "tests/authority/faulty.h"

static bm_status event_get(void *self, uint64_t id, struct store_event *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->event_get(s->real->self, id, row));
}

static bm_status event_after(void *self, const struct store_scope *scope,
                             uint64_t after, uint64_t last,
                             const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->event_after(s->real->self, scope, after, last, visit));
}

static bm_status event_given(void *self, uint64_t after, uint64_t last)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->event_given(s->real->self, after, last));
}

static bm_status event_last(void *self, uint64_t *id)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->event_last(s->real->self, id));
}

static bm_status destination_put(void *self, struct store_destination *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->destination_put(s->real->self, row));
}

static bm_status destination_find(void *self, uint32_t organisation,
                                  const char *name,
                                  struct store_destination *row)
{
    struct faulty_store *s = self;

    HAND_ON(s,
            s->real->destination_find(s->real->self, organisation, name, row));
}

static bm_status destination_list(void *self, const struct store_scope *scope,
                                  uint64_t after,
                                  const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->destination_list(s->real->self, scope, after, visit));
}

static bm_status destination_drop(void *self, uint64_t id)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->destination_drop(s->real->self, id));
}

static bm_status delivery_put(void *self, const struct store_delivery *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->delivery_put(s->real->self, row));
}

static bm_status delivery_get(void *self, uint64_t destination, uint64_t event,
                              struct store_delivery *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->delivery_get(s->real->self, destination, event, row));
}

static bm_status delivery_drop(void *self, uint64_t destination, uint64_t event)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->delivery_drop(s->real->self, destination, event));
}

static bm_status delivery_list(void *self, uint64_t destination, bool dead,
                               uint64_t after, const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->delivery_list(s->real->self, destination, dead, after,
                                      visit));
}

static bm_status delivery_due(void *self, uint64_t destination, int64_t now,
                              const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->delivery_due(s->real->self, destination, now, visit));
}

static bm_status delivery_count(void *self, uint64_t destination, bool dead,
                                uint32_t *n)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->delivery_count(s->real->self, destination, dead, n));
}

static bm_status delivery_waits(void *self, uint64_t destination,
                                uint64_t device, bool *yes)
{
    struct faulty_store *s = self;

    HAND_ON(s,
            s->real->delivery_waits(s->real->self, destination, device, yes));
}

void faulty_outbox_fill(struct store *store)
{
    store->event_get = event_get;
    store->event_after = event_after;
    store->event_last = event_last;
    store->event_given = event_given;
    store->destination_put = destination_put;
    store->destination_find = destination_find;
    store->destination_list = destination_list;
    store->destination_drop = destination_drop;
    store->delivery_put = delivery_put;
    store->delivery_get = delivery_get;
    store->delivery_drop = delivery_drop;
    store->delivery_list = delivery_list;
    store->delivery_due = delivery_due;
    store->delivery_count = delivery_count;
    store->delivery_waits = delivery_waits;
}
