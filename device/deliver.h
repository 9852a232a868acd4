/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_DELIVER_H
#define BM_DEVICE_DELIVER_H

#include "core/event.h"
#include "core/manifest.h"
#include "device/exchange.h"
#include "device/log.h"

/*
 * Delivery (docs/delivery.md), the device's side: firmware, key sets, policies
 * and trust bundles, on one road. It is a job (job.h) that a pump drives:
 *
 *     bm_deliver_open(&d, &config);           once after a start
 *     ... when it is time, and nothing else uses the pump ...
 *     bm_deliver_start(&d, uptime);
 *     bm_deliver_as_job(&d, &job);
 *     ... bm_pump_run() until it is over; again in BM_DELIVER_EVERY ...
 *
 * One round is:
 *
 *   GET manifest   verified, for this device, and not older than one before
 *   for each item, in order, that is not settled:
 *     GET blob     with Range, into flash that the application gives; what is
 *                  whole there stays through a power cut
 *     the hash     of the whole, read back from flash
 *     take()       the application puts it into force, or asks the bootloader
 *   POST events    until they are on record
 *
 * The manifest chooses and does not vouch: whether firmware may run is the
 * bootloader's to say, whether a policy may be loaded its loader's.
 *
 * An item is settled when it was taken, when it was refused by the application,
 * or when an event said that it was reverted. It stays so while it stands in
 * every manifest, so nothing is fetched again and again; unassigned and
 * assigned anew it is tried anew. What a manifest for repair only leaves out
 * counts as standing in it: a device that is suspended is told of nothing, and
 * when it is resumed what was settled is.
 *
 * Whatever else goes wrong is waited out (BM_JOB_WAIT says why), longer each
 * time, and gone on with where it was; events are posted before, where the
 * connection stands. An item that failed BM_DELIVER_TRIES
 * times is left, with an event, until the next round, and the next one is
 * turned to.
 *
 * In the log (owner BM_LOG_DELIVER): the version and content of the manifest
 * that was taken last, and what is settled; how far a download is, once every
 * BM_DELIVER_STEP octets and once when it is whole, 56 octets each where units
 * are of 8, and a deletion of 16 behind; the queue of events, one record
 * each. In flash every sector of the range is erased once for each download,
 * and those behind the last step once more for each power cut.
 *
 * One thread at a time, not from interrupts. The longest calls are `received`
 * and `next`: one erase of a sector; the hash of a whole blob, which goes
 * through the functions of struct bm_flash and may feed a watchdog there; a
 * manifest's signatures.
 */

/* Seconds between rounds. */
#define BM_DELIVER_EVERY 3600

/* Octets of a download between two records of how far it is; more where a
 * sector is larger. */
#define BM_DELIVER_STEP 16384

/* Failures of one item in a row until it is left. */
#define BM_DELIVER_TRIES 3

/*
 * Events that wait. Who queues one more loses the oldest: the newest says more
 * about the device, and a gap in their numbers shows that some are missing.
 */
#define BM_DELIVER_EVENTS BM_EVENTS_MAX

/* What take() says when the thing is not in force yet, but will be at the next
 * start: the application tells by an event then (TRIED, TAKEN, REVERTED). */
#define BM_DELIVER_AT_START BM_E_END

/* What take() says when it cannot be taken as long as another one is on trial:
 * the item is left until the next round, without an event. */
#define BM_DELIVER_LATER BM_E_FW_TRIAL

/* The application's part. */
struct bm_deliver_app {
    void *self;
    /*
     * Is what the item names in force already, or asked of the bootloader?
     * Then nothing is fetched. bm_deliver_hash() helps: over slot 0, or what
     * is stored. NULL: no.
     */
    bool (*have)(void *self, const struct bm_manifest_item *item);
    /*
     * Where it goes: flash whose contents are of no use any more and are
     * erased from here on; NULL: this device takes nothing of that kind
     * (refused, BM_E_DELIVER_KIND). Until the item is settled the answer has
     * to be the same. Where flash is of use for now, as slot 1 is while an
     * update is on trial, no round is begun. Memory behind the functions of a
     * struct bm_flash does for small things, such as trust bundles.
     */
    const struct bm_flash *(*place)(void *self,
                                    const struct bm_manifest_item *item);
    /*
     * The octets at the start of `flash` are those that the item names. BM_OK:
     * it is in force (event TAKEN). BM_DELIVER_AT_START, BM_DELIVER_LATER. Of
     * BM_E_FLASH_... and BM_E_LOG_... it is tried again; anything else refuses
     * the item for good (event REFUSED). May be called again for the same one
     * after a power cut.
     */
    bm_status (*take)(void *self, const struct bm_manifest_item *item,
                      const struct bm_flash *flash);
    /* The mode that the manifest wants: told by bm_deliver_open(), of the one
     * that was taken last, and with each one that is fetched. NULL: there is
     * one mode. */
    void (*mode)(void *self, enum bm_manifest_mode mode);
};

/* What is pointed to lives as long as the struct below. */
struct bm_deliver_config {
    const struct bm_crypto *crypto;
    struct bm_log *log;
    const struct bm_identity *identity; /* its current place is shown */
    struct bm_trust *trust; /* judges the server, and who signed the manifest */
    struct bm_clock *clock; /* learns `issued`, stamps events; or NULL */
    const char *host;
    uint16_t port;
    const char *device; /* our name in the inventory */
    const struct bm_deliver_app *app;
    /* Memory for the request, then manifest or events: BM_DELIVER_ROOM octets.
     * Of nobody else's while a round is on its way. */
    uint8_t *room;
    size_t room_n;
    uint16_t patience; /* seconds for an exchange; 0: BM_EXCHANGE_PATIENCE */
};

#define BM_DELIVER_ROOM (BM_EXCHANGE_HEAD_MAX + BM_MANIFEST_SIZE_MAX)

/* Octets that tell items apart, of hash, kind and image: nothing is trusted by
 * them. */
#define BM_DELIVER_NAME 8

/* About 1.1 KB on a Cortex-M3. */
struct bm_deliver {
    /* To be read. */
    uint64_t version; /* of the manifest taken last, or 0 */
    uint32_t whole;   /* octets of the blob in `item` that are in flash */
    bool fetching;    /* a blob is on its way: */
    struct bm_manifest_item item; /* this one */
    uint16_t http;                /* status of the last answer, or 0 */

    /* Private. */
    const struct bm_deliver_config *config;
    struct bm_exchange exchange;
    struct bm_exchange_config exchange_config;
    struct bm_exchange_sink sink;
    struct bm_manifest manifest; /* views into the room */
    const struct bm_flash *flash;
    bm_status why;
    uint32_t at;      /* uptime, as told last */
    uint32_t until;   /* uptime: end of the wait */
    uint32_t begun;   /* octets of the blob when the exchange began */
    uint32_t rounds;  /* connections tell apart what the clock learns */
    uint32_t kept;    /* octets of the blob that the log knows of */
    uint64_t posted;  /* events up to this one are on record, */
    uint64_t posting; /* or will be with the answer */
    uint64_t number;  /* of the next event */
    uint8_t state;
    uint8_t step;
    uint8_t failures; /* in a row */
    uint8_t tries;    /* of this item, in a row */
    uint8_t left;     /* bit for each item that is left until the next round, */
    uint8_t told;     /* and for those of which an event has told */
    uint8_t index;    /* of the item */
    uint8_t settled_n;
    uint8_t part_n;
    bool complete;     /* all of the manifest is settled */
    bool dated;        /* numbers of events began at a time that was learned */
    uint8_t mode;      /* of that manifest */
    uint16_t room_n;   /* octets of the manifest, or of the events */
    bm_status refused; /* the manifest, last: one event for each reason */
    uint8_t digest[BM_MANIFEST_HASH_SIZE]; /* of the manifest's content */
    uint8_t blob[BM_MANIFEST_HASH_SIZE];   /* that `whole` is about */
    uint8_t settled[BM_MANIFEST_ITEMS_MAX][BM_DELIVER_NAME];
    uint8_t part[BM_FLASH_UNIT_MAX]; /* of a unit that is not full */
};

/*
 * Load what the log holds. Records that make no sense, or that the flash has
 * lost, count as none, but then the rollback floor is gone: there is an event
 * LOST. The mode is not known then either: mode() is not called, and the
 * application's default is in force until the next manifest is taken.
 * BM_E_ARGUMENT: the configuration is incomplete.
 */
BM_MUST_CHECK bm_status bm_deliver_open(struct bm_deliver *d,
                                        const struct bm_deliver_config *config);

/* Begin a round. BM_E_IDENTITY_STATE: there is no current identity. */
BM_MUST_CHECK bm_status bm_deliver_start(struct bm_deliver *d, uint32_t uptime);

/* Hand it to a pump, once it is started. */
void bm_deliver_as_job(struct bm_deliver *d, struct bm_job *job);

/*
 * Queue an event, to be posted in the next round: durable on BM_OK. Number,
 * and `when` where there is a clock, are filled in here. REVERTED and REFUSED
 * settle the blob that they name, of whatever kind and image, unless it is
 * settled for one. May be called at any time after bm_deliver_open(), from
 * take() too.
 */
BM_MUST_CHECK bm_status bm_deliver_event(struct bm_deliver *d,
                                         const struct bm_event *event,
                                         uint32_t uptime);

/* Events that wait to be posted. */
unsigned bm_deliver_events(const struct bm_deliver *d);

/* Nothing is settled any more: for who has lost what was delivered. The
 * rollback floor stays. */
BM_MUST_CHECK bm_status bm_deliver_forget(struct bm_deliver *d);

/* SHA-256 of the first `n` octets of a range. */
BM_MUST_CHECK bm_status bm_deliver_hash(const struct bm_crypto *crypto,
                                        const struct bm_flash *flash,
                                        uint32_t n,
                                        uint8_t out[BM_MANIFEST_HASH_SIZE]);

#endif
