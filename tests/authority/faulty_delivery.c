/* SPDX-License-Identifier: Apache-2.0 */

/* Of the faulty store, what is about delivery. */
#include "tests/authority/faulty.h"

static bm_status event_forget_plain(void *self, uint32_t organisation,
                                    const struct store_visit *lost)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->event_forget_plain(s->real->self, organisation, lost));
}

static bm_status event_forget(void *self, uint64_t device,
                              const struct store_visit *lost)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->event_forget(s->real->self, device, lost));
}

static bm_status release_put(void *self, struct store_release *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->release_put(s->real->self, row));
}

static bm_status release_find(void *self, uint32_t organisation,
                              const char *name, struct store_release *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->release_find(s->real->self, organisation, name, row));
}

static bm_status release_list(void *self, const struct store_scope *scope,
                              uint64_t after, const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->release_list(s->real->self, scope, after, visit));
}

static bm_status item_put(void *self, struct store_item *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->item_put(s->real->self, row));
}

static bm_status item_list(void *self, uint64_t release,
                           const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->item_list(s->real->self, release, visit));
}

static bm_status assignment_put(void *self, struct store_assignment *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->assignment_put(s->real->self, row));
}

static bm_status assignment_list(void *self, const struct store_scope *scope,
                                 uint64_t release,
                                 const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->assignment_list(s->real->self, scope, release, visit));
}

static bm_status assignment_of_device(void *self, uint32_t organisation,
                                      uint64_t device,
                                      const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->assignment_of_device(s->real->self, organisation,
                                             device, visit));
}

static bm_status item_assigned(void *self, uint32_t organisation,
                               const uint8_t hash[STORE_HASH_SIZE])
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->item_assigned(s->real->self, organisation, hash));
}

static bm_status manifest_put(void *self, const struct store_manifest *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->manifest_put(s->real->self, row));
}

static bm_status manifest_get(void *self, uint64_t device,
                              struct store_manifest *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->manifest_get(s->real->self, device, row));
}

static bm_status manifest_forget(void *self)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->manifest_forget(s->real->self));
}

static bm_status progress_put(void *self, const struct store_progress *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->progress_put(s->real->self, row));
}

static bm_status progress_find(void *self, uint64_t device,
                               const uint8_t hash[STORE_HASH_SIZE],
                               struct store_progress *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->progress_find(s->real->self, device, hash, row));
}

static bm_status progress_count(void *self, uint64_t assignment, uint64_t item,
                                uint64_t counts[STORE_STEPS])
{
    struct faulty_store *s = self;

    HAND_ON(s,
            s->real->progress_count(s->real->self, assignment, item, counts));
}

static bm_status heard_put(void *self, const struct store_heard *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->heard_put(s->real->self, row));
}

static bm_status heard_get(void *self, uint64_t device, struct store_heard *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->heard_get(s->real->self, device, row));
}

void faulty_delivery_fill(struct store *base)
{
    base->event_forget = event_forget;
    base->event_forget_plain = event_forget_plain;
    base->release_put = release_put;
    base->release_find = release_find;
    base->release_list = release_list;
    base->item_put = item_put;
    base->item_list = item_list;
    base->assignment_put = assignment_put;
    base->assignment_list = assignment_list;
    base->assignment_of_device = assignment_of_device;
    base->item_assigned = item_assigned;
    base->manifest_put = manifest_put;
    base->manifest_get = manifest_get;
    base->manifest_forget = manifest_forget;
    base->progress_put = progress_put;
    base->progress_find = progress_find;
    base->progress_count = progress_count;
    base->heard_put = heard_put;
    base->heard_get = heard_get;
}
