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
    LOG_SLOT_END,  /* erased, or no room for one more */
    LOG_SLOT_BAD,  /* the head is torn or cannot be read */
    LOG_SLOT_OPEN, /* no commit, or one that is torn or cannot be read */
    LOG_SLOT_DONE
};

enum log_mark {
    LOG_MARK_NONE,
    LOG_MARK_OTHER, /* of another geometry */
    LOG_MARK_OURS
};

/* A walk over the slots of one sector. */
struct log_walk {
    uint32_t sequence;
    uint32_t at;
    uint32_t bottom;    /* offset of the lowest value seen so far */
    enum log_slot last; /* the slot before `at` */
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

/* The mark of the sector at `index`; `*sequence` only with LOG_MARK_OURS. */
enum log_mark log_mark_read(const struct bm_log *log, uint32_t index,
                            uint32_t *sequence);
/* Program copy 0 or 1 of the mark of log->sequence. */
bm_status log_mark_put(const struct bm_log *log, uint32_t copy);

void log_walk(const struct bm_log *log, struct log_walk *w, uint32_t sequence);
/* The next slot, whatever it is; `r` is filled in from LOG_SLOT_OPEN on. */
enum log_slot log_walk_slot(const struct bm_log *log, struct log_walk *w,
                            struct log_record *r);
/* The next record that was committed; false at the end. */
bool log_walk_next(const struct bm_log *log, struct log_walk *w,
                   struct log_record *r);

/* Append the value of `r` from `at` on to `out`, which may be NULL, as far as
 * there is room, and check all of it. BM_E_LOG_READ. */
bm_status log_value_read(const struct bm_log *log, const struct log_record *r,
                         uint32_t at, struct bm_wr *out);

/* Is this the value of `r`? */
bool log_value_is(const struct bm_log *log, const struct log_record *r,
                  struct bm_bytes value);

/*
 * Append a record with key, kind, n and crc of `r` to the sector that is
 * being filled, which has room for it. On error nothing more goes there.
 */
bm_status log_append(struct bm_log *log, const struct log_record *r,
                     const struct log_source *source);

#endif
