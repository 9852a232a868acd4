/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_EVENT_H
#define BM_CORE_EVENT_H

#include "core/cbor.h"

/*
 * What happened on a device, as it tells its server: the reader and the writer
 * of docs/delivery.md, "Events", for both sides. Deterministic CBOR; reading
 * copies nothing.
 *
 * An event is the device's word, and proves nothing.
 */

/* Octets of a body, and events in it. */
#define BM_EVENTS_SIZE_MAX 4096
#define BM_EVENTS_MAX      16

/* Octets of the text for people. */
#define BM_EVENT_TEXT_MAX 64

/* Octets of one event as written, at most. */
#define BM_EVENT_SIZE_MAX 160

#define BM_EVENT_HASH_SIZE 32

/* Numbers that are not known here are of later versions, or of the
 * application. */
enum bm_event_kind {
    BM_EVENT_STARTED = 1,  /* text: what runs, and its version */
    BM_EVENT_FETCHED = 2,  /* the blob is whole */
    BM_EVENT_TRIED = 3,    /* firmware, policy: it runs, on trial */
    BM_EVENT_TAKEN = 4,    /* it is in force: confirmed, or loaded */
    BM_EVENT_REVERTED = 5, /* it was tried, and is not in force */
    BM_EVENT_REFUSED = 6,  /* it will not be taken; code: why */
    BM_EVENT_KEY = 7,      /* text: how and where the device's key was made */
    BM_EVENT_LOST = 8,     /* an identity or a record could not be read */
    BM_EVENT_MODE = 9,     /* text: the mode of operation that holds from now */
    BM_EVENT_DROPPED = 10, /* text: frames that the firewall dropped, */
    BM_EVENT_LIMITED = 11, /* those over a rate, threshold or cap, */
    BM_EVENT_PASSED = 12,  /* and those that a rule passed and counts */
    BM_EVENT_MISSED = 13,  /* text: events of these three that found no room */
    BM_EVENT_APPLICATION = 64 /* from here on: the application's own */
};

/* No time: the device has no clock that it believes. */
#define BM_EVENT_NO_TIME (-1)

struct bm_event {
    uint64_t number;        /* goes up within the life of the device; never 0 */
    unsigned kind;          /* enum bm_event_kind, or another; below 65536 */
    int64_t when;           /* by the device's clock, or BM_EVENT_NO_TIME */
    struct bm_bytes sha256; /* of the blob it is about, or empty */
    uint32_t code;          /* a bm_status; 0: none */
    struct bm_bytes text;   /* UTF-8 without control characters, or empty */
    uint64_t manifest;      /* version of the manifest it is about; 0: none */
};

/*
 * Parse a body and check all of it. `*events` are the events' encodings, for
 * bm_event_next(); numbers go up within it. On error it is empty:
 * BM_E_CBOR_..., BM_E_EVENT, BM_E_LIMIT.
 */
BM_MUST_CHECK bm_status bm_events_parse(struct bm_bytes body,
                                        struct bm_diag *diag,
                                        struct bm_bytes *events);

/* Walk: false at the end. */
bool bm_event_next(struct bm_bytes *events, struct bm_event *event);

/*
 * Append one event. A body is bm_cbor_put_array() of their number, then the
 * events in the order of their numbers. BM_E_ARGUMENT for what a reader
 * refuses; on error `*w` is as it was.
 */
BM_MUST_CHECK bm_status bm_event_put(const struct bm_event *event,
                                     struct bm_wr *w);

#endif
