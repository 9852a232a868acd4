/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_INVENTORY_H
#define BM_STORE_TEST_CONTRACT_INVENTORY_H

#include "store/test/contract.h"

/* Attributes of devices, and what devices are searched by. */

#define OWN    1                      /* a kind that is one device's */
#define COMMON STORE_ATTRIBUTE_SHARED /* and one that many have */

static inline bm_status put_attribute(struct store *s, uint64_t device,
                                      uint32_t kind, const char *name,
                                      const char *value)
{
    struct store_attribute a = { .device = device,
                                 .organisation = device > 100 ? 2 : 1,
                                 .kind = kind };

    NAME(a.name, name);
    NAME(a.value, value);
    return s->attribute_put(s->self, &a);
}

/* The first from `from` on; 0: there is none. */
static inline uint64_t next_with(struct store *s, uint32_t kind,
                                 const char *value, uint64_t from)
{
    struct store_attribute a = { .organisation = 1, .kind = kind };
    bm_status rc;

    NAME(a.value, value);
    rc = s->attribute_next(s->self, &a, &from);
    CHECK(rc == BM_OK || rc == BM_E_NOT_FOUND);
    return rc == BM_OK ? from : 0;
}

struct attributes {
    char text[400];
};

static inline bm_status see_attribute(void *arg, const void *visited)
{
    const struct store_attribute *row = visited;
    struct attributes *all = arg;
    size_t n = strlen(all->text);

    (void)snprintf(all->text + n, sizeof all->text - n, "%llu %u %u %s=%s;",
                   (unsigned long long)row->device, (unsigned)row->organisation,
                   (unsigned)row->kind, row->name, row->value);
    return BM_OK;
}

static inline bool has_attributes(struct store *s, uint64_t device,
                                  const char *want)
{
    struct attributes all = { "" };
    const struct store_visit visit = { &all, see_attribute };

    CHECK_STATUS(s->attribute_list(s->self, device, &visit), BM_OK);
    if (strcmp(all.text, want) != 0) {
        printf("# \"%s\", want \"%s\"\n", all.text, want);
    }
    return strcmp(all.text, want) == 0;
}

static inline void attributes_come_back_in_their_order(void)
{
    struct store *s = contract_open("inventory", true);
    uint8_t words[400];
    struct bm_wr w;

    bm_wr_init(&w, words, sizeof words);
    must_begin(s);
    CHECK_STATUS(put_attribute(s, 7, COMMON + 1, "room", "12"), BM_OK);
    CHECK_STATUS(put_attribute(s, 7, OWN, "", "b"), BM_OK);
    CHECK_STATUS(put_attribute(s, 7, OWN, "", "a"), BM_OK);
    CHECK_STATUS(put_attribute(s, 7, OWN, "", "a"), BM_OK);
    CHECK_STATUS(put_attribute(s, 8, OWN, "", "c"), BM_OK);
    CHECK(has_attributes(s, 7, "7 1 1 =a;7 1 1 =b;7 1 33 room=12;"));
    must_commit(s);
    s->close(s->self);

    s = contract_open("inventory", false);
    must_read(s);
    CHECK(has_attributes(s, 7, "7 1 1 =a;7 1 1 =b;7 1 33 room=12;"));
    CHECK(has_attributes(s, 9, ""));
    CHECK_STATUS(s->check(s->self, &w), BM_OK);
    CHECK(w.len == 0);
    s->close(s->self);
}

static inline void of_some_kinds_a_value_is_one_device_s(void)
{
    struct store *s = contract_open("inventory", true);

    must_begin(s);
    CHECK_STATUS(put_attribute(s, 7, OWN, "", "a"), BM_OK);
    CHECK_STATUS(put_attribute(s, 8, OWN + 1, "", "a"), BM_OK);
    CHECK_STATUS(put_attribute(s, 101, OWN, "", "a"), BM_OK); /* elsewhere */
    CHECK_STATUS(put_attribute(s, 7, COMMON, "", "a"), BM_OK);
    CHECK_STATUS(put_attribute(s, 8, COMMON, "", "a"), BM_OK);
    must_commit(s);
    must_begin(s);
    CHECK_STATUS(put_attribute(s, 8, OWN, "", "a"), BM_E_STORE_CONFLICT);
    CHECK_STATUS(s->commit(s->self), BM_E_STORE_CONFLICT);
    must_read(s);
    CHECK(has_attributes(s, 8, "8 1 2 =a;8 1 32 =a;"));
    s->close(s->self);
}

static inline void what_was_dropped_is_anybody_s_again(void)
{
    struct store *s = contract_open("inventory", true);
    struct store_attribute a = { .device = 7, .organisation = 1, .kind = OWN };

    must_begin(s);
    CHECK_STATUS(put_attribute(s, 7, OWN, "", "a"), BM_OK);
    CHECK_STATUS(put_attribute(s, 7, OWN, "", "b"), BM_OK);
    NAME(a.value, "a");
    CHECK_STATUS(s->attribute_drop(s->self, &a), BM_OK);
    CHECK(has_attributes(s, 7, "7 1 1 =b;"));
    CHECK(next_with(s, OWN, "a", 0) == 0);
    CHECK_STATUS(put_attribute(s, 8, OWN, "", "a"), BM_OK);
    CHECK(next_with(s, OWN, "a", 0) == 8);
    a.device = 8;
    NAME(a.value, "");
    CHECK_STATUS(s->attribute_drop(s->self, &a), BM_OK);
    CHECK(has_attributes(s, 8, ""));
    CHECK_STATUS(put_attribute(s, 7, OWN, "", "a"), BM_OK); /* and back */
    CHECK(next_with(s, OWN, "a", 0) == 7);
    s->close(s->self);
}

static inline void devices_are_found_by_attribute_in_their_order(void)
{
    struct store *s = contract_open("inventory", true);

    must_begin(s);
    for (uint64_t i = 20; i > 0; i--) {
        CHECK_STATUS(put_attribute(s, i, COMMON, "", i % 2 ? "odd" : "even"),
                     BM_OK);
    }
    CHECK_STATUS(put_attribute(s, 101, COMMON, "", "odd"), BM_OK);
    CHECK_STATUS(put_attribute(s, 21, COMMON + 1, "", "odd"), BM_OK);
    CHECK_STATUS(put_attribute(s, 23, COMMON, "room", "odd"), BM_OK);
    CHECK_STATUS(put_attribute(s, 5, OWN, "", "five"), BM_OK);
    CHECK(next_with(s, COMMON, "odd", 0) == 1);
    CHECK(next_with(s, COMMON, "odd", 1) == 1);
    CHECK(next_with(s, COMMON, "odd", 2) == 3);
    CHECK(next_with(s, COMMON, "even", 20) == 20);
    CHECK(next_with(s, COMMON, "odd", 20) == 0);
    CHECK(next_with(s, COMMON, "od", 0) == 0);
    CHECK(next_with(s, OWN, "five", 0) == 5);
    CHECK(next_with(s, OWN, "five", 5) == 5);
    CHECK(next_with(s, OWN, "five", 6) == 0);
    s->close(s->self);
}

static inline void devices_are_found_by_state_in_their_order(void)
{
    struct store *s = contract_open("inventory", true);
    struct store_device d;
    uint64_t id[4];
    uint64_t at = 0;

    must_begin(s);
    put_organisations(s);
    id[0] = put_device(s, 1, "a");
    id[1] = put_device(s, 2, "b");
    id[2] = put_device(s, 1, "c");
    id[3] = put_device(s, 1, "d");
    CHECK_STATUS(s->device_get(s->self, &ALL, id[2], &d), BM_OK);
    d.state = STORE_DEVICE_ACTIVE;
    CHECK_STATUS(s->device_put(s->self, &d), BM_OK);
    CHECK_STATUS(s->device_next(s->self, 1, STORE_DEVICE_EXPECTED, &at), BM_OK);
    CHECK(at == id[0]);
    at++;
    CHECK_STATUS(s->device_next(s->self, 1, STORE_DEVICE_EXPECTED, &at), BM_OK);
    CHECK(at == id[3]);
    at++;
    CHECK_STATUS(s->device_next(s->self, 1, STORE_DEVICE_EXPECTED, &at),
                 BM_E_NOT_FOUND);
    CHECK(at == id[3] + 1);
    at = 0;
    CHECK_STATUS(s->device_next(s->self, 1, STORE_DEVICE_ACTIVE, &at), BM_OK);
    CHECK(at == id[2]);
    CHECK_STATUS(s->device_next(s->self, 2, STORE_DEVICE_ACTIVE, &at),
                 BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline bm_status see_expiring(void *arg, const void *visited)
{
    const struct store_expiring *row = visited;

    return see_id(arg, row->device * 1000 + (uint64_t)row->not_after);
}

static inline bool expiring(struct store *s, const struct store_expiring_of *of,
                            const char *want)
{
    struct seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_expiring };

    CHECK_STATUS(s->cert_expiring(s->self, of, &visit), BM_OK);
    return saw(&seen, want);
}

static inline void certificates_are_found_by_their_end(void)
{
    static const struct {
        unsigned device; /* 0: none */
        int64_t not_after;
        enum store_cert_status status;
    } made[] = {
        { 1, 30, STORE_CERT_VALID },    { 2, 20, STORE_CERT_PENDING },
        { 1, 20, STORE_CERT_REPLACED }, { 3, 10, STORE_CERT_VALID },
        { 1, 25, STORE_CERT_REVOKED },  { 2, STORE_NO_END, STORE_CERT_VALID },
        { 0, 20, STORE_CERT_VALID },
    };
    struct store *s = contract_open("inventory", true);
    struct store_expiring_of of = { .organisation = 1, .until = INT64_MAX };
    struct made_cert m;

    must_begin(s);
    put_organisations(s);
    for (uint64_t i = 1; i <= 3; i++) {
        char name[2] = { (char)('a' + (char)i), 0 };

        CHECK(put_device(s, 1, name) == i);
    }
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        make_cert(&m, i);
        m.row.device = made[i].device;
        m.row.not_after = made[i].not_after;
        m.row.status = made[i].status;
        put_cert(s, &m);
    }
    CHECK(expiring(s, &of, "3010 1020 2020 1030"));
    of.from = 20;
    CHECK(expiring(s, &of, "1020 2020 1030"));
    of.device = 1;
    CHECK(expiring(s, &of, "2020 1030"));
    of.until = 30;
    CHECK(expiring(s, &of, "2020"));
    of.organisation = 2;
    CHECK(expiring(s, &of, ""));
    s->close(s->self);
}

/* Whoever makes events happen does not make the store grow. */
static inline void the_history_of_a_device_is_bounded(void)
{
    struct store *s = contract_open("inventory", true);
    struct seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_event };
    struct store_event e = { .organisation = 1, .device = 1 };

    must_begin(s);
    NAME(e.kind, "suspended");
    for (int i = 0; i < STORE_NOTICED_MAX + 3; i++) {
        CHECK_STATUS(s->event_put(s->self, &e), BM_OK);
    }
    e.device = 2;
    CHECK_STATUS(s->event_put(s->self, &e), BM_OK);
    CHECK_STATUS(s->event_forget(s->self, 1, &pushed_out), BM_OK);
    CHECK_STATUS(s->event_list(s->self, &ALL, 1, 0, &visit), BM_OK);
    CHECK(seen.n == STORE_NOTICED_MAX);
    CHECK(seen.id[0] == STORE_NOTICED_MAX + 3); /* the newest are kept */
    seen.n = 0;
    CHECK_STATUS(s->event_list(s->self, &ALL, 2, 0, &visit), BM_OK);
    CHECK(seen.n == 1);
    s->close(s->self);
}

static inline void contract_inventory(void)
{
    RUN(attributes_come_back_in_their_order);
    RUN(of_some_kinds_a_value_is_one_device_s);
    RUN(what_was_dropped_is_anybody_s_again);
    RUN(devices_are_found_by_attribute_in_their_order);
    RUN(devices_are_found_by_state_in_their_order);
    RUN(certificates_are_found_by_their_end);
    RUN(the_history_of_a_device_is_bounded);
}

#endif
