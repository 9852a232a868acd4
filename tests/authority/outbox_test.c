/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/outbox.h"

#include <stdio.h>

#include "tests/authority/outbox_world.h"

/* Which event is sent where, next: tests/events sends them. */

#define PLACES 64
#define SHARE  (OUTBOX_UNDER_WAY_MAX / PLACES)

static void put_events(struct world *w, unsigned n)
{
    const struct store *s = w->faulty.real;
    struct store_event e = { .organisation = 1, .at = w->now, .kind = "fork" };

    must(s->begin(s->self, STORE_WRITE) == BM_OK, "begin");
    for (unsigned i = 0; i < n; i++) {
        e.device = i + 1;
        must(s->event_put(s->self, &e) == BM_OK, "an event");
    }
    must(s->commit(s->self) == BM_OK, "commit");
}

static void put_destinations(struct world *w)
{
    const struct store *s = w->faulty.real;

    must(s->begin(s->self, STORE_WRITE) == BM_OK, "begin");
    for (unsigned i = 0; i < PLACES; i++) {
        struct store_destination d = { .organisation = 1,
                                       .scope = { 0, 1 },
                                       .kind = STORE_DESTINATION_WEBHOOK,
                                       .tries = 20,
                                       .url = "https://h/" };

        (void)snprintf(d.name, sizeof d.name, "d%u", i);
        must(s->destination_put(s->self, &d) == BM_OK, "a destination");
    }
    must(s->commit(s->self) == BM_OK, "commit");
}

static void a_slow_destination_takes_no_more_than_its_share(void)
{
    struct world w;
    struct outbox *outbox;
    struct outbox_item item;
    unsigned n[PLACES + 1] = { 0 };
    unsigned all = 0;

    world_open(&w);
    put_destinations(&w);
    put_events(&w, 3 * SHARE);
    must(outbox_new(&(struct outbox_config){ .store = w.faulty.real,
                                             .crypto = world_crypto(),
                                             .retry_first = 1,
                                             .retry_last = 1 },
                    &outbox) == BM_OK &&
             outbox_read(outbox) == BM_OK,
         "an outbox");
    while (outbox_next(outbox, w.now, &item) == BM_OK) {
        must(item.destination->id <= PLACES, "a destination");
        n[item.destination->id]++;
        all++;
        if (item.destination->id == 1) { /* which alone answers at once */
            const struct outbox_result taken = { .destination = 1,
                                                 .event = item.event.id,
                                                 .taken = true };

            CHECK(outbox_result(outbox, &taken, w.now));
            CHECK_STATUS(outbox_commit(outbox, w.now), BM_OK);
        }
    }
    CHECK(n[1] == 3 * SHARE);
    for (unsigned i = 2; i <= PLACES; i++) {
        CHECK(n[i] == SHARE);
    }
    CHECK(outbox_under_way(outbox) == all - n[1]);
    outbox_free(outbox);
    world_close(&w);
}

static void put_one(struct world *w, uint32_t tries)
{
    const struct store *s = w->faulty.real;
    struct store_destination d = { .organisation = 1,
                                   .scope = { 0, 1 },
                                   .kind = STORE_DESTINATION_WEBHOOK,
                                   .tries = tries,
                                   .name = "one",
                                   .url = "https://h/" };

    must(s->begin(s->self, STORE_WRITE) == BM_OK &&
             s->destination_put(s->self, &d) == BM_OK &&
             s->commit(s->self) == BM_OK,
         "a destination");
}

/* The first event is never answered, so the cursor stays before it. */
static void what_was_given_up_does_not_come_again_at_a_start(void)
{
    struct world w;
    struct outbox *outbox;
    struct outbox_item item;
    char first[48];
    uint32_t dead = 0;
    const struct store *s;

    world_open(&w);
    put_one(&w, 1);
    put_events(&w, 2);
    outbox = open_outbox(&w);
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_OK);
    memcpy(first, item.id, sizeof first);
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_OK);
    CHECK(item.event.id == 2);
    answer(&w, outbox, 2, false);
    outbox_free(outbox);
    outbox = open_outbox(&w);
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_OK);
    CHECK(item.event.id == 1 && strcmp(item.id, first) == 0);
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_E_END);
    answer(&w, outbox, 1, true);
    s = w.faulty.real;
    must(s->begin(s->self, STORE_READ) == BM_OK, "begin");
    CHECK_STATUS(s->delivery_count(s->self, 1, true, &dead), BM_OK);
    s->rollback(s->self);
    CHECK(dead == 1);
    outbox_free(outbox);
    world_close(&w);
}

static void what_others_change_is_no_reason_to_try_again(void)
{
    struct world w;
    struct outbox *outbox;
    struct outbox_item item;

    world_open(&w);
    put_one(&w, 20);
    put_events(&w, OUTBOX_FAILING + 1);
    outbox = open_outbox(&w);
    for (unsigned i = 1; i <= OUTBOX_FAILING; i++) {
        CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_OK);
        answer(&w, outbox, item.event.id, false);
    }
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_E_END);
    CHECK_STATUS(outbox_read(outbox), BM_OK);
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_E_END);
    w.now += 2 * HOUR;
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_OK);
    outbox_free(outbox);
    world_close(&w);
}

/* ---- What fails */

static bm_status count_event(void *arg, const void *visited)
{
    (void)visited;
    ++*(unsigned *)arg;
    return BM_OK;
}

struct kept {
    unsigned events;
    uint32_t dead;
    struct store_destination row;
};

static struct kept look(struct world *w)
{
    static const struct store_scope all = { 0, 0 };
    const struct store *s = w->faulty.real;
    struct kept k = { .events = 0 };
    const struct store_visit visit = { &k.events, count_event };

    must(s->begin(s->self, STORE_READ) == BM_OK &&
             s->event_after(s->self, &all, 0, INT64_MAX, &visit) == BM_OK &&
             s->delivery_count(s->self, 1, true, &k.dead) == BM_OK &&
             s->destination_find(s->self, 1, "one", &k.row) == BM_OK,
         "what is kept");
    s->rollback(s->self);
    return k;
}

/* One event, and a failure of the store at one call: it is delivered, and the
 * row of its destination says so, as soon as the store works again. */
static bool deliver_failing(struct world *w, struct outbox *outbox, uint64_t at,
                            bool after)
{
    struct outbox_item item;
    uint64_t taken = 0;
    bool hit = false;

    put_events(w, 1);
    w->now++;
    faulty_arm(&w->faulty.f, at, BM_E_IO);
    w->faulty.f.after = after;
    for (unsigned i = 0; i < 2; i++) { /* the second time it works */
        bm_status rc = outbox_next(outbox, w->now, &item);

        CHECK(rc == BM_OK || rc == BM_E_END || rc == BM_E_IO);
        if (rc == BM_OK) {
            const struct outbox_result r = { .destination = 1,
                                             .event = item.event.id,
                                             .taken = true };

            CHECK(taken == 0); /* nothing is sent twice */
            taken = item.event.id;
            CHECK(outbox_result(outbox, &r, w->now));
        }
        rc = outbox_commit(outbox, w->now);
        CHECK(rc == BM_OK || rc == BM_E_IO);
        hit = i == 0 ? w->faulty.f.hit : hit;
        faulty_disarm(&w->faulty.f);
        w->now++;
    }
    CHECK(taken != 0 && !outbox_is_dirty(outbox));
    CHECK(look(w).row.cursor == taken);
    return hit;
}

static void what_could_not_be_read_or_written_comes_the_next_time(void)
{
    struct world w;
    struct outbox *outbox;
    uint64_t n = 0;

    world_open(&w);
    put_one(&w, 20);
    must(outbox_new(&(struct outbox_config){ .store = w.store,
                                             .crypto = world_crypto(),
                                             .retry_first = 60,
                                             .retry_last = 60 },
                    &outbox) == BM_OK &&
             outbox_read(outbox) == BM_OK,
         "an outbox");
    for (unsigned after = 0; after < 2; after++) {
        bool hit = true;

        for (uint64_t at = 1; hit; at++) {
            must(at < 1000, "an end");
            hit = deliver_failing(&w, outbox, at, after != 0);
            n++;
        }
    }
    CHECK(look(&w).row.delivered == n);
    outbox_free(outbox);
    world_close(&w);
}

/* ---- What is too old */

#define LIFE 1000

/* One that is disabled, and asks for certificates alone. */
static void put_silent(struct world *w)
{
    const struct store *s = w->faulty.real;
    struct store_destination d = { .organisation = 1,
                                   .scope = { 0, 1 },
                                   .kind = STORE_DESTINATION_WEBHOOK,
                                   .tries = 20,
                                   .age = LIFE,
                                   .asks = 1,
                                   .disabled = true,
                                   .name = "one",
                                   .kinds = "certificate.issued",
                                   .url = "https://h/" };

    must(s->begin(s->self, STORE_WRITE) == BM_OK &&
             s->destination_put(s->self, &d) == BM_OK &&
             s->commit(s->self) == BM_OK,
         "a destination");
}

static void put_asked(struct world *w, unsigned n)
{
    const struct store *s = w->faulty.real;
    struct store_event e = { .organisation = 1,
                             .at = w->now,
                             .asked = 1,
                             .kind = "certificate.issued" };

    must(s->begin(s->self, STORE_WRITE) == BM_OK, "begin");
    for (unsigned i = 0; i < n; i++) {
        must(s->event_put(s->self, &e) == BM_OK, "an event");
    }
    must(s->commit(s->self) == BM_OK, "commit");
}

/* As the issuer does, once in a second. */
static void let_pass(struct world *w, struct outbox *outbox, unsigned seconds)
{
    struct outbox_item item;

    for (unsigned i = 0; i < seconds; i++) {
        w->now++;
        CHECK_STATUS(outbox_next(outbox, w->now, &item), BM_E_END);
        CHECK_STATUS(outbox_commit(outbox, w->now), BM_OK);
    }
}

/* There is room for two more. */
static void fill_dead(struct world *w)
{
    const struct store *s = w->faulty.real;
    struct store_delivery row = { .destination = 1, .dead = true };

    must(s->begin(s->self, STORE_WRITE) == BM_OK, "begin");
    for (unsigned i = 2; i < OUTBOX_DEAD_MAX; i++) {
        row.event = 1000000 + i;
        must(s->delivery_put(s->self, &row) == BM_OK, "given up");
    }
    must(s->commit(s->self) == BM_OK, "commit");
}

static void a_destination_that_is_silent_keeps_no_more_than_its_age(void)
{
    struct world w;
    struct outbox *outbox;
    struct outbox_sum sum;
    struct kept k;

    world_open(&w);
    put_silent(&w);
    fill_dead(&w);
    put_asked(&w, 100);
    outbox = open_outbox(&w);
    let_pass(&w, outbox, LIFE - 100);
    put_asked(&w, 3);
    let_pass(&w, outbox, 100);
    k = look(&w);
    CHECK(k.events == 103 && k.row.cursor == 0 && k.row.lost == 0);
    let_pass(&w, outbox, OUTBOX_AGING + 10);
    k = look(&w);
    CHECK(k.dead == OUTBOX_DEAD_MAX && k.row.lost == 98);
    CHECK(k.events == 5 && k.row.cursor == 100 && k.row.disabled);
    outbox_free(outbox);
    outbox = open_outbox(&w);
    let_pass(&w, outbox, LIFE);
    k = look(&w);
    CHECK(k.row.lost == 101 && k.events == 2 && k.row.cursor == 103);
    CHECK_STATUS(outbox_sum(outbox, &sum), BM_OK);
    CHECK(sum.lost == 101 && sum.dead == OUTBOX_DEAD_MAX);
    outbox_free(outbox);
    outbox = open_outbox(&w); /* counted on, by another process */
    CHECK_STATUS(outbox_sum(outbox, &sum), BM_OK);
    CHECK(sum.lost == 101);
    outbox_free(outbox);
    world_close(&w);
}

/* Where writing fails, in turn at each call of the store. */
static void what_is_lost_is_counted_once(void)
{
    struct world w;
    struct outbox *outbox;
    struct kept k;
    bm_status rc = BM_E_IO;

    world_open(&w);
    put_silent(&w);
    fill_dead(&w);
    put_asked(&w, 10);
    must(outbox_new(&(struct outbox_config){ .store = w.store,
                                             .crypto = world_crypto(),
                                             .retry_first = 60,
                                             .retry_last = 60 },
                    &outbox) == BM_OK &&
             outbox_read(outbox) == BM_OK,
         "an outbox");
    w.now += LIFE + 1;
    for (uint64_t at = 1; rc != BM_OK; at++) {
        struct outbox_item item;
        bm_status next;

        must(at < 1000, "an end");
        w.now += OUTBOX_AGING; /* what could not be read is read again */
        faulty_arm(&w.faulty.f, at, BM_E_IO);
        next = outbox_next(outbox, w.now, &item);
        rc = outbox_commit(outbox, w.now);
        CHECK(next == BM_E_END || next == BM_E_IO);
        rc = next == BM_E_IO ? next : rc;
        faulty_disarm(&w.faulty.f);
        k = look(&w);
        CHECK(k.row.lost == (rc == BM_OK ? 8 : 0));
        CHECK(k.events == (rc == BM_OK ? 2 : 10));
    }
    CHECK(k.row.cursor == 10 && k.dead == OUTBOX_DEAD_MAX);
    outbox_free(outbox);
    world_close(&w);
}

static void what_fails_is_given_up_when_it_is_too_old(void)
{
    const struct store *s;
    struct world w;
    struct outbox *outbox;
    struct outbox_item item;
    struct store_delivery row = { .dead = false };
    struct store_destination d = { .organisation = 1,
                                   .scope = { 0, 1 },
                                   .kind = STORE_DESTINATION_WEBHOOK,
                                   .tries = 20,
                                   .age = LIFE,
                                   .name = "one",
                                   .url = "https://h/" };

    world_open(&w);
    s = w.faulty.real;
    must(s->begin(s->self, STORE_WRITE) == BM_OK &&
             s->destination_put(s->self, &d) == BM_OK &&
             s->commit(s->self) == BM_OK,
         "a destination");
    put_events(&w, 1);
    outbox = open_outbox(&w);
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_OK);
    answer(&w, outbox, 1, false);
    w.now += LIFE;
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_OK); /* just not */
    answer(&w, outbox, 1, false);
    w.now += LIFE;
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_E_END);
    CHECK_STATUS(outbox_commit(outbox, w.now), BM_OK);
    must(s->begin(s->self, STORE_READ) == BM_OK &&
             s->delivery_get(s->self, 1, 1, &row) == BM_OK,
         "its row");
    s->rollback(s->self);
    CHECK(row.dead && row.tries == 2 && strcmp(row.words, "no") == 0);
    outbox_free(outbox);
    world_close(&w);
}

int main(void)
{
    RUN(a_destination_that_is_silent_keeps_no_more_than_its_age);
    RUN(what_is_lost_is_counted_once);
    RUN(what_could_not_be_read_or_written_comes_the_next_time);
    RUN(what_fails_is_given_up_when_it_is_too_old);
    RUN(what_was_given_up_does_not_come_again_at_a_start);
    RUN(what_others_change_is_no_reason_to_try_again);
    RUN(a_slow_destination_takes_no_more_than_its_share);
    return bm_test_done();
}
