/* SPDX-License-Identifier: Apache-2.0 */

/* Of the faulty store, what is about renewal, signals and shipping. */
#include "tests/authority/faulty.h"

static bm_status cert_due(void *self, uint32_t organisation,
                          const struct store_due *due,
                          const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->cert_due(s->real->self, organisation, due, visit));
}

static bm_status pull_put(void *self, struct store_pull *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->pull_put(s->real->self, row));
}

static bm_status pull_get(void *self, const struct store_scope *scope,
                          uint64_t id, struct store_pull *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->pull_get(s->real->self, scope, id, row));
}

static bm_status pull_list(void *self, const struct store_scope *scope,
                           uint64_t after, const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->pull_list(s->real->self, scope, after, visit));
}

static bm_status pull_open(void *self, uint32_t organisation, int64_t now,
                           const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->pull_open(s->real->self, organisation, now, visit));
}

static bm_status signal_put(void *self, struct store_signal *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->signal_put(s->real->self, row));
}

static bm_status signal_find(void *self, uint32_t organisation, uint64_t device,
                             const char *kind, struct store_signal *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->signal_find(s->real->self, organisation, device, kind,
                                    row));
}

static bm_status signal_list(void *self, const struct store_scope *scope,
                             const struct store_signal_filter *filter,
                             const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->signal_list(s->real->self, scope, filter, visit));
}

static bm_status shipping_put(void *self, const struct store_shipping *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->shipping_put(s->real->self, row));
}

static bm_status shipping_get(void *self, uint64_t device,
                              struct store_shipping *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->shipping_get(s->real->self, device, row));
}

static bm_status shipping_list(void *self, const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->shipping_list(s->real->self, visit));
}

void faulty_renewal_fill(struct store *store)
{
    store->cert_due = cert_due;
    store->pull_put = pull_put;
    store->pull_get = pull_get;
    store->pull_list = pull_list;
    store->pull_open = pull_open;
    store->signal_put = signal_put;
    store->signal_find = signal_find;
    store->signal_list = signal_list;
    store->shipping_put = shipping_put;
    store->shipping_get = shipping_get;
    store->shipping_list = shipping_list;
}
