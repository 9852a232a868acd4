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
 * Mark and slot are four words: three that say something, and a CRC. Two are
 * programmed before the value, two after it, so the CRC is also what commits.
 * A sector counts once it has a mark, which is programmed last.
 */
#define LOG_ENTRY_SIZE 16

/* Copied and checked in pieces of so many octets: whole units of any size,
 * and little stack. */
#define LOG_CHUNK 64

enum log_kind {
    LOG_NONE = 0,
    LOG_VALUE = 1,
    LOG_DELETED = 2, /* there is no such record any more */
    LOG_LOST = 3,    /* there is, but its value could not be read */
    LOG_MARK = 4     /* no record: of the sector itself */
};

/* All addresses are offsets in the flash. */
struct log_record {
    uint32_t sequence; /* of its sector; 0: that of a mark, to be read */
    uint32_t at;       /* its slot */
    uint32_t key;
    enum log_kind kind;
    uint32_t n;
    uint32_t value; /* where that is */
    uint32_t crc;   /* of the value */
    bool doubt;     /* see seek() */
};

/* A walk over the slots of sectors, from the oldest to the newest. */
struct log_walk {
    uint32_t sequence; /* of the sector that it is in */
    uint32_t newest;   /* where it ends */
    uint32_t at;       /* the next slot */
    uint32_t bottom;   /* the lowest value in the sector */
    bool torn;         /* the slot before `at` is, or cannot be read */
    bool doubt;        /* set where a record was, and nobody knows of which key
                          it is */
};

/* `n` in whole units. */
uint32_t log_padded(const struct bm_log *log, uint32_t n);
/* The sector with this sequence number. */
uint32_t log_base(const struct bm_log *log, uint32_t sequence);

uint32_t log_crc(uint32_t crc, const uint8_t *p, size_t n);

/*
 * BM_E_FLASH_READ is about the octets that were asked for, and is found in
 * what they are part of. Any other status of the flash's is about the flash:
 * all of these return it, lest records seem to be gone that are there.
 */

/* The newest mark, into log->sequence, which is 0 before and if there is none.
 * BM_E_LOG_FORMAT if there are none but of another geometry. */
bm_status log_mark_find(struct bm_log *log);
/* Are both copies of the mark of log->sequence there? */
bool log_mark_is_double(const struct bm_log *log);
/* Program copy 0 or 1 of the mark of log->sequence. */
bm_status log_mark_put(const struct bm_log *log, uint32_t copy);

void log_walk(const struct bm_log *log, struct log_walk *w, uint32_t oldest,
              uint32_t newest);
/*
 * The next record that was committed. BM_E_END, with the end of the newest
 * sector in `w`. A slot that does not count is no cut if others follow, since
 * nothing is appended after a torn one: then it is a record that was lost, of
 * its key if that can be read, and else sets w->doubt.
 */
bm_status log_walk_next(const struct bm_log *log, struct log_walk *w,
                        struct log_record *r);

/*
 * Check the value of `r`: BM_E_LOG_READ. `out` gets its first octets, as far
 * as `cap` goes, on error some of them. It must be `same`, unless that is NULL:
 * BM_E_NOT_FOUND.
 */
bm_status log_value_read(const struct bm_log *log, const struct log_record *r,
                         uint8_t *out, size_t cap, const uint8_t *same);

/*
 * Append a record with key, kind, n and crc of `r` to the sector that is
 * being filled, which has room for it; the value is at `p`, or where `r` has
 * it if that is NULL. `r` says then where it is. On error nothing more goes
 * to that sector.
 */
bm_status log_append(struct bm_log *log, struct log_record *r,
                     const uint8_t *p);

#endif
