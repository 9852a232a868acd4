/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_LOG_INTERNAL_H
#define BM_DEVICE_LOG_INTERNAL_H

#include "device/log.h"

/*
 * What log.c and log_slot.c share: the format of a sector, as
 * docs/device-storage.md draws it. Slots grow from its start, values from its
 * end, so that what cannot be read in one place says nothing wrong about
 * another.
 *
 *   mark, mark again, slot, slot, ... erased ... , value, value
 *
 * A sector counts once it has a mark. A slot is a head, programmed before the
 * value, and a commit, programmed after it.
 */
#define LOG_MARK_SIZE   20
#define LOG_HEAD_SIZE   12
#define LOG_COMMIT_SIZE 8

/* Copied and checked in pieces of so many octets: whole units of any size,
 * and little stack. */
#define LOG_CHUNK 64

enum log_kind {
    LOG_VALUE = 1,
    LOG_DELETED = 2, /* there is no such record any more */
    LOG_LOST = 3     /* there is, but its value could not be read */
};

struct log_record {
    uint32_t sequence; /* of its sector */
    uint32_t at;       /* offset of its slot there */
    uint32_t key;
    enum log_kind kind;
    uint32_t n;
    uint32_t offset; /* of its value in the sector */
    uint32_t crc;    /* of its value */
};

enum log_slot {
    LOG_SLOT_FAILED, /* the flash does not answer: log_walk.rc */
    LOG_SLOT_END,    /* erased, or no room for one more */
    LOG_SLOT_BAD,    /* the head is torn or cannot be read */
    LOG_SLOT_OPEN,   /* no commit, or one that is torn or cannot be read */
    LOG_SLOT_DONE
};

/* A walk over the slots of sectors, from the oldest to the newest. */
struct log_walk {
    uint32_t sequence; /* of the sector that it is in */
    uint32_t newest;   /* where it ends */
    uint32_t at;
    uint32_t bottom;    /* offset of the lowest value seen in the sector */
    enum log_slot last; /* the slot before `at` */
    bm_status rc;
};

/* What to append: octets in memory, or of the flash where `p` is NULL. */
struct log_source {
    const uint8_t *p;
    uint32_t sequence;
    uint32_t offset;
};

/* `n` in whole units. */
uint32_t log_padded(const struct bm_log *log, uint32_t n);
/* Offset in the flash of the sector with this sequence number. */
uint32_t log_base(const struct bm_log *log, uint32_t sequence);
/* Offset of the first slot, and size of each. */
uint32_t log_first(const struct bm_log *log);
uint32_t log_slot_size(const struct bm_log *log);
/* Octets that stay erased between slots and values, so that a walk which
 * could not read the last slot still stops before the values. */
uint32_t log_gap(const struct bm_log *log);

uint32_t log_crc(uint32_t crc, const uint8_t *p, size_t n);

/*
 * BM_E_FLASH_READ is about the octets that were asked for, and is found in
 * what they are part of. Any other status of the flash's is about the flash:
 * all of these return it, lest records seem to be gone that are there.
 */

/* The newest mark, into log->sequence, 0 if there is none; is there one of
 * another geometry? */
bm_status log_mark_find(struct bm_log *log, bool *other);
/* Program copy 0 or 1 of the mark of log->sequence. */
bm_status log_mark_put(const struct bm_log *log, uint32_t copy);

/* Begin at the start of sector `sequence`; set `newest` to go on after it. */
void log_walk(const struct bm_log *log, struct log_walk *w, uint32_t sequence);
/* The next slot of the sector; `r` is filled in from LOG_SLOT_OPEN on. */
enum log_slot log_walk_slot(const struct bm_log *log, struct log_walk *w,
                            struct log_record *r);
/* The next record that was committed; BM_E_END. */
bm_status log_walk_next(const struct bm_log *log, struct log_walk *w,
                        struct log_record *r);

/*
 * Check the value of `r`: BM_E_LOG_READ. What follows its octet `at` is
 * appended to `out` as far as there is room, unless that is NULL. It must be
 * `same`, unless that is NULL: BM_E_NOT_FOUND.
 */
bm_status log_value_read(const struct bm_log *log, const struct log_record *r,
                         uint32_t at, struct bm_wr *out, const uint8_t *same);

/*
 * Append a record with key, kind, n and crc of `r` to the sector that is
 * being filled, which has room for it. On error nothing more goes there.
 */
bm_status log_append(struct bm_log *log, const struct log_record *r,
                     const struct log_source *source);

#endif
