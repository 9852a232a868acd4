/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "ca/device.h"
#include "ca/inventory.h"
#include "tests/authority/outbox_world.h"

/* Events that newer ones push out before a destination was given them. */

static void put_wanting(struct world *w, const char *name, const char *kinds,
                        struct store_scope scope)
{
    const struct store *s = w->faulty.real;
    struct store_destination d = { .organisation = 1,
                                   .scope = scope,
                                   .kind = STORE_DESTINATION_WEBHOOK,
                                   .tries = 20,
                                   .disabled = true,
                                   .url = "https://h/" };

    (void)snprintf(d.name, sizeof d.name, "%s", name);
    (void)snprintf(d.kinds, sizeof d.kinds, "%s", kinds);
    must(s->begin(s->self, STORE_WRITE) == BM_OK &&
             s->destination_put(s->self, &d) == BM_OK &&
             s->commit(s->self) == BM_OK,
         "a destination");
}

static uint64_t lost_by(struct world *w, const char *name)
{
    const struct store *s = w->faulty.real;
    struct store_destination row = { .lost = 0 };

    must(s->begin(s->self, STORE_READ) == BM_OK &&
             s->destination_find(s->self, 1, name, &row) == BM_OK,
         "a destination");
    s->rollback(s->self);
    return row.lost;
}

/* Two events each time. */
static void suspend_and_resume(struct world *w, unsigned times)
{
    struct ca_device_act act = { .organisation = 1, .name = "SN-1" };

    for (unsigned i = 0; i < 2 * times; i++) {
        w->now++;
        act.suspend = !act.suspend;
        must(ca_device_change(w->ca, &admin, &act, w->now, NULL) == BM_OK,
             "suspend, or resume");
    }
}

static void what_newer_ones_push_out_is_counted_where_it_was_wanted(void)
{
    const struct ca_device_entry entry = { 1, "SN-1", NULL, 0 };
    const uint64_t many = STORE_NOTICED_MAX / 2;
    struct world w;
    struct outbox *outbox;
    struct outbox_sum sum;

    world_open(&w);
    must(ca_device_expect(w.ca, &admin, &entry, w.now, NULL) == BM_OK,
         "expected");
    put_wanting(&w, "all", "", (struct store_scope){ 0, 1 });
    put_wanting(&w, "above", "noticed", (struct store_scope){ 1, 0 });
    put_wanting(&w, "claims", "claimed", (struct store_scope){ 0, 1 });
    put_wanting(&w, "far", "", (struct store_scope){ 2, 0 });
    outbox = open_outbox(&w);
    suspend_and_resume(&w, (unsigned)many);
    CHECK(lost_by(&w, "all") == 0);
    suspend_and_resume(&w, 3);
    CHECK(lost_by(&w, "all") == 6 && lost_by(&w, "above") == 6);
    CHECK(lost_by(&w, "claims") == 0 && lost_by(&w, "far") == 0);
    CHECK_STATUS(outbox_sum(outbox, &sum), BM_OK);
    CHECK(sum.lost == 12);
    outbox_free(outbox);
    world_close(&w);
}

static void turn_one(struct world *w, bool disabled)
{
    const struct store *s = w->faulty.real;
    struct store_destination row;

    must(s->begin(s->self, STORE_WRITE) == BM_OK &&
             s->destination_find(s->self, 1, "one", &row) == BM_OK,
         "a destination");
    row.disabled = disabled;
    must(s->destination_put(s->self, &row) == BM_OK &&
             s->commit(s->self) == BM_OK,
         "turned");
}

/* Those that are in the window meanwhile are counted once. */
static void what_fails_after_it_was_pushed_out_is_not_counted_twice(void)
{
    const struct ca_device_entry entry = { 1, "SN-1", NULL, 0 };
    struct world w;
    struct outbox *outbox;
    struct outbox_item item;

    world_open(&w);
    must(ca_device_expect(w.ca, &admin, &entry, w.now, NULL) == BM_OK,
         "expected");
    put_wanting(&w, "one", "", (struct store_scope){ 0, 1 });
    turn_one(&w, false);
    suspend_and_resume(&w, 2);
    outbox = open_outbox(&w);
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_OK);
    turn_one(&w, true); /* of which the outbox has not heard */
    suspend_and_resume(&w, STORE_NOTICED_MAX / 2);
    CHECK(lost_by(&w, "one") == 4);
    answer(&w, outbox, item.event.id, false);
    CHECK(lost_by(&w, "one") == 4);
    w.now += 2 * HOUR;
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_OK);
    CHECK(item.event.id == 5);
    answer(&w, outbox, item.event.id, true);
    CHECK(lost_by(&w, "one") == 4);
    outbox_free(outbox);
    world_close(&w);
}

static bm_status count_event(void *arg, const void *visited)
{
    (void)visited;
    ++*(unsigned *)arg;
    return BM_OK;
}

static void put_first(struct world *w)
{
    const struct store *s = w->faulty.real;
    struct store_event e = {
        .organisation = 1, .at = w->now, .kind = "fork", .device = 1
    };

    must(s->begin(s->self, STORE_WRITE) == BM_OK &&
             s->event_put(s->self, &e) == BM_OK && s->commit(s->self) == BM_OK,
         "an event");
}

/* So many of the device of the first that it is dropped, wanted or not. */
static void push_out_the_first(struct world *w)
{
    const struct store *s = w->faulty.real;
    struct store_event e = { .organisation = 1, .kind = "fork", .device = 1 };
    unsigned n = 0;
    const struct store_visit count = { &n, count_event };

    must(s->begin(s->self, STORE_WRITE) == BM_OK, "begin");
    for (unsigned i = 0; i < STORE_CLAIMED_UNDELIVERED_MAX; i++) {
        must(s->event_put(s->self, &e) == BM_OK, "an event");
    }
    must(s->event_forget(s->self, 1, &count) == BM_OK &&
             s->commit(s->self) == BM_OK,
         "forget");
    CHECK(n == 0); /* its destination has come to it, and put it aside */
}

/* Put aside, it is counted when its turn would have come. */
static void what_was_put_aside_and_is_gone_is_counted(void)
{
    struct world w;
    struct outbox *outbox;
    struct outbox_item item;

    world_open(&w);
    put_wanting(&w, "one", "", (struct store_scope){ 0, 1 });
    turn_one(&w, false);
    put_first(&w);
    outbox = open_outbox(&w);
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_OK);
    answer(&w, outbox, item.event.id, false);
    push_out_the_first(&w);
    w.now += 2 * HOUR;
    CHECK_STATUS(outbox_next(outbox, w.now, &item), BM_E_END);
    CHECK_STATUS(outbox_commit(outbox, w.now), BM_OK);
    CHECK(lost_by(&w, "one") == 1);
    outbox_free(outbox);
    world_close(&w);
}

int main(void)
{
    RUN(what_newer_ones_push_out_is_counted_where_it_was_wanted);
    RUN(what_fails_after_it_was_pushed_out_is_not_counted_twice);
    RUN(what_was_put_aside_and_is_gone_is_counted);
    return bm_test_done();
}
