/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BOOT_COUNTER_H
#define BM_BOOT_COUNTER_H

#include "boot/boot.h"

/*
 * Counters in flash, for parts that have no fuses or secure element: a journal
 * of their values. They are as good as the lock on that flash: who can write it
 * from outside can set them back, and `bm_lifecycle` and docs say so. A flash
 * without a whole record is that of a new device: all counters are 0.
 *
 * A skipped instruction must not make a device look new: the journal is read
 * twice, and values that differ are BM_E_BOOT_COUNTER. So is, until they are
 * opened again, a counter whose raise failed: nobody knows which value is
 * durable.
 */
struct bm_counter {
    struct bm_journal journal;
    uint32_t values[BM_COUNTER_IMAGE + BM_BOOT_IMAGES];
    uint32_t again[BM_COUNTER_IMAGE + BM_BOOT_IMAGES];
};

/* `flash` stays the caller's and must outlive it; so must `counter`, which
 * `counters` refers to. Writes nothing. */
BM_MUST_CHECK bm_status bm_counter_open(struct bm_counter *counter,
                                        const struct bm_flash *flash,
                                        struct bm_boot_counters *counters);

/* The same in two halves, for a struct bm_boot that is constant: read the
 * journal; and what such a table has, with the counter as `self`. */
BM_MUST_CHECK bm_status bm_counter_load(struct bm_counter *counter,
                                        const struct bm_flash *flash);
bm_status bm_counter_value(void *self, unsigned which, uint32_t *value);
bm_status bm_counter_raise(void *self, unsigned which, uint32_t value);

#endif
