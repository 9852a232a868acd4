/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_MANUFACTURER_H
#define BM_STORE_TEST_CONTRACT_MANUFACTURER_H

#include "store/test/contract.h"

/* Manufacturers, their lists, the devices that are expected, and that came. */

static inline uint64_t put_manufacturer(struct store *s, uint32_t organisation,
                                        const char *name)
{
    struct store_manufacturer m = { .organisation = organisation,
                                    .rule = STORE_RULE_LOADED,
                                    .outlives = true,
                                    .created = 77,
                                    .anchors = BM_LIT("anchor"),
                                    .cas = BM_LIT("others") };

    NAME(m.name, name);
    NAME(m.pattern, "SN-.*");
    NAME(m.device, "{serial}");
    NAME(m.creator, "operator:first");
    CHECK_STATUS(s->manufacturer_put(s->self, &m), BM_OK);
    CHECK(m.id != 0);
    return m.id;
}

static inline void a_manufacturer_is_kept_and_changed(void)
{
    struct store *s = contract_open("manufacturer", true);
    struct store_manufacturer got;
    struct store_manufacturer twice = { .organisation = 1,
                                        .rule = STORE_RULE_NONE };

    must_begin(s);
    (void)put_manufacturer(s, 1, "acme");
    must_commit(s);
    must_read(s);
    CHECK_STATUS(s->manufacturer_find(s->self, 1, "acme", &got), BM_OK);
    CHECK(got.rule == STORE_RULE_LOADED && got.outlives && !got.listed);
    CHECK(strcmp(got.pattern, "SN-.*") == 0 && got.profiles[0] == '\0');
    CHECK_BYTES(got.anchors.p, got.anchors.n, "anchor", 6);
    CHECK_BYTES(got.cas.p, got.cas.n, "others", 6);
    CHECK_STATUS(s->manufacturer_find(s->self, 1, "other", &got),
                 BM_E_NOT_FOUND);
    CHECK(got.id == 0);
    s->rollback(s->self);
    must_begin(s);
    CHECK_STATUS(s->manufacturer_find(s->self, 1, "acme", &got), BM_OK);
    got.removed = 99;
    got.anchors = got.cas = (struct bm_bytes){ NULL, 0 };
    CHECK_STATUS(s->manufacturer_put(s->self, &got), BM_OK);
    CHECK_STATUS(s->manufacturer_find(s->self, 1, "acme", &got), BM_OK);
    CHECK(got.removed == 99 && got.anchors.n == 0);
    got.organisation = 2; /* which never changes */
    CHECK_STATUS(s->manufacturer_put(s->self, &got), BM_E_NOT_FOUND);
    s->rollback(s->self);
    must_begin(s);
    NAME(twice.name, "acme");
    CHECK_STATUS(s->manufacturer_put(s->self, &twice), BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline bm_status came_manufacturer(void *arg, const void *row)
{
    const struct store_manufacturer *m = row;
    uint32_t *sum = arg;

    *sum = 10 * *sum + m->organisation;
    return BM_OK;
}

static inline void manufacturers_of_others_are_not_seen(void)
{
    const struct store_scope all = { 0, 0 };
    const struct store_scope second = { 0, 2 };
    struct store *s = contract_open("manufacturer", true);
    uint32_t sum = 0;
    const struct store_visit visit = { &sum, came_manufacturer };
    uint64_t first;

    must_begin(s);
    first = put_manufacturer(s, 1, "acme");
    (void)put_manufacturer(s, 2, "acme");
    (void)put_manufacturer(s, 2, "other");
    CHECK_STATUS(s->manufacturer_list(s->self, &all, 0, &visit), BM_OK);
    CHECK(sum == 122);
    sum = 0;
    CHECK_STATUS(s->manufacturer_list(s->self, &second, 0, &visit), BM_OK);
    CHECK(sum == 22);
    sum = 0;
    CHECK_STATUS(s->manufacturer_list(s->self, &all, first, &visit), BM_OK);
    CHECK(sum == 22);
    s->close(s->self);
}

static inline bm_status count_list(void *arg, const void *row)
{
    const struct store_list *l = row;

    *(int64_t *)arg += l->this_update;
    return BM_OK;
}

static inline void the_last_list_of_each_ca_is_kept(void)
{
    struct store *s = contract_open("manufacturer", true);
    struct store_list l = { .manufacturer = 1,
                            .ca = { 1 },
                            .this_update = 5,
                            .next_update = 9,
                            .der = BM_LIT("list") };
    struct store_list got;
    int64_t sum = 0;
    const struct store_visit visit = { &sum, count_list };

    must_begin(s);
    CHECK_STATUS(s->list_put(s->self, &l), BM_OK);
    l.this_update = 6;
    CHECK_STATUS(s->list_put(s->self, &l), BM_OK);
    CHECK_STATUS(s->list_get(s->self, 1, l.ca, &got), BM_OK);
    CHECK(got.this_update == 6 && got.next_update == 9);
    CHECK_BYTES(got.der.p, got.der.n, "list", 4);
    CHECK_STATUS(s->list_get(s->self, 2, l.ca, &got), BM_E_NOT_FOUND);
    l.ca[0] = 2;
    l.this_update = 100;
    CHECK_STATUS(s->list_put(s->self, &l), BM_OK);
    CHECK_STATUS(s->list_list(s->self, 1, &visit), BM_OK);
    CHECK(sum == 106);
    s->close(s->self);
}

static inline void expected_serials_are_found_and_forgotten(void)
{
    struct store *s = contract_open("manufacturer", true);
    uint64_t n = 9;

    must_begin(s);
    CHECK_STATUS(s->serial_put(s->self, 1, "A"), BM_OK);
    CHECK_STATUS(s->serial_put(s->self, 1, "A"), BM_OK);
    CHECK_STATUS(s->serial_put(s->self, 1, "B"), BM_OK);
    CHECK_STATUS(s->serial_put(s->self, 2, "C"), BM_OK);
    CHECK_STATUS(s->serial_count(s->self, 1, &n), BM_OK);
    CHECK(n == 2);
    CHECK_STATUS(s->serial_find(s->self, 1, "A"), BM_OK);
    CHECK_STATUS(s->serial_find(s->self, 1, "C"), BM_E_NOT_FOUND);
    CHECK_STATUS(s->serial_find(s->self, 1, "a"), BM_E_NOT_FOUND);
    CHECK_STATUS(s->serial_forget(s->self, 1), BM_OK);
    CHECK_STATUS(s->serial_find(s->self, 1, "A"), BM_E_NOT_FOUND);
    CHECK_STATUS(s->serial_find(s->self, 2, "C"), BM_OK);
    s->close(s->self);
}

static inline void an_idevid_is_of_one_device_and_has_one_key(void)
{
    struct store *s = contract_open("manufacturer", true);
    struct store_idevid row = { .manufacturer = 1,
                                .serial = "A",
                                .organisation = 3,
                                .device = 7,
                                .key = { 1 },
                                .cert = { 2 },
                                .at = 5 };
    struct store_idevid got;
    uint64_t n;

    must_begin(s);
    CHECK_STATUS(s->idevid_put(s->self, &row), BM_OK);
    row.cert[0] = 3; /* renewed by its manufacturer */
    CHECK_STATUS(s->idevid_put(s->self, &row), BM_OK);
    CHECK_STATUS(s->idevid_find(s->self, 1, "A", &got), BM_OK);
    CHECK(memcmp(&got, &row, sizeof row) == 0);
    CHECK_STATUS(s->idevid_of_key(s->self, row.key, &got), BM_OK);
    CHECK(got.device == 7);
    CHECK_STATUS(s->idevid_of_device(s->self, 7, &got), BM_OK);
    CHECK(got.cert[0] == 3);
    CHECK_STATUS(s->idevid_of_device(s->self, 8, &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->idevid_find(s->self, 2, "A", &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->idevid_count(s->self, 1, &n), BM_OK);
    CHECK(n == 1);
    must_commit(s);
    must_begin(s);
    row.device = 8; /* it is another's */
    CHECK_STATUS(s->idevid_put(s->self, &row), BM_E_STORE_CONFLICT);
    s->rollback(s->self);
    must_begin(s);
    row.device = 8;
    NAME(row.serial, "B"); /* with the same key */
    CHECK_STATUS(s->idevid_put(s->self, &row), BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline void contract_manufacturer(void)
{
    RUN(a_manufacturer_is_kept_and_changed);
    RUN(manufacturers_of_others_are_not_seen);
    RUN(the_last_list_of_each_ca_is_kept);
    RUN(expected_serials_are_found_and_forgotten);
    RUN(an_idevid_is_of_one_device_and_has_one_key);
}

#endif
