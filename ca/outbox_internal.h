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
    OUTBOX_GONE    /* its row is no more */
};

struct outbox_entry {
    enum outbox_state state;
    bool aside; /* has a row of its own in the store */
    uint64_t event;
    uint64_t device;
    uint32_t tries;
    int64_t next;
    char words[STORE_NAME_MAX];
};

struct outbox_way {
    struct store_destination row;
    uint8_t *anchors;  /* what row.anchors views */
    uint64_t written;  /* the cursor, as the store has it */
    uint64_t position; /* events up to this one are in the window, or done */
    int64_t resume;    /* nothing is sent before */
    int64_t looked;    /* when there was nothing new */
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

/* NULL: there is none. */
struct outbox_way *outbox_find(struct outbox *outbox, uint64_t destination);

#endif
