/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_OUTBOX_INTERNAL_H
#define BM_CA_OUTBOX_INTERNAL_H

#include "ca/destination.h"
#include "ca/outbox.h"

/* What becomes of an event in the window of a destination. */
enum outbox_state {
    OUTBOX_FREE,
    OUTBOX_READY,
    OUTBOX_SENT,
    /* What follows is to be written. */
    OUTBOX_TAKEN,
    OUTBOX_FAILED,
    OUTBOX_BEHIND, /* one of its device before it is put aside: so is this */
    OUTBOX_OLD,    /* older than its destination wants: given up */
    OUTBOX_GONE    /* its row is no more */
};

struct outbox_entry {
    enum outbox_state state;
    bool aside; /* has a row of its own in the store */
    uint64_t event;
    uint64_t device;
    uint32_t tries;
    int64_t next;
    int64_t since; /* its age counts from here */
    char words[STORE_NAME_MAX];
};

struct outbox_way {
    struct store_destination row;
    uint8_t *anchors;  /* what row.anchors views */
    uint64_t written;  /* the cursor, as the store has it */
    uint64_t position; /* events up to this one are in the window, or done */
    int64_t resume;    /* nothing is sent before */
    int64_t looked;    /* when there was nothing new */
    int64_t aged;      /* when there was nothing too old */
    bool full;         /* there is more behind the window */
    bool seen;
    struct outbox_entry entry[OUTBOX_WINDOW];
};

struct outbox {
    struct outbox_config c;
    bool dirty;
    uint64_t swept; /* what was given to all who asked is gone up to here; or */
#define OUTBOX_SWEPT UINT64_MAX
    size_t turn;
    uint64_t delivered;
    uint64_t failures;
    size_t n;
    struct outbox_way *ways[CA_DESTINATIONS_MAX];
};

/* Is what happened, or was tried again, at `since` too old for it? */
bool outbox_is_old(const struct outbox_way *way, int64_t since, int64_t now);

/* Look for events of one: outbox_fill() for what is to be sent, or with
 * `aging` for what is too old alone; outbox_age() for that, now and then. */
bm_status outbox_fill(struct outbox *outbox, struct outbox_way *way,
                      int64_t now, bool aging);
bm_status outbox_age(struct outbox *outbox, struct outbox_way *way,
                     int64_t now);

/* Is there room in its window for one more that is to be sent? */
bool outbox_has_room(const struct outbox_way *way);

/* Is one of the device, before `event`, in one of these states? */
bool outbox_is_blocked(const struct outbox_way *way, uint64_t device,
                       uint64_t event, unsigned states);
#define OUTBOX_PUT_ASIDE (1U << OUTBOX_FAILED | 1U << OUTBOX_BEHIND)
#define OUTBOX_UNDER_WAY (1U << OUTBOX_READY | 1U << OUTBOX_SENT)

/* NULL: there is none. */
struct outbox_entry *outbox_entry_of(struct outbox_way *way, uint64_t event);
struct outbox_way *outbox_find(struct outbox *outbox, uint64_t destination);

#endif
