/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_LOG_H
#define BM_DEVICE_LOG_H

#include "device/flash.h"

/*
 * One power-fail-safe log over flash: records, each a number and octets.
 * Keys, identity, time, trust and vault all live in it, so there is one
 * recovery. Putting a record is atomic: whatever instant the power goes, the
 * next open finds the old value or the new one, whole.
 *
 * The sectors are filled in turn, round and round, so all of them wear alike.
 * One is always spare. When the one that is being filled has no room left,
 * the spare is erased, what is still of value in the oldest is copied into
 * it, and the oldest is the spare. docs/device-storage.md has the format.
 *
 * Wear: with a share u of the capacity in use, an octet put costs about
 * 1/(1 - u) octets programmed, and each (1 - u) of a sector put costs one
 * erase. Keep u under one half. A power cut in the middle of a put costs one
 * erase more, and a put into a log that is nearly full may erase each sector
 * once before it is BM_E_LOG_FULL: do not repeat that in a loop.
 *
 * No index is kept in memory: reading walks the flash, in time that is
 * proportional to the records that are in it. The longest call is the one
 * that has to make room: it copies up to a sector for each of the sectors and
 * searches the log for each record that it copies; bm_log_scrub() always does
 * as much. All of it goes through the functions of struct bm_flash, which may
 * feed a watchdog. One thread at a time; not from interrupts.
 */

/* A record's number: who it belongs to in the high octet, the rest is theirs.
 * The list of owners, so that nobody's numbers collide. */
enum bm_log_owner {
    BM_LOG_IDENTITY = 0x01,   /* identity.h */
    BM_LOG_CLOCK = 0x02,      /* clock.h */
    BM_LOG_TRUST = 0x03,      /* trust.h */
    BM_LOG_VAULT = 0x04,      /* vault.h */
    BM_LOG_ITS = 0x05,        /* psa_its_*, ports/mbedtls */
    BM_LOG_DELIVER = 0x06,    /* deliver.h */
    BM_LOG_FIREWALL = 0x07,   /* firewall/slots.h */
    BM_LOG_APPLICATION = 0x40 /* from here on: the firmware's own */
};
#define BM_LOG_KEY(owner, n) ((uint32_t)(owner) << 24 | (uint32_t)(n))

/* Octets of a value: less where sectors are small (bm_log_value_max()). */
#define BM_LOG_VALUE_MAX 2048

struct bm_log {
    const struct bm_flash *flash;
    /* Private. */
    uint32_t slot;     /* octets of one */
    uint32_t sequence; /* of the sector that is being filled: */
    uint32_t top;      /* the next slot, */
    uint32_t bottom;   /* and the lowest value */
};

/*
 * Find the log; what a power cut left half done is as if it had not been
 * begun. Writes nothing, except that blank flash becomes an empty log.
 * BM_E_LOG_FORMAT: it holds something else, or a log of another geometry;
 * BM_E_ARGUMENT: no geometry that flash.h allows.
 */
BM_MUST_CHECK bm_status bm_log_open(struct bm_log *log,
                                    const struct bm_flash *flash);

/*
 * Begin an empty log, whatever was there, and erase all of it. After a power
 * cut in here, call it again: there is the old log, if there was one, or the
 * new one, but perhaps not everything is erased.
 */
BM_MUST_CHECK bm_status bm_log_format(struct bm_log *log,
                                      const struct bm_flash *flash);

/* BM_LOG_VALUE_MAX, or what a sector holds (half of it, of two sectors). */
size_t bm_log_value_max(const struct bm_log *log);

/*
 * BM_E_NOT_FOUND; BM_E_BUFFER and `*n` when `out` is too small, which holds
 * the beginning then; BM_E_LOG_READ: there is a value, but the flash has lost
 * it (put or delete it to go on), or there may be one: of what stood in a slot
 * that cannot be read nobody knows which record it was. So BM_E_NOT_FOUND is
 * certain, but for one case: the last slot of a sector looks as if the power
 * had been cut there, and the record is as it was before. What must not be
 * made twice, or costs a key, does not depend on the last put alone.
 */
BM_MUST_CHECK bm_status bm_log_get(const struct bm_log *log, uint32_t key,
                                   uint8_t *out, size_t cap, size_t *n);

/* The same for the first octets of a value, `cap` at most; all of it is checked
 * all the same. `*size` is that of the whole. */
BM_MUST_CHECK bm_status bm_log_get_part(const struct bm_log *log, uint32_t key,
                                        uint8_t *out, size_t cap, size_t *size);

/*
 * Durable when this returns BM_OK; costs nothing if the value is the same, so
 * what may have been done can be done again. Everything else leaves the old
 * value: BM_E_LOG_FULL (the old one counts until the new one is in),
 * BM_E_LIMIT for one that is too long, BM_E_FLASH_... .
 */
BM_MUST_CHECK bm_status bm_log_put(struct bm_log *log, uint32_t key,
                                   struct bm_bytes value);

/* Works in a full log. A record that is not there is BM_OK. After this
 * BM_E_NOT_FOUND is certain. */
BM_MUST_CHECK bm_status bm_log_delete(struct bm_log *log, uint32_t key);

/* The record with the least number over `*key` (over or equal, the first
 * time: start with *key = 0 and `first`). `*n` is its size. BM_E_END. */
BM_MUST_CHECK bm_status bm_log_next(const struct bm_log *log, uint32_t *key,
                                    bool first, size_t *n);

/*
 * Make sure that no octet of a deleted or replaced record is in the flash any
 * more: after a key was destroyed, before a device changes hands. Costs one
 * erase of each sector; cut short, it has to be called again.
 */
BM_MUST_CHECK bm_status bm_log_scrub(struct bm_log *log);

#endif
