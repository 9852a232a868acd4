/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/outbox.h"

#include <stdio.h>

#include "tests/authority/world.h"

/* Which event is sent where, next: tests/events sends them. */

#define PLACES 64
#define SHARE  (OUTBOX_UNDER_WAY_MAX / PLACES)

static void put_events(struct world *w, unsigned n)
{
    const struct store *s = w->faulty.real;
    struct store_event e = { .organisation = 1, .at = 5, .kind = "fork" };

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

static struct outbox *open_outbox(struct world *w)
{
    struct outbox *outbox;

    must(outbox_new(&(struct outbox_config){ .store = w->faulty.real,
                                             .crypto = world_crypto(),
                                             .retry_first = 60,
                                             .retry_last = 60 },
                    &outbox) == BM_OK &&
             outbox_read(outbox) == BM_OK,
         "an outbox");
    return outbox;
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

static void answer(struct world *w, struct outbox *outbox, uint64_t event,
                   bool taken)
{
    const struct outbox_result r = {
        .destination = 1, .event = event, .taken = taken, .words = "no"
    };

    CHECK(outbox_result(outbox, &r, w->now));
    CHECK_STATUS(outbox_commit(outbox, w->now), BM_OK);
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

int main(void)
{
    RUN(what_was_given_up_does_not_come_again_at_a_start);
    RUN(what_others_change_is_no_reason_to_try_again);
    RUN(a_slow_destination_takes_no_more_than_its_share);
    return bm_test_done();
}
