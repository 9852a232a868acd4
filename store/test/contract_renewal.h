/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_RENEWAL_H
#define BM_STORE_TEST_CONTRACT_RENEWAL_H

#include "store/test/contract.h"

/* What ends next, what was pulled forward, signals, and shipping. */

static inline bm_status collect_ids(void *arg, const void *row)
{
    char *ids = arg;

    /* Each of these rows begins with its id. */
    ids[strlen(ids)] = (char)('0' + *(const uint64_t *)row % 10);
    return BM_OK;
}

/* A certificate of a device with this end; its id is that of the order. */
static inline void put_ending(struct store *s, uint64_t device,
                              uint32_t organisation, int64_t not_after)
{
    static uint8_t serial[4] = { 9, 0, 0, 1 };
    struct store_cert row = { .organisation = organisation,
                              .device = device,
                              .status = STORE_CERT_VALID,
                              .not_after = not_after };

    serial[3]++;
    row.serial = BM_ARRAY(serial);
    NAME(row.ca, "issuing");
    NAME(row.profile, "ldevid");
    CHECK_STATUS(s->next_cert(s->self, &row.id), BM_OK);
    CHECK_STATUS(s->cert_put(s->self, &row), BM_OK);
}

static inline void check_due(struct store *s, uint32_t organisation,
                             const struct store_due *due, const char *want)
{
    char ids[16] = "";
    const struct store_visit visit = { ids, collect_ids };

    CHECK_STATUS(s->cert_due(s->self, organisation, due, &visit), BM_OK);
    CHECK(strcmp(ids, want) == 0);
}

static inline void what_ends_next_is_found_in_that_order(void)
{
    struct store *s = contract_open("due", true);
    struct store_cert row;
    uint64_t one;
    uint64_t two;

    must_begin(s);
    put_organisations(s);
    one = put_device(s, 1, "one");
    two = put_device(s, 2, "two");
    put_ending(s, one, 1, 300); /* 1 */
    put_ending(s, one, 1, 100); /* 2 */
    put_ending(s, two, 2, 200); /* 3 */
    put_ending(s, one, 1, 200); /* 4 */
    put_ending(s, 0, 1, 50);    /* 5: of no device */
    put_ending(s, one, 1, 150); /* 6: revoked */
    put_ending(s, one, 1, 160); /* 7: has a successor */
    CHECK_STATUS(s->cert_get(s->self, &ALL, 6, &row), BM_OK);
    row.status = STORE_CERT_REVOKED;
    CHECK_STATUS(s->cert_change(s->self, &row), BM_OK);
    CHECK_STATUS(s->cert_get(s->self, &ALL, 7, &row), BM_OK);
    row.renewed_by = 1;
    CHECK_STATUS(s->cert_change(s->self, &row), BM_OK);
    must_commit(s);
    must_read(s);
    check_due(s, 1, &(struct store_due){ 0, 0, INT64_MAX }, "241");
    check_due(s, 2, &(struct store_due){ 0, 0, INT64_MAX }, "3");
    check_due(s, 3, &(struct store_due){ 0, 0, INT64_MAX }, "");
    check_due(s, 1, &(struct store_due){ 100, 1, 300 }, "24");
    check_due(s, 1, &(struct store_due){ 100, 2, 300 }, "4");
    check_due(s, 1, &(struct store_due){ 200, 3, 301 }, "41");
    check_due(s, 1, &(struct store_due){ 200, 4, 301 }, "1");
    check_due(s, 2, &(struct store_due){ 200, 3, 301 }, "");
    s->rollback(s->self);
    s->close(s);
}

static inline void what_was_pulled_is_in_force_until_it_is_cancelled(void)
{
    struct store *s = contract_open("pull", true);
    const struct store_scope tenant = { 0, 2 };
    struct store_pull all = {
        .batch = 8, .from = 5, .until = 7, .ends = 20, .last = 3, .created = 4
    };
    struct store_pull theirs = { .organisation = 2, .ends = 30, .created = 4 };
    struct store_pull got;
    char ids[16] = "";
    struct store_visit visit = { ids, collect_ids };

    NAME(all.ca, "issuing");
    NAME(all.model, "M1");
    NAME(all.lot, "L1");
    NAME(all.firmware, "1.0");
    NAME(all.creator, "operator:first");
    must_begin(s);
    CHECK_STATUS(s->pull_put(s->self, &all), BM_OK);
    CHECK_STATUS(s->pull_put(s->self, &theirs), BM_OK);
    CHECK_STATUS(s->pull_get(s->self, &ALL, all.id, &got), BM_OK);
    CHECK(memcmp(&got, &all, sizeof got) == 0);
    CHECK_STATUS(s->pull_get(s->self, &tenant, all.id, &got), BM_E_NOT_FOUND);
    CHECK_STATUS(s->pull_open(s->self, 1, 19, &visit), BM_OK);
    CHECK(strcmp(ids, "1") == 0);
    CHECK_STATUS(s->pull_open(s->self, 2, 19, &visit), BM_OK);
    CHECK(strcmp(ids, "112") == 0);
    CHECK_STATUS(s->pull_open(s->self, 2, 20, &visit), BM_OK);
    CHECK(strcmp(ids, "1122") == 0);
    CHECK_STATUS(s->pull_open(s->self, 2, 30, &visit), BM_OK);
    CHECK(strcmp(ids, "1122") == 0);
    all.cancelled = 9;
    CHECK_STATUS(s->pull_put(s->self, &all), BM_OK);
    memset(ids, 0, sizeof ids);
    CHECK_STATUS(s->pull_open(s->self, 2, 19, &visit), BM_OK);
    CHECK(strcmp(ids, "2") == 0);
    memset(ids, 0, sizeof ids);
    CHECK_STATUS(s->pull_list(s->self, &ALL, 0, &visit), BM_OK);
    CHECK_STATUS(s->pull_list(s->self, &ALL, 1, &visit), BM_OK);
    CHECK_STATUS(s->pull_list(s->self, &tenant, 0, &visit), BM_OK);
    CHECK(strcmp(ids, "1222") == 0);
    theirs.organisation = 3; /* which never changes */
    CHECK_STATUS(s->pull_put(s->self, &theirs), BM_E_NOT_FOUND);
    s->rollback(s->self);
    s->close(s);
}

static inline void put_signal_of(struct store *s, uint32_t organisation,
                                 uint64_t device, const char *kind)
{
    struct store_signal row = { .organisation = organisation,
                                .device = device,
                                .count = 1,
                                .first = 5,
                                .last = 5 };

    NAME(row.kind, kind);
    CHECK_STATUS(s->signal_put(s->self, &row), BM_OK);
}

static inline void check_signals(struct store *s, uint32_t organisation,
                                 const struct store_signal_filter *filter,
                                 const char *want)
{
    const struct store_scope scope = { 0, organisation };
    char ids[16] = "";
    const struct store_visit visit = { ids, collect_ids };

    CHECK_STATUS(s->signal_list(s->self, &scope, filter, &visit), BM_OK);
    CHECK(strcmp(ids, want) == 0);
}

static inline void a_signal_is_one_row_however_often_it_comes(void)
{
    struct store *s = contract_open("signal", true);
    struct store_signal row = { .organisation = 1 };

    NAME(row.kind, "fork");
    must_begin(s);
    put_signal_of(s, 1, 7, "fork");
    put_signal_of(s, 2, 8, "fork");
    put_signal_of(s, 1, 7, "loop");
    put_signal_of(s, 1, 0, "fork");
    check_signals(s, 0, &(struct store_signal_filter){ 0 }, "4321");
    check_signals(s, 2, &(struct store_signal_filter){ 0 }, "2");
    check_signals(s, 1, &(struct store_signal_filter){ .kind = "fork" }, "41");
    check_signals(s, 0, &(struct store_signal_filter){ .device = 7 }, "31");
    check_signals(s, 0,
                  &(struct store_signal_filter){ .device = 7, .kind = "loop" },
                  "3");
    check_signals(s, 0, &(struct store_signal_filter){ .before = 3 }, "21");
    CHECK_STATUS(s->signal_find(s->self, 1, 7, "fork", &row), BM_OK);
    row.count = 2;
    row.last = 9;
    CHECK_STATUS(s->signal_put(s->self, &row), BM_OK);
    CHECK_STATUS(s->signal_find(s->self, 1, 7, "fork", &row), BM_OK);
    CHECK(row.count == 2 && row.first == 5 && row.last == 9);
    CHECK_STATUS(s->signal_find(s->self, 2, 7, "fork", &row), BM_E_NOT_FOUND);
    row = (struct store_signal){ .organisation = 1, .device = 7, .count = 1 };
    NAME(row.kind, "fork");
    CHECK_STATUS(s->signal_put(s->self, &row), BM_E_STORE_CONFLICT);
    s->rollback(s->self);
    s->close(s);
}

static inline bm_status see_shipping(void *arg, const void *row)
{
    return see_id(arg, ((const struct store_shipping *)row)->device);
}

static inline void where_a_device_is_can_be_said_again(void)
{
    struct store *s = contract_open("shipping", true);
    struct store_shipping row = { .device = 7, .organisation = 1, .at = 5 };
    struct seen seen = { .n = 0 };
    const struct store_visit visit = { &seen, see_shipping };

    must_begin(s);
    CHECK_STATUS(s->shipping_put(s->self, &row), BM_OK);
    row.shipped = row.at = 9;
    CHECK_STATUS(s->shipping_put(s->self, &row), BM_OK);
    row = (struct store_shipping){ .device = 0 };
    CHECK_STATUS(s->shipping_get(s->self, 7, &row), BM_OK);
    CHECK(row.shipped == 9 && row.at == 9 && row.organisation == 1);
    CHECK_STATUS(s->shipping_get(s->self, 8, &row), BM_E_NOT_FOUND);
    row = (struct store_shipping){ .device = 3, .organisation = 2, .at = 4 };
    CHECK_STATUS(s->shipping_put(s->self, &row), BM_OK);
    CHECK_STATUS(s->shipping_list(s->self, &visit), BM_OK);
    CHECK(saw(&seen, "3 7"));
    s->rollback(s->self);
    s->close(s);
}

static inline void contract_renewal(void)
{
    RUN(what_ends_next_is_found_in_that_order);
    RUN(what_was_pulled_is_in_force_until_it_is_cancelled);
    RUN(a_signal_is_one_row_however_often_it_comes);
    RUN(where_a_device_is_can_be_said_again);
}

#endif
