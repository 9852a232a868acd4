/* SPDX-License-Identifier: Apache-2.0 */
#include "device/deliver_internal.h"

/*
 * The queue: event number n lies in place n modulo BM_DELIVER_EVENTS, so the
 * newest takes the place of the oldest, nothing has to be deleted, and the
 * last number is known as long as the log is.
 */

/* The record POSTED. */
#define POSTED_SIZE 9

/* The event in a place; BM_E_NOT_FOUND where none can be read. */
static bm_status get(const struct bm_deliver *d, uint64_t place, uint8_t *room,
                     size_t *n, uint64_t *number)
{
    struct bm_event event;
    struct bm_bytes list;

    if (bm_log_get(d->config->log, DELIVER_EVENT(place), room,
                   BM_EVENT_SIZE_MAX, n) != BM_OK) {
        return BM_E_NOT_FOUND;
    }
    list = (struct bm_bytes){ room, *n };
    if (!bm_event_next(&list, &event) || list.n != 0) {
        return BM_E_NOT_FOUND;
    }
    *number = event.number;
    return BM_OK;
}

static void load_posted(struct bm_deliver *d)
{
    uint8_t record[POSTED_SIZE];
    size_t n = 0;

    if (bm_log_get(d->config->log, DELIVER_POSTED, record, sizeof record, &n) ==
            BM_OK &&
        n == sizeof record) {
        d->posted = bm_number_get(record, 8);
        d->dated = record[8] == 1;
    }
}

/*
 * The log may be empty because all was lost. Numbers begin at the time, as far
 * as it is known: so they are above those of before, which began earlier.
 */
static uint64_t first_number(const struct bm_deliver *d)
{
    const struct bm_clock *clock = d->config->clock;
    int64_t now = clock == NULL ? 0 : bm_clock_now(clock, clock->config.uptime);

    return now > 0 ? (uint64_t)now : 1;
}

/*
 * Who lost the log lost the clock's record, too, and begins at the time of the
 * build, perhaps for the second time. Once a better one was learned, and
 * nothing waits whose place would be another, numbers begin anew; and only
 * once: numbers that followed the time would show no gap, and would be ahead of
 * what a clock learns after the next loss.
 */
static void date_numbers(struct bm_deliver *d)
{
    const struct bm_clock *clock = d->config->clock;
    uint64_t first = first_number(d);

    if (d->dated || clock == NULL || first <= (uint64_t)clock->config.build ||
        bm_deliver_events(d) != 0) {
        return;
    }
    d->dated = true;
    if (first > d->number) {
        d->number = first;
        d->posted = first - 1;
    }
}

bm_status deliver_load_events(struct bm_deliver *d)
{
    uint8_t room[BM_EVENT_SIZE_MAX];
    uint64_t oldest = UINT64_MAX;
    uint64_t newest;
    uint64_t number = 0;
    size_t n = 0;

    load_posted(d);
    newest = d->posted;
    for (uint64_t i = 0; i < BM_DELIVER_EVENTS; i++) {
        if (get(d, i, room, &n, &number) != BM_OK || number <= d->posted) {
            continue;
        }
        newest = number > newest ? number : newest;
        oldest = number < oldest ? number : oldest;
    }
    if (newest == UINT64_MAX) {
        return BM_E_LIMIT; /* of a lifetime of events, no log of ours */
    }
    d->number = newest == 0 ? first_number(d) : newest + 1;
    if (oldest - 1 > d->posted) {
        d->posted = oldest == UINT64_MAX ? newest : oldest - 1;
    }
    if (newest == 0) {
        d->posted = d->number - 1;
    }
    return BM_OK;
}

unsigned bm_deliver_events(const struct bm_deliver *d)
{
    uint64_t n = d->number - 1 - d->posted;

    return n < BM_DELIVER_EVENTS ? (unsigned)n : BM_DELIVER_EVENTS;
}

static bm_status queue(struct bm_deliver *d, const struct bm_event *event,
                       uint32_t uptime)
{
    const struct bm_clock *clock = d->config->clock;
    struct bm_event stamped = *event;
    uint8_t room[BM_EVENT_SIZE_MAX];
    struct bm_wr w;

    date_numbers(d);
    stamped.number = d->number;
    stamped.when =
        clock == NULL ? BM_EVENT_NO_TIME : bm_clock_now(clock, uptime);
    bm_wr_init(&w, room, sizeof room);
    BM_TRY(bm_event_put(&stamped, &w));
    BM_TRY(
        bm_log_put(d->config->log, DELIVER_EVENT(d->number), bm_wr_bytes(&w)));
    d->number++;
    return BM_OK;
}

bm_status bm_deliver_event(struct bm_deliver *d, const struct bm_event *event,
                           uint32_t uptime)
{
    BM_TRY(queue(d, event, uptime));
    return event->sha256.n != 0 && (event->kind == BM_EVENT_REVERTED ||
                                    event->kind == BM_EVENT_REFUSED)
               ? deliver_settle(d, event->sha256.p, DELIVER_TAG_ANY)
               : BM_OK;
}

bm_status deliver_tell(struct bm_deliver *d, enum bm_event_kind kind,
                       bm_status code)
{
    struct bm_event event = { .kind = kind, .code = (uint32_t)code };

    if (d->fetching) {
        event.manifest = d->version;
        event.sha256 = d->item.sha256;
    }
    return queue(d, &event, d->at);
}

/* At most 16 of them: the head of the array is one octet. */
_Static_assert(BM_DELIVER_EVENTS < 24, "RFC 8949 3: a count in the head");
_Static_assert(1 + BM_DELIVER_EVENTS * BM_EVENT_SIZE_MAX <=
                   BM_MANIFEST_SIZE_MAX,
               "all events fit where a manifest does");

bm_status deliver_put_events(struct bm_deliver *d, size_t *n)
{
    uint8_t *room = deliver_room(d);
    unsigned waiting = bm_deliver_events(d);
    uint64_t number = 0;
    uint8_t count = 0;
    size_t len = 1;
    size_t some = 0;

    for (uint64_t i = d->number - waiting; i < d->number; i++) {
        if (get(d, i, room + len, &some, &number) == BM_OK && number == i) {
            len += some;
            count++;
        }
    }
    room[0] = (uint8_t)(BM_CBOR_ARRAY << 5 | count);
    d->posting = d->number - 1;
    *n = count == 0 ? 0 : len;
    return count == 0 && waiting != 0 ? deliver_events_posted(d) : BM_OK;
}

bm_status deliver_events_posted(struct bm_deliver *d)
{
    uint8_t record[POSTED_SIZE];

    bm_number_put(record, 8, d->posting);
    record[8] = d->dated;
    BM_TRY(bm_log_put(d->config->log, DELIVER_POSTED, BM_ARRAY(record)));
    d->posted = d->posting;
    return BM_OK;
}
