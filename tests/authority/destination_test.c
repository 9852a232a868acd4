/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/destination.h"
#include "ca/outbox.h"
#include "tests/authority/world.h"

/* What operators do to destinations, over a store that fails. */

static bm_status create(struct world *w)
{
    const struct ca_destination_order order = { .name = "one",
                                                .url = "https://h/",
                                                .kinds = "noticed",
                                                .age = HOUR,
                                                .tries = 1 };
    uint8_t secret[STORE_SECRET_MAX];

    return ca_destination_create(w->ca, &admin, &order, w->now, secret, NULL);
}

static bm_status disable(struct world *w)
{
    return ca_destination_disable(w->ca, &admin, "one", w->now, NULL);
}

static bm_status enable(struct world *w)
{
    return ca_destination_enable(w->ca, &admin, "one", w->now, NULL);
}

static bm_status test(struct world *w)
{
    return ca_destination_test(w->ca, &admin, "one", w->now, NULL);
}

static bm_status retry(struct world *w)
{
    const struct ca_dead all = { "one", 0 };

    return ca_dead_retry(w->ca, &admin, &all, w->now, NULL);
}

static bm_status drop(struct world *w)
{
    const struct ca_dead first = { "one", 1 };

    return ca_dead_drop(w->ca, &admin, &first, w->now, NULL);
}

static bm_status remove_it(struct world *w)
{
    return ca_destination_remove(w->ca, &admin, "one", w->now, NULL);
}

static struct outbox *open_outbox(struct world *w)
{
    struct outbox *outbox;

    must(outbox_new(&(struct outbox_config){ .store = w->store,
                                             .crypto = world_crypto(),
                                             .retry_first = 5,
                                             .retry_last = 5 },
                    &outbox) == BM_OK &&
             outbox_read(outbox) == BM_OK,
         "an outbox");
    return outbox;
}

/* Send what there is: nobody takes it. How many. */
static unsigned fail_all(struct world *w)
{
    struct outbox *outbox = open_outbox(w);
    struct outbox_item item;
    unsigned n = 0;

    while (outbox_next(outbox, w->now, &item) == BM_OK) {
        const struct outbox_result r = { .destination = item.destination->id,
                                         .event = item.event.id,
                                         .words = "no" };

        CHECK(outbox_result(outbox, &r, w->now));
        CHECK_STATUS(outbox_commit(outbox, w->now), BM_OK);
        w->now += 10; /* after whatever pause */
        n++;
    }
    CHECK_STATUS(outbox_commit(outbox, w->now), BM_OK);
    outbox_free(outbox);
    return n;
}

/* Until it succeeds, after a failure at each call that it makes of the store;
 * what failed has written nothing. */
static void do_failing(struct world *w, bm_status (*act)(struct world *w))
{
    bm_status rc = BM_E_IO;

    for (uint64_t at = 1; rc != BM_OK; at++) {
        struct world_print before = world_print(w);
        struct world_print after;

        must(at < 1000, "an end");
        faulty_arm(&w->faulty.f, at, BM_E_IO);
        rc = act(w);
        CHECK(rc == BM_OK || w->faulty.f.hit);
        faulty_disarm(&w->faulty.f);
        after = world_print(w);
        CHECK(prints_equal(&before, &after) == (rc != BM_OK));
    }
}

static void an_act_that_fails_has_written_nothing(void)
{
    struct world w;

    world_open(&w);
    do_failing(&w, create);
    do_failing(&w, test);
    do_failing(&w, test);
    CHECK(fail_all(&w) == 2); /* and with one try each they are given up */
    do_failing(&w, drop);
    do_failing(&w, retry);
    CHECK(fail_all(&w) == 1);
    do_failing(&w, disable);
    do_failing(&w, enable);
    CHECK(world_sound(&w));
    do_failing(&w, remove_it);
    CHECK_STATUS(enable(&w), BM_E_NOT_FOUND);
    CHECK(world_sound(&w));
    must(world_reopen(&w) == BM_OK, "reopen");
    world_close(&w);
}

static void what_is_tried_again_has_its_time_anew(void)
{
    struct world w;

    world_open(&w);
    CHECK_STATUS(create(&w), BM_OK);
    CHECK_STATUS(test(&w), BM_OK);
    CHECK(fail_all(&w) == 1);
    w.now += DAY;
    CHECK_STATUS(retry(&w), BM_OK);
    CHECK(fail_all(&w) == 1);
    CHECK_STATUS(retry(&w), BM_OK);
    w.now += 2 * HOUR;
    CHECK(fail_all(&w) == 0); /* too old again */
    CHECK_STATUS(drop(&w), BM_OK);
    world_close(&w);
}

static void an_age_beyond_bounds_is_refused(void)
{
    struct ca_destination_order order = { .name = "two",
                                          .url = "https://h/",
                                          .age = CA_AGE_MAX + 1 };
    uint8_t secret[STORE_SECRET_MAX];
    struct store_destination row;
    struct world w;
    struct store *s;

    world_open(&w);
    CHECK_STATUS(
        ca_destination_create(w.ca, &admin, &order, w.now, secret, NULL),
        BM_E_LIMIT);
    order.age = 0;
    CHECK_STATUS(
        ca_destination_create(w.ca, &admin, &order, w.now, secret, NULL),
        BM_OK);
    s = w.faulty.real;
    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    CHECK_STATUS(s->destination_find(s->self, 1, "two", &row), BM_OK);
    CHECK(row.age == CA_AGE);
    s->rollback(s->self);
    world_close(&w);
}

int main(void)
{
    RUN(an_act_that_fails_has_written_nothing);
    RUN(what_is_tried_again_has_its_time_anew);
    RUN(an_age_beyond_bounds_is_refused);
    return bm_test_done();
}
