/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/batch_marks.h"

#include <stdlib.h>
#include <string.h>

/* As much of a hash as claims go by (store/rows.h). */
#define PREFIX 16

#define CAP_FIRST 1024

struct batch_mark {
    uint8_t hash[PREFIX];
    uint32_t row; /* 0: free */
};

/* SHA-256 needs no mixing. Whoever makes rows can make hashes that meet in a
 * table of a million; what that costs is bounded by the rows of a batch. */
static size_t first_place(const uint8_t *hash, size_t cap)
{
    uint64_t v;

    memcpy(&v, hash, sizeof v);
    return (size_t)v & (cap - 1);
}

static struct batch_mark *place(const struct batch_marks *m,
                                const uint8_t *hash)
{
    size_t i = first_place(hash, m->cap);

    while (m->table[i].row != 0 &&
           memcmp(m->table[i].hash, hash, PREFIX) != 0) {
        i = (i + 1) & (m->cap - 1);
    }
    return &m->table[i];
}

static bm_status grow(struct batch_marks *m)
{
    struct batch_marks larger = {
        .cap = m->cap == 0 ? CAP_FIRST : 2 * m->cap,
        .n = m->n,
    };

    larger.table = calloc(larger.cap, sizeof *larger.table);
    if (larger.table == NULL) {
        return BM_E_MEMORY;
    }
    for (size_t i = 0; i < m->cap; i++) {
        if (m->table[i].row != 0) {
            *place(&larger, m->table[i].hash) = m->table[i];
        }
    }
    free(m->table);
    *m = larger;
    return BM_OK;
}

uint32_t batch_marks_find(const struct batch_marks *m,
                          const uint8_t hash[STORE_HASH_SIZE])
{
    return m->cap == 0 ? 0 : place(m, hash)->row;
}

bm_status batch_marks_put(struct batch_marks *m,
                          const uint8_t hash[STORE_HASH_SIZE], uint32_t row,
                          uint32_t *before)
{
    struct batch_mark *mark;

    *before = 0;
    if (m->n >= CA_BATCH_MARKS_MAX) {
        return BM_E_LIMIT;
    }
    if (4 * (m->n + 1) > 3 * m->cap) {
        BM_TRY(grow(m));
    }
    mark = place(m, hash);
    *before = mark->row;
    if (mark->row == 0) {
        memcpy(mark->hash, hash, PREFIX);
        mark->row = row;
        m->n++;
    }
    return BM_OK;
}

void batch_marks_wipe(struct batch_marks *m)
{
    free(m->table);
    memset(m, 0, sizeof *m);
}
