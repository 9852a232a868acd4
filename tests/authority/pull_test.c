/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ca/inventory.h"
#include "ca/renewal.h"
#include "ca/renewal_report.h"
#include "tests/authority/world.h"

/* Renewals that are pulled forward: what each costs who asks. */

/* It becomes as many positions as there can be, and matches anything. */
#define COSTLY "(.?){255}"

/* Lasts longer before its renewal opens than any does after that. */
#define LONG "aws-iot"

struct pulled {
    struct world w;
    struct issued cert;
};

static void pulled_open(struct pulled *p)
{
    const struct ca_pull_order order = { .organisation = 1,
                                         .device = COSTLY,
                                         .over = 7 * DAY };
    struct ca_refusal why;
    struct store_pull row;

    world_open(&p->w);
    must(by_operator(&p->w, LDEVID, "SN-1", world_key(), &p->cert) == BM_OK,
         "ldevid");
    for (int i = 0; i < CA_PULLS_MAX; i++) {
        must(ca_pull(p->w.ca, &admin, &order, p->w.now, &row, &why) == BM_OK,
             "pull");
    }
}

/* Seconds of the processor that so many questions of a device take. */
static double ask(struct pulled *p, int times)
{
    clock_t before = clock();
    struct ca_renewal r;

    for (int i = 0; i < times; i++) {
        CHECK_STATUS(
            ca_renewal_find(p->w.ca, issued_der(&p->cert), p->w.now, &r),
            BM_OK);
        CHECK(r.pull != 0);
    }
    return (double)(clock() - before) / CLOCKS_PER_SEC;
}

static void patterns_are_made_once_and_not_for_each_who_asks(void)
{
    struct pulled p;
    double first;

    pulled_open(&p);
    first = ask(&p, 1);
    CHECK(ask(&p, 4) < first);
    world_close(&p.w);
}

static bm_status take(void *arg, const void *visited)
{
    *(struct ca_report_row *)arg = *(const struct ca_report_row *)visited;
    return BM_OK;
}

static void a_row_of_the_report_says_what_it_cost(void)
{
    struct ca_report_order order = { .report = CA_REPORT_LATE,
                                     .scope = { 1, 0 } };
    struct ca_report_row row = { .hit = false };
    const struct store_visit visit = { &row, take };
    struct pulled p;
    struct store *s;

    pulled_open(&p);
    s = p.w.store;
    order.now = p.w.now;
    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    CHECK_STATUS(ca_report_walk(p.w.ca, &order, &visit), BM_OK);
    s->rollback(s->self);
    CHECK(row.renewal.looks == CA_PULLS_MAX);
    world_close(&p.w);
}

static void issue_long(struct world *w)
{
    struct issued cert;
    struct request q;
    const struct ca_issue_request r = {
        .actor = &admin, .by = CA_BY_OPERATOR, .profile = LONG, .csr = &q.csr
    };

    request_make(&q, world_key(), NULL, "THING-1");
    must(world_issue(w, &r, &cert) == BM_OK, LONG);
}

static void who_is_late_by_a_pull_of_all_is_so_for_an_ecosystem_too(void)
{
    const struct ca_pull_order pull = { .profile = LONG, .over = HOUR };
    struct ca_report_order order = { .report = CA_REPORT_LATE,
                                     .scope = { 1, 0 } };
    struct ca_report_row row = { .hit = false };
    const struct store_visit visit = { &row, take };
    struct store_pull put;
    struct ca_refusal why;
    struct world w;
    struct store *s;

    world_open(&w);
    issue_long(&w);
    must(ca_pull(w.ca, &admin, &pull, w.now, &put, &why) == BM_OK, "pull");
    order.now = w.now + DAY;
    s = w.store;
    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    CHECK_STATUS(ca_report_walk(w.ca, &order, &visit), BM_OK);
    s->rollback(s->self);
    CHECK(row.hit && row.renewal.pull == put.id);
    world_close(&w);
}

/* ---- Which devices are meant */

static bool is_pulled(struct world *w, const struct issued *cert)
{
    struct ca_renewal r;

    CHECK_STATUS(ca_renewal_find(w->ca, issued_der(cert), w->now, &r), BM_OK);
    return r.pull != 0;
}

static void describe(struct world *w, const char *name, uint32_t kind,
                     const char *value)
{
    struct store_attribute set = { .kind = kind };
    const struct ca_device_entry entry = {
        .organisation = 1, .name = name, .set = &set, .set_n = 1
    };
    struct ca_refusal why;

    (void)snprintf(set.value, sizeof set.value, "%s", value);
    must(ca_device_describe(w->ca, &admin, &entry, w->now, &why) == BM_OK,
         "describe");
}

static bm_status pull_of(struct world *w, const struct ca_pull_order *order,
                         struct store_pull *row)
{
    struct ca_pull_order o = *order;
    struct ca_refusal why;

    o.organisation = 1;
    o.over = HOUR;
    return ca_pull(w->ca, &admin, &o, w->now, row, &why);
}

/* Of what is on record when it asks, and not when it was pulled. */
static void a_model_and_a_lot_are_pulled(void)
{
    struct store_pull row;
    struct issued cert;
    struct world w;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &cert) == BM_OK, LDEVID);
    CHECK_STATUS(pull_of(&w,
                         &(struct ca_pull_order){ .model = "M1", .lot = "L1" },
                         &row),
                 BM_OK);
    CHECK(!is_pulled(&w, &cert));
    describe(&w, "SN-1", CA_ATTRIBUTE_MODEL, "M1");
    CHECK(!is_pulled(&w, &cert));
    describe(&w, "SN-1", CA_ATTRIBUTE_LOT, "L1");
    CHECK(is_pulled(&w, &cert));
    describe(&w, "SN-1", CA_ATTRIBUTE_MODEL, "M2");
    CHECK(!is_pulled(&w, &cert));
    CHECK_STATUS(
        pull_of(&w, &(struct ca_pull_order){ .firmware = "1.0" }, &row), BM_OK);
    CHECK(!is_pulled(&w, &cert));
    CHECK_STATUS(pull_of(&w, &(struct ca_pull_order){ .model = "a\nb" }, &row),
                 BM_E_CA_ATTRIBUTE);
    CHECK_STATUS(pull_of(&w, &(struct ca_pull_order){ .batch = 7 }, &row),
                 BM_E_NOT_FOUND);
    world_close(&w);
}

static void a_pull_ends(void)
{
    struct ca_pull_order order = { .profile = LDEVID };
    struct store_pull row;
    struct issued cert;
    struct ca_refusal why;
    struct world w;

    world_open(&w);
    must(by_operator(&w, LDEVID, "SN-1", world_key(), &cert) == BM_OK, LDEVID);
    order.ends = w.now + HOUR - 1; /* before all had their time */
    CHECK_STATUS(pull_of(&w, &order, &row), BM_E_ARGUMENT);
    order.ends = w.now + CA_PULL_ENDS_MAX + 1;
    CHECK_STATUS(pull_of(&w, &order, &row), BM_E_ARGUMENT);
    order.ends = 0;
    CHECK_STATUS(pull_of(&w, &order, &row), BM_OK);
    CHECK(row.ends == row.until + CA_PULL_ENDS);
    CHECK_STATUS(ca_pull_cancel(w.ca, &admin, row.id, w.now, &why), BM_OK);
    order.ends = w.now + DAY;
    for (int i = 0; i < CA_PULLS_MAX; i++) {
        CHECK_STATUS(pull_of(&w, &order, &row), BM_OK);
    }
    CHECK_STATUS(pull_of(&w, &order, &row), BM_E_LIMIT);
    CHECK(is_pulled(&w, &cert));
    w.now += DAY - 1;
    CHECK(is_pulled(&w, &cert));
    w.now++;
    CHECK(!is_pulled(&w, &cert));
    CHECK_STATUS(ca_pull_cancel(w.ca, &admin, row.id, w.now, &why),
                 BM_E_EXISTS);
    order.ends = 0; /* there is room again */
    CHECK_STATUS(pull_of(&w, &order, &row), BM_OK);
    world_close(&w);
}

int main(void)
{
    RUN(patterns_are_made_once_and_not_for_each_who_asks);
    RUN(a_row_of_the_report_says_what_it_cost);
    RUN(who_is_late_by_a_pull_of_all_is_so_for_an_ecosystem_too);
    RUN(a_model_and_a_lot_are_pulled);
    RUN(a_pull_ends);
    return bm_test_done();
}
