/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_TEST_CONTRACT_OUTBOX_H
#define BM_STORE_TEST_CONTRACT_OUTBOX_H

#include "store/test/contract.h"

/* Destinations of events, what did not get there, and events in their order. */

static inline uint64_t put_destination(struct store *s, uint32_t organisation,
                                       const char *name)
{
    struct store_destination d = { .organisation = organisation,
                                   .scope = { 3, organisation },
                                   .kind = STORE_DESTINATION_SYSLOG,
                                   .secret = { 1, 2 },
                                   .identity = true,
                                   .tries = 20,
                                   .age = 90,
                                   .created = 77,
                                   .anchors = BM_LIT("anchors"),
                                   .cursor = 5 };

    NAME(d.name, name);
    NAME(d.url, "syslog+tls://h");
    NAME(d.kinds, "fork,restore");
    NAME(d.creator, "operator:first");
    CHECK_STATUS(s->destination_put(s->self, &d), BM_OK);
    CHECK(d.id != 0);
    return d.id;
}

static inline void a_destination_is_kept_and_goes_on(void)
{
    struct store *s = contract_open("outbox", true);
    struct store_destination got;
    struct store_destination twice = { .organisation = 1,
                                       .kind = STORE_DESTINATION_WEBHOOK };

    must_begin(s);
    (void)put_destination(s, 1, "siem");
    must_commit(s);
    must_begin(s);
    CHECK_STATUS(s->destination_find(s->self, 1, "siem", &got), BM_OK);
    CHECK(got.kind == STORE_DESTINATION_SYSLOG && got.identity);
    CHECK(got.tries == 20 && got.cursor == 5 && got.secret[1] == 2);
    CHECK(got.age == 90 && got.lost == 0);
    CHECK(got.scope.ecosystem == 3 && got.scope.organisation == 1);
    CHECK(strcmp(got.kinds, "fork,restore") == 0);
    CHECK_BYTES(got.anchors.p, got.anchors.n, "anchors", 7);
    got.cursor = 9;
    got.delivered = 4;
    got.failures = 2;
    got.lost = 7;
    got.disabled = true;
    NAME(got.words, "HTTP 500");
    NAME(got.url, "syslog+tls://elsewhere"); /* which never changes */
    CHECK_STATUS(s->destination_put(s->self, &got), BM_OK);
    CHECK_STATUS(s->destination_find(s->self, 1, "siem", &got), BM_OK);
    CHECK(got.cursor == 9 && got.delivered == 4 && got.failures == 2);
    CHECK(got.lost == 7);
    CHECK(got.disabled && strcmp(got.words, "HTTP 500") == 0);
    CHECK(strcmp(got.url, "syslog+tls://h") == 0);
    CHECK_STATUS(s->destination_find(s->self, 2, "siem", &got), BM_E_NOT_FOUND);
    got.id = 99;
    CHECK_STATUS(s->destination_put(s->self, &got), BM_E_NOT_FOUND);
    s->rollback(s->self);
    must_begin(s);
    NAME(twice.name, "siem");
    CHECK_STATUS(s->destination_put(s->self, &twice), BM_E_STORE_CONFLICT);
    s->close(s->self);
}

static inline bm_status came_destination(void *arg, const void *row)
{
    const struct store_destination *d = row;
    uint32_t *sum = arg;

    *sum = 10 * *sum + d->organisation;
    return BM_OK;
}

static inline void destinations_of_others_are_not_seen(void)
{
    const struct store_scope second = { 0, 2 };
    struct store *s = contract_open("outbox", true);
    uint32_t sum = 0;
    const struct store_visit visit = { &sum, came_destination };

    must_begin(s);
    (void)put_destination(s, 1, "a");
    (void)put_destination(s, 2, "a");
    (void)put_destination(s, 2, "b");
    CHECK_STATUS(s->destination_list(s->self, &ALL, 0, &visit), BM_OK);
    CHECK(sum == 122);
    sum = 0;
    CHECK_STATUS(s->destination_list(s->self, &second, 0, &visit), BM_OK);
    CHECK(sum == 22);
    s->close(s->self);
}

static inline void put_delivery(struct store *s, uint64_t event,
                                uint64_t device, int64_t next)
{
    struct store_delivery row = { .destination = 1,
                                  .event = event,
                                  .device = device,
                                  .tries = 3,
                                  .next = next,
                                  .since = 40,
                                  .changed = 50 };

    NAME(row.words, "HTTP 500");
    CHECK_STATUS(s->delivery_put(s->self, &row), BM_OK);
}

static inline bm_status came_delivery(void *arg, const void *row)
{
    const struct store_delivery *d = row;
    uint64_t *sum = arg;

    *sum = 100 * *sum + d->event;
    return BM_OK;
}

static inline void the_first_of_each_device_is_due(void)
{
    struct store *s = contract_open("outbox", true);
    struct store_delivery got;
    uint64_t sum = 0;
    const struct store_visit visit = { &sum, came_delivery };
    uint32_t n = 9;
    bool waits = false;

    must_begin(s);
    put_delivery(s, 11, 7, 100);
    put_delivery(s, 12, 7, 0); /* behind it */
    put_delivery(s, 13, 8, 90);
    put_delivery(s, 14, 0, 200);
    CHECK_STATUS(s->delivery_due(s->self, 1, 100, &visit), BM_OK);
    CHECK(sum == 1113);
    sum = 0;
    CHECK_STATUS(s->delivery_due(s->self, 1, 99, &visit), BM_OK);
    CHECK(sum == 13);
    CHECK_STATUS(s->delivery_get(s->self, 1, 11, &got), BM_OK);
    CHECK(got.since == 40);
    CHECK(got.tries == 3 && !got.dead && strcmp(got.words, "HTTP 500") == 0);
    got.dead = true; /* given up: the next one goes on */
    CHECK_STATUS(s->delivery_put(s->self, &got), BM_OK);
    sum = 0;
    CHECK_STATUS(s->delivery_due(s->self, 1, 100, &visit), BM_OK);
    CHECK(sum == 1213);
    CHECK_STATUS(s->delivery_count(s->self, 1, true, &n), BM_OK);
    CHECK(n == 1);
    CHECK_STATUS(s->delivery_count(s->self, 1, false, &n), BM_OK);
    CHECK(n == 3);
    CHECK_STATUS(s->delivery_waits(s->self, 1, 7, &waits), BM_OK);
    CHECK(waits);
    CHECK_STATUS(s->delivery_drop(s->self, 1, 12), BM_OK);
    CHECK_STATUS(s->delivery_drop(s->self, 1, 12), BM_OK); /* again is fine */
    CHECK_STATUS(s->delivery_waits(s->self, 1, 7, &waits), BM_OK);
    CHECK(!waits);
    sum = 0;
    CHECK_STATUS(s->delivery_list(s->self, 1, false, 13, &visit), BM_OK);
    CHECK(sum == 14);
    CHECK_STATUS(s->delivery_count(s->self, 2, false, &n), BM_OK);
    CHECK(n == 0);
    s->close(s->self);
}

static inline uint64_t put_outbox_event(struct store *s, uint32_t organisation,
                                        uint64_t device, bool claimed)
{
    struct store_event e = { .organisation = organisation,
                             .at = 5,
                             .device = device,
                             .claimed = claimed };

    NAME(e.kind, "fork");
    CHECK_STATUS(s->event_put(s->self, &e), BM_OK);
    return e.id;
}

static inline bm_status came_event(void *arg, const void *row)
{
    const struct store_event *e = row;
    uint64_t *sum = arg;

    *sum = 10 * *sum + e->id;
    return BM_OK;
}

static inline void events_are_read_in_their_order(void)
{
    const struct store_scope second = { 0, 2 };
    struct store *s = contract_open("outbox", true);
    struct store_event got;
    uint64_t sum = 0;
    const struct store_visit visit = { &sum, came_event };
    uint64_t last = 9;

    must_begin(s);
    CHECK_STATUS(s->event_last(s->self, &last), BM_OK);
    CHECK(last == 0);
    (void)put_outbox_event(s, 1, 0, false);
    (void)put_outbox_event(s, 2, 0, false);
    (void)put_outbox_event(s, 1, 0, false);
    (void)put_outbox_event(s, 2, 0, false);
    CHECK_STATUS(s->event_last(s->self, &last), BM_OK);
    CHECK(last == 4);
    CHECK_STATUS(s->event_after(s->self, &ALL, 1, 3, &visit), BM_OK);
    CHECK(sum == 23);
    sum = 0;
    CHECK_STATUS(s->event_after(s->self, &second, 0, 4, &visit), BM_OK);
    CHECK(sum == 24);
    CHECK_STATUS(s->event_get(s->self, 3, &got), BM_OK);
    CHECK(got.id == 3 && got.organisation == 1);
    CHECK_STATUS(s->event_get(s->self, 5, &got), BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline uint64_t count_claims(struct store *s)
{
    uint64_t n = 0;
    struct store_event e;

    for (uint64_t id = 1; id <= STORE_CLAIMED_UNDELIVERED_MAX + 600; id++) {
        n += s->event_get(s->self, id, &e) == BM_OK;
    }
    return n;
}

static inline void claims_are_kept_until_they_were_delivered(void)
{
    struct store *s = contract_open("outbox", true);
    struct store_destination got;

    pushed_out_n = 0;
    must_begin(s);
    (void)put_destination(s, 1, "siem");
    CHECK_STATUS(s->destination_find(s->self, 1, "siem", &got), BM_OK);
    for (unsigned i = 0; i < STORE_CLAIMED_MAX + 100; i++) {
        (void)put_outbox_event(s, 1, 7, true);
    }
    got.cursor = 50;
    CHECK_STATUS(s->destination_put(s->self, &got), BM_OK);
    put_delivery(s, 20, 7, 0); /* put aside */
    CHECK_STATUS(s->event_forget(s->self, 7, &pushed_out), BM_OK);
    CHECK(count_claims(s) == STORE_CLAIMED_MAX + 51);
    CHECK(pushed_out_n == 0);
    for (unsigned i = 0; i < STORE_CLAIMED_UNDELIVERED_MAX; i++) {
        (void)put_outbox_event(s, 1, 7, true);
    }
    CHECK_STATUS(s->event_forget(s->self, 7, &pushed_out), BM_OK);
    CHECK(count_claims(s) == STORE_CLAIMED_UNDELIVERED_MAX);
    CHECK(pushed_out_n == STORE_CLAIMED_MAX + 50); /* not that put aside */
    got.disabled = true;                           /* nobody waits for them */
    CHECK_STATUS(s->destination_put(s->self, &got), BM_OK);
    CHECK_STATUS(s->event_forget(s->self, 7, &pushed_out), BM_OK);
    CHECK(count_claims(s) == STORE_CLAIMED_MAX);
    CHECK(pushed_out_n == 50 + STORE_CLAIMED_UNDELIVERED_MAX);
    s->close(s->self);
}

static inline bm_status count_one(void *arg, const void *row)
{
    uint64_t *n = arg;

    (void)row;
    ++*n;
    return BM_OK;
}

static inline uint64_t count_events(struct store *s)
{
    uint64_t n = 0;
    const struct store_visit visit = { &n, count_one };

    CHECK_STATUS(s->event_after(s->self, &ALL, 0, INT64_MAX, &visit), BM_OK);
    return n;
}

/* One organisation's destination keeps nobody else's events. */
static inline void events_are_kept_for_those_who_get_them(void)
{
    struct store *s = contract_open("outbox", true);
    struct store_destination all;

    must_begin(s);
    (void)put_destination(s, 2, "theirs"); /* with a cursor of 5 */
    for (unsigned i = 0; i < STORE_NOTICED_MAX + 50; i++) {
        (void)put_outbox_event(s, 1, 7, false);
    }
    CHECK_STATUS(s->event_forget(s->self, 7, &pushed_out), BM_OK);
    CHECK(count_events(s) == STORE_NOTICED_MAX);
    CHECK_STATUS(s->destination_find(s->self, 2, "theirs", &all), BM_OK);
    all.id = 0;
    all.scope.organisation = 0;
    NAME(all.name, "all");
    CHECK_STATUS(s->destination_put(s->self, &all), BM_OK);
    (void)put_outbox_event(s, 1, 7, false);
    CHECK_STATUS(s->event_forget(s->self, 7, &pushed_out), BM_OK);
    CHECK(count_events(s) == STORE_NOTICED_MAX + 1);
    s->close(s->self);
}

static inline void events_of_no_device_are_bounded(void)
{
    struct store *s = contract_open("outbox", true);

    pushed_out_n = 0;
    must_begin(s);
    (void)put_destination(s, 1, "siem");
    for (unsigned i = 0; i < STORE_PLAIN_MAX + 50; i++) {
        (void)put_outbox_event(s, 2, 0, false);
    }
    (void)put_outbox_event(s, 1, 0, false);
    (void)put_outbox_event(s, 2, 7, false);
    CHECK_STATUS(s->event_forget_plain(s->self, 1, &pushed_out), BM_OK);
    CHECK(count_events(s) == STORE_PLAIN_MAX + 52);
    CHECK_STATUS(s->event_forget_plain(s->self, 2, &pushed_out), BM_OK);
    CHECK(count_events(s) == STORE_PLAIN_MAX + 2);
    CHECK(pushed_out_n == 0); /* no destination gets those */
    for (unsigned i = 0; i < STORE_CLAIMED_UNDELIVERED_MAX + 10; i++) {
        (void)put_outbox_event(s, 1, 0, false);
    }
    CHECK_STATUS(s->event_forget_plain(s->self, 1, &pushed_out), BM_OK);
    CHECK(count_events(s) ==
          STORE_PLAIN_MAX + 1 + STORE_CLAIMED_UNDELIVERED_MAX);
    CHECK(pushed_out_n == 11);
    s->close(s->self);
}

static inline uint64_t put_asked(struct store *s, uint32_t organisation,
                                 uint32_t number)
{
    struct store_event e = { .organisation = organisation, .asked = number };

    NAME(e.kind, "certificate.issued");
    CHECK_STATUS(s->event_put(s->self, &e), BM_OK);
    return e.id;
}

static inline void what_was_asked_for_goes_when_it_was_given(void)
{
    struct store_destination d = { .organisation = 1,
                                   .scope = { 0, 1 },
                                   .kind = STORE_DESTINATION_WEBHOOK,
                                   .asks = 1U << 1 };
    struct store *s = contract_open("outbox", true);
    struct store_event got;
    uint64_t sum = 0;
    const struct store_visit visit = { &sum, came_event };

    must_begin(s);
    NAME(d.name, "a");
    CHECK_STATUS(s->destination_put(s->self, &d), BM_OK);
    CHECK_STATUS(s->destination_find(s->self, 1, "a", &d), BM_OK);
    CHECK(d.asks == 2 && d.age == 0);
    (void)put_asked(s, 1, 2);
    (void)put_asked(s, 1, 1); /* it does not ask for this, */
    (void)put_asked(s, 2, 2); /* nor for this one's */
    (void)put_outbox_event(s, 1, 0, false);
    (void)put_asked(s, 1, 32);
    CHECK_STATUS(s->event_get(s->self, 5, &got), BM_OK);
    CHECK(got.asked == 32 && !got.claimed);
    CHECK_STATUS(s->event_list(s->self, &ALL, 0, 0, &visit), BM_OK);
    CHECK(sum == 4); /* no part of what is listed */
    CHECK_STATUS(s->event_given(s->self, 0, 4), BM_OK);
    sum = 0;
    CHECK_STATUS(s->event_after(s->self, &ALL, 0, 9, &visit), BM_OK);
    CHECK(sum == 145);
    put_delivery(s, 1, 0, 0);
    d.cursor = 5;
    CHECK_STATUS(s->destination_put(s->self, &d), BM_OK);
    CHECK_STATUS(s->event_given(s->self, 0, 5), BM_OK);
    sum = 0;
    CHECK_STATUS(s->event_after(s->self, &ALL, 0, 9, &visit), BM_OK);
    CHECK(sum == 14);
    CHECK_STATUS(s->delivery_drop(s->self, 1, 1), BM_OK);
    CHECK_STATUS(s->event_given(s->self, 0, 1), BM_OK);
    CHECK_STATUS(s->event_get(s->self, 1, &got), BM_E_NOT_FOUND);
    CHECK(put_asked(s, 1, 2) == 6); /* though 5 is no more */
    s->close(s->self);
}

static inline void what_was_not_delivered_goes_with_its_destination(void)
{
    struct store *s = contract_open("outbox", true);
    uint32_t n;

    must_begin(s);
    CHECK(put_destination(s, 1, "siem") == 1);
    put_delivery(s, 11, 7, 100);
    CHECK_STATUS(s->destination_drop(s->self, 1), BM_OK);
    CHECK_STATUS(s->delivery_count(s->self, 1, false, &n), BM_OK);
    CHECK(n == 0);
    CHECK_STATUS(s->destination_drop(s->self, 1), BM_E_NOT_FOUND);
    s->close(s->self);
}

static inline void contract_outbox(void)
{
    RUN(a_destination_is_kept_and_goes_on);
    RUN(destinations_of_others_are_not_seen);
    RUN(the_first_of_each_device_is_due);
    RUN(events_are_read_in_their_order);
    RUN(claims_are_kept_until_they_were_delivered);
    RUN(events_are_kept_for_those_who_get_them);
    RUN(events_of_no_device_are_bounded);
    RUN(what_was_asked_for_goes_when_it_was_given);
    RUN(what_was_not_delivered_goes_with_its_destination);
}

#endif
