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

int main(void)
{
    RUN(a_slow_destination_takes_no_more_than_its_share);
    return bm_test_done();
}
