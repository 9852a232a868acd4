/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

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
        CHECK_STATUS(ca_renewal_find(p->w.ca, issued_der(&p->cert), &r), BM_OK);
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
    CHECK(row.renewal.patterns == CA_PULLS_MAX);
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

int main(void)
{
    RUN(patterns_are_made_once_and_not_for_each_who_asks);
    RUN(a_row_of_the_report_says_what_it_cost);
    RUN(who_is_late_by_a_pull_of_all_is_so_for_an_ecosystem_too);
    return bm_test_done();
}
