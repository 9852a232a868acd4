/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_OUTBOX_H
#define BM_CA_OUTBOX_H

#include "core/crypto.h"
#include "store/store.h"

/*
 * The outbox: which event is to be sent where, next, and what became of it.
 *
 * There is no second copy of events. An event is a row of the store, written
 * in the transaction of the act that it tells of, and each destination has one
 * number, its cursor: what is above it is still to come. What could not be
 * delivered has a row of its own meanwhile, so that the cursor can go on.
 *
 * Promises, each of them over a crash at any instant:
 *
 *   - an event is delivered at least once, or stands among what was given up,
 *     or is counted as lost: because there was no room for it there, or because
 *     newer ones have pushed it out (store.h, event_forget())
 *   - what a destination keeps in the store is bounded by its age: whatever is
 *     older is given up, also while the destination is disabled
 *   - the first delivery of an event comes behind that of each earlier event of
 *     its device, but for those that were given up. Events of no device are
 *     all of one
 *   - one device does not hold up another: what fails is put aside, up to
 *     OUTBOX_WAITING_MAX events
 *   - memory is OUTBOX_WINDOW events per destination, however many there are
 *
 * It does not send: the caller takes events with outbox_next(), says what
 * became of each with outbox_result(), and has that written with
 * outbox_commit(). Nothing is in flight in a new outbox, or after
 * outbox_lost(): what was is taken again, with the same id.
 */

/* Events of one destination that are looked at together. */
#define OUTBOX_WINDOW 32

/* Events in flight, of all destinations together. Each has its share, so that
 * one whose server is slow to answer takes none of another's. */
#define OUTBOX_UNDER_WAY_MAX 512

/* Events put aside, per destination, before no other is begun. */
#define OUTBOX_WAITING_MAX 1024

/* Events given up, per destination. Then one that was tried often enough is
 * tried on; one that is too old is lost, and counted. */
#define OUTBOX_DEAD_MAX 10000

/* Seconds between two looks at what is too old. */
#define OUTBOX_AGING 60

/* Failures, one after another, from which on a destination counts as failing:
 * it is tried with one event at a time. */
#define OUTBOX_FAILING 3

/* Seconds that a failing destination waits at most before the next event. */
#define OUTBOX_PAUSE_MAX 300

/* Ids of events, of which some may have been given to all who asked, that are
 * looked over in one transaction. */
#define OUTBOX_SWEEP 16384

struct outbox_config {
    const struct store *store;
    const struct bm_crypto *crypto;
    uint32_t retry_first; /* seconds until the second try */
    uint32_t retry_last;  /* between two tries, at most */
};

struct outbox;

BM_MUST_CHECK bm_status outbox_new(const struct outbox_config *config,
                                   struct outbox **outbox);
void outbox_free(struct outbox *outbox); /* NULL is fine */

/* Destinations may have changed: read them. Before the first outbox_next(), and
 * whenever an operator has acted. A store that was restored and not resumed
 * has none. */
BM_MUST_CHECK bm_status outbox_read(struct outbox *outbox);

/* What is to be sent. `destination` is of the outbox: views until the next
 * outbox_read(). */
struct outbox_item {
    const struct store_destination *destination;
    struct store_event event;
    uint32_t tries;              /* that failed before */
    char id[48];                 /* of the event, the same each time */
    char device[STORE_NAME_MAX]; /* its name, or "" */
    char organisation[STORE_NAME_MAX];
};

/* The next one, in turn of destinations. BM_E_END: nothing is to be sent for
 * now; ask again in a second. */
BM_MUST_CHECK bm_status outbox_next(struct outbox *outbox, int64_t now,
                                    struct outbox_item *item);

struct outbox_result {
    uint64_t destination;
    uint64_t event;
    bool taken;
    const char *words; /* otherwise: why not */
};
/* What became of one; anything that is not in flight is ignored. True: it was,
 * and is to be written. */
bool outbox_result(struct outbox *outbox, const struct outbox_result *result,
                   int64_t now);

/* Write what became of events, and drop those that were written for
 * destinations alone, and given to them. On failure nothing is lost: try again.
 * To be called once in a second; sooner where it is dirty. */
BM_MUST_CHECK bm_status outbox_commit(struct outbox *outbox, int64_t now);
bool outbox_is_dirty(const struct outbox *outbox);

/* Is there this destination; how many events are in flight? */
bool outbox_has(const struct outbox *outbox, uint64_t destination);
size_t outbox_under_way(const struct outbox *outbox);

/* Whoever sent is gone. */
void outbox_lost(struct outbox *outbox);

/* What an operator might want to know of all destinations. */
struct outbox_sum {
    uint32_t enabled;
    uint32_t failing;
    uint32_t waiting; /* put aside */
    uint32_t dead;
    uint64_t lost;      /* by the destinations that there are, ever */
    uint64_t behind;    /* events that the slowest has not looked at yet */
    uint64_t delivered; /* since this outbox is */
    uint64_t failures;
};
BM_MUST_CHECK bm_status outbox_sum(struct outbox *outbox,
                                   struct outbox_sum *sum);

#endif
