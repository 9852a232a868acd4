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
 * No index is kept in memory: reading walks the flash. One thread at a time.
 */

/* A record's number: who it belongs to in the high octet, the rest is theirs.
 * The list of owners, so that nobody's numbers collide. */
enum bm_log_owner {
    BM_LOG_IDENTITY = 0x01,   /* identity.h */
    BM_LOG_CLOCK = 0x02,      /* clock.h */
    BM_LOG_TRUST = 0x03,      /* trust.h */
    BM_LOG_VAULT = 0x04,      /* vault.h */
    BM_LOG_ITS = 0x05,        /* psa_its_*, ports/mbedtls */
    BM_LOG_APPLICATION = 0x40 /* from here on: the firmware's own */
};
#define BM_LOG_KEY(owner, n) ((uint32_t)(owner) << 24 | (uint32_t)(n))

/* Octets of a value: less where sectors are small (bm_log_value_max()). */
#define BM_LOG_VALUE_MAX 2048

struct bm_log {
    const struct bm_flash *flash;
    /* Private. */
    uint32_t head;     /* where the next record goes */
    uint32_t sequence; /* of the sector that is being filled */
};

/*
 * Find the log, finishing or undoing what a power cut left; blank flash
 * becomes an empty log. BM_E_LOG_FORMAT: it holds something else entirely.
 */
BM_MUST_CHECK bm_status bm_log_open(struct bm_log *log,
                                    const struct bm_flash *flash);

size_t bm_log_value_max(const struct bm_log *log);

/* BM_E_NOT_FOUND; BM_E_BUFFER and `*n` when `out` is too small. */
BM_MUST_CHECK bm_status bm_log_get(const struct bm_log *log, uint32_t key,
                                   uint8_t *out, size_t cap, size_t *n);

/* Durable when this returns. BM_E_LOG_FULL leaves all as it was. */
BM_MUST_CHECK bm_status bm_log_put(struct bm_log *log, uint32_t key,
                                   struct bm_bytes value);

/* A record that is not there is BM_OK. */
BM_MUST_CHECK bm_status bm_log_delete(struct bm_log *log, uint32_t key);

/* The record with the least number over `*key` (over or equal, the first
 * time: start with *key = 0 and `first`). BM_E_END. */
BM_MUST_CHECK bm_status bm_log_next(const struct bm_log *log, uint32_t *key,
                                    bool first, size_t *n);

/*
 * Make sure that no octet of a deleted or replaced record is in the flash any
 * more: after a key was destroyed, before a device changes hands.
 */
BM_MUST_CHECK bm_status bm_log_scrub(struct bm_log *log);

#endif
