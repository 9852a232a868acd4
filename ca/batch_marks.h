/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_BATCH_MARKS_H
#define BM_CA_BATCH_MARKS_H

#include "core/bytes.h"
#include "store/store.h"

/*
 * What the rows of one batch have claimed so far: a hash table in memory, that
 * finds the row which had the same key, device or identifier before. It has at
 * most CA_BATCH_MARKS_MAX entries, of 20 octets.
 */
#define CA_BATCH_MARKS_MAX (UINT32_C(4) * STORE_BATCH_ROWS_MAX)

struct batch_marks {
    struct batch_mark *table;
    size_t cap; /* a power of two; 0: none yet */
    size_t n;
};

/* The row that has it, or 0: then `row` has it from now on. BM_E_MEMORY,
 * BM_E_LIMIT. */
BM_MUST_CHECK bm_status batch_marks_put(struct batch_marks *m,
                                        const uint8_t hash[STORE_HASH_SIZE],
                                        uint32_t row, uint32_t *before);
/* The row that has it, or 0. */
uint32_t batch_marks_find(const struct batch_marks *m,
                          const uint8_t hash[STORE_HASH_SIZE]);
void batch_marks_wipe(struct batch_marks *m); /* again is fine */

#endif
