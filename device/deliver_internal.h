/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_DELIVER_INTERNAL_H
#define BM_DEVICE_DELIVER_INTERNAL_H

#include "device/deliver.h"
#include "device/number.h"

/*
 * What the files of the delivery share. deliver.c is the state machine,
 * deliver_manifest.c judges what came and keeps what was decided,
 * deliver_item.c says what becomes of an item, deliver_blob.c writes flash,
 * deliver_event.c has the queue.
 *
 * Records of the log, numbers big end first:
 *
 *   STATE     version (8), SHA-256 of the manifest's content (32),
 *             its mode times two, and 1 when all of it is settled (1), the
 *             names of what is settled (BM_DELIVER_NAME each): the first octets
 *             of a hash, and a tag
 *   PROGRESS  SHA-256 of a blob, the tag mixed into its last octet (32), octets
 *             of it that are whole in flash (4)
 *   POSTED    number of the last event that is on record (8), 1 when numbers
 *             began at a time that was learned (1)
 *   EVENT(n)  an event as core/event.h writes it, in place number modulo
 *             BM_DELIVER_EVENTS
 */
#define DELIVER_STATE    BM_LOG_KEY(BM_LOG_DELIVER, 0)
#define DELIVER_PROGRESS BM_LOG_KEY(BM_LOG_DELIVER, 1)
#define DELIVER_POSTED   BM_LOG_KEY(BM_LOG_DELIVER, 2)
#define DELIVER_EVENT(n) \
    BM_LOG_KEY(BM_LOG_DELIVER, 0x10 + (uint32_t)((n) % BM_DELIVER_EVENTS))

/* Exchanges, then what needs none. */
enum deliver_step {
    STEP_MANIFEST,
    STEP_BLOB,
    STEP_EVENTS,
    STEP_ITEMS,  /* what is next to be fetched? */
    STEP_FINISH, /* a blob is whole */
    STEP_TELL    /* the round has failed: is there an event to be posted? */
};

/* Where a manifest or a body of events lies. */
static inline uint8_t *deliver_room(const struct bm_deliver *d)
{
    return d->config->room + BM_EXCHANGE_HEAD_MAX;
}

/* ---- deliver.c */

/* The round, or what it is about, fails. Of a round the first reason is what
 * it waits for; events are posted before, where the connection stands. */
void deliver_fail(struct bm_deliver *d, bm_status why);
/* Begin an exchange, which is this step. */
void deliver_start_step(struct bm_deliver *d, enum deliver_step step,
                        const struct bm_exchange_request *request);
/* Post what waits, or end the round. */
void deliver_post_events(struct bm_deliver *d);

/* ---- deliver_item.c */

/* STEP_ITEMS: turn to the next item that something is to be done about; behind
 * the last one events are posted. */
void deliver_next_item(struct bm_deliver *d);
/* STEP_BLOB: its exchange is over, with this. */
void deliver_end_blob(struct bm_deliver *d, bm_status rc);
/* STEP_FINISH: hash it and hand it over. */
void deliver_finish_blob(struct bm_deliver *d);
/* The head of a blob's answer is there. BM_E_DELIVER_ANSWER, _SIZE: it is not
 * of what was asked for. */
BM_MUST_CHECK bm_status deliver_begin_body(struct bm_deliver *d,
                                           const struct bm_exchange *x);

/* ---- deliver_manifest.c */

/* Judge the message in the room, and keep its version. On error there is no
 * manifest. */
BM_MUST_CHECK bm_status deliver_take_manifest(struct bm_deliver *d);

/* Load and keep the record STATE. BM_E_LOG_READ: there was one. */
BM_MUST_CHECK bm_status deliver_load_state(struct bm_deliver *d);
BM_MUST_CHECK bm_status deliver_put_state(const struct bm_deliver *d);

/* The same octets may be of two images. An event tells of a blob alone: ANY. */
#define DELIVER_TAG_ANY 0

static inline uint8_t deliver_tag(const struct bm_manifest_item *item)
{
    return (uint8_t)(item->kind << 1 | item->image);
}

bool deliver_is_settled(const struct bm_deliver *d, const uint8_t *sha256,
                        uint8_t tag);
BM_MUST_CHECK bm_status deliver_settle(struct bm_deliver *d,
                                       const uint8_t *sha256, uint8_t tag);

/* ---- deliver_blob.c */

/* Turn to d->item, which goes to d->flash: what is whole of it already? */
void deliver_begin_blob(struct bm_deliver *d);
/* Nothing is whole any more, or the blob is not wanted any more. */
BM_MUST_CHECK bm_status deliver_drop_blob(struct bm_deliver *d);
/* All of it is there, and was seen: no hash is told twice. */
BM_MUST_CHECK bm_status deliver_keep_blob(struct bm_deliver *d);
/* The next octets. BM_E_DELIVER_SIZE: more than there are to be. */
BM_MUST_CHECK bm_status deliver_write(struct bm_deliver *d,
                                      struct bm_bytes octets);
/* The connection has ended: go on from here, or from where the flash is in
 * doubt. */
void deliver_break_blob(struct bm_deliver *d, bm_status why);
/* Is it what the manifest names? BM_E_DELIVER_DIGEST, BM_E_FLASH_... */
BM_MUST_CHECK bm_status deliver_check_blob(const struct bm_deliver *d);

/* ---- deliver_event.c */

BM_MUST_CHECK bm_status deliver_load_events(struct bm_deliver *d);
/* The body of a POST into the room; `*n` is 0 where there is none. */
BM_MUST_CHECK bm_status deliver_put_events(struct bm_deliver *d, size_t *n);
/* They are on record. */
BM_MUST_CHECK bm_status deliver_events_posted(struct bm_deliver *d);
/* Queue an event of our own: about d->item, or about a manifest that is not to
 * be acted upon, so that there is no version to name. */
BM_MUST_CHECK bm_status deliver_tell(struct bm_deliver *d,
                                     enum bm_event_kind kind, bm_status code);

#endif
