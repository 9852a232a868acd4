/* SPDX-License-Identifier: Apache-2.0 */

/* Of the faulty store, what is about manufacturers. */
#include "tests/authority/faulty.h"

static bm_status manufacturer_put(void *self, struct store_manufacturer *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->manufacturer_put(s->real->self, row));
}

static bm_status manufacturer_find(void *self, uint32_t organisation,
                                   const char *name,
                                   struct store_manufacturer *row)
{
    struct faulty_store *s = self;

    HAND_ON(s,
            s->real->manufacturer_find(s->real->self, organisation, name, row));
}

static bm_status manufacturer_list(void *self, const struct store_scope *scope,
                                   uint64_t after,
                                   const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->manufacturer_list(s->real->self, scope, after, visit));
}

static bm_status list_put(void *self, const struct store_list *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->list_put(s->real->self, row));
}

static bm_status list_get(void *self, uint64_t manufacturer,
                          const uint8_t ca[STORE_HASH_SIZE],
                          struct store_list *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->list_get(s->real->self, manufacturer, ca, row));
}

static bm_status list_list(void *self, uint64_t manufacturer,
                           const struct store_visit *visit)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->list_list(s->real->self, manufacturer, visit));
}

static bm_status serial_put(void *self, uint64_t manufacturer,
                            const char *serial)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->serial_put(s->real->self, manufacturer, serial));
}

static bm_status serial_find(void *self, uint64_t manufacturer,
                             const char *serial)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->serial_find(s->real->self, manufacturer, serial));
}

static bm_status serial_count(void *self, uint64_t manufacturer, uint64_t *n)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->serial_count(s->real->self, manufacturer, n));
}

static bm_status serial_forget(void *self, uint64_t manufacturer)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->serial_forget(s->real->self, manufacturer));
}

static bm_status idevid_put(void *self, const struct store_idevid *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->idevid_put(s->real->self, row));
}

static bm_status idevid_find(void *self, uint64_t manufacturer,
                             const char *serial, struct store_idevid *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->idevid_find(s->real->self, manufacturer, serial, row));
}

static bm_status idevid_of_key(void *self, const uint8_t key[STORE_HASH_SIZE],
                               struct store_idevid *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->idevid_of_key(s->real->self, key, row));
}

static bm_status idevid_of_device(void *self, uint64_t device,
                                  struct store_idevid *row)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->idevid_of_device(s->real->self, device, row));
}

static bm_status idevid_count(void *self, uint64_t manufacturer, uint64_t *n)
{
    struct faulty_store *s = self;

    HAND_ON(s, s->real->idevid_count(s->real->self, manufacturer, n));
}

void faulty_manufacturer_fill(struct store *base)
{
    base->manufacturer_put = manufacturer_put;
    base->manufacturer_find = manufacturer_find;
    base->manufacturer_list = manufacturer_list;
    base->list_put = list_put;
    base->list_get = list_get;
    base->list_list = list_list;
    base->serial_put = serial_put;
    base->serial_find = serial_find;
    base->serial_count = serial_count;
    base->serial_forget = serial_forget;
    base->idevid_put = idevid_put;
    base->idevid_find = idevid_find;
    base->idevid_of_key = idevid_of_key;
    base->idevid_of_device = idevid_of_device;
    base->idevid_count = idevid_count;
}
