/* SPDX-License-Identifier: Apache-2.0 */

/* Runs and segments, as they are in memory. */
#include <stdlib.h>
#include <string.h>

#include "store/index_internal.h"

bm_status index_run_add(struct index *ix, uint64_t id, uint32_t level,
                        struct index_run **out)
{
    struct index_run *run;

    *out = NULL;
    if (ix->run_n == ix->run_cap) {
        size_t cap = ix->run_cap == 0 ? 16 : 2 * ix->run_cap;
        /* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers, indeed */
        struct index_run **bigger = realloc(ix->run, cap * sizeof *bigger);

        if (bigger == NULL) {
            return BM_E_MEMORY;
        }
        ix->run = bigger;
        ix->run_cap = cap;
    }
    run = calloc(1, sizeof *run);
    if (run == NULL) {
        return BM_E_MEMORY;
    }
    run->id = id;
    run->level = level;
    ix->run[ix->run_n++] = run;
    if (id >= ix->next_run) {
        ix->next_run = id + 1;
    }
    *out = run;
    return BM_OK;
}

void index_run_remove(struct index *ix, struct index_run *run)
{
    size_t i = 0;

    while (i < ix->run_n && ix->run[i] != run) {
        i++;
    }
    if (i == ix->run_n) {
        return;
    }
    memmove(&ix->run[i], &ix->run[i + 1],
            (ix->run_n - i - 1) * sizeof(struct index_run *));
    ix->run_n--;
    index_run_cut(ix, run, 0, run->n);
    free(run->slot);
    free(run);
}

struct index_segment *index_segment_new(uint32_t pages, uint32_t blocks)
{
    size_t fences = pages * sizeof(uint64_t);
    struct index_segment *segment =
        calloc(1, sizeof *segment + fences + INDEX_BLOCK - 1 +
                      (size_t)blocks * INDEX_BLOCK);
    uint8_t *after;

    if (segment == NULL) {
        return NULL;
    }
    segment->pages = pages;
    segment->filter.blocks = blocks;
    segment->first = (uint64_t *)(void *)(segment + 1);
    after = (uint8_t *)(segment->first + pages);
    segment->filter.octets =
        after + (INDEX_BLOCK - (uintptr_t)after % INDEX_BLOCK) % INDEX_BLOCK;
    return segment;
}

bm_status index_run_append(struct index *ix, struct index_run *run,
                           struct index_segment *segment)
{
    if (run->n == run->cap) {
        size_t cap = run->cap == 0 ? 8 : 2 * run->cap;
        struct index_slot *bigger = realloc(run->slot, cap * sizeof *bigger);

        if (bigger == NULL) {
            return BM_E_MEMORY;
        }
        run->slot = bigger;
        run->cap = cap;
    }
    run->slot[run->n].first = segment->first[0];
    run->slot[run->n].filter = segment->filter;
    run->slot[run->n].segment = segment;
    run->n++;
    ix->entries += segment->entries;
    if (segment->id >= ix->next_segment) {
        ix->next_segment = segment->id + 1;
    }
    if (segment->first_page + segment->pages > ix->next_page) {
        ix->next_page = segment->first_page + segment->pages;
    }
    return BM_OK;
}

void index_run_cut(struct index *ix, struct index_run *run, size_t from,
                   size_t to)
{
    for (size_t i = from; i < to; i++) {
        ix->entries -= run->slot[i].segment->entries;
        free(run->slot[i].segment);
    }
    if (to > from) {
        memmove(&run->slot[from], &run->slot[to],
                (run->n - to) * sizeof(struct index_slot));
        run->n -= to - from;
    }
}

/* Hashes are spread evenly, so a proportional guess is near; where they are
 * not, bisection takes over. */
size_t index_run_locate(const struct index_run *run, uint64_t hi)
{
    size_t from = 0; /* begins below `hi`, or is the first */
    size_t to = run->n;

    if (run->n < 2 || run->slot[0].first >= hi) {
        return 0;
    }
    if (run->n > 8) {
        uint64_t base = run->slot[0].first;
        uint64_t width = (UINT64_MAX - base) / run->n + 1;
        size_t guess = (size_t)((hi - base) / width);
        size_t low = guess < 3 ? 0 : guess - 3;
        size_t high = guess + 4;

        if (run->slot[low].first < hi) {
            from = low;
        }
        if (high < to && run->slot[high].first >= hi) {
            to = high;
        }
    }
    while (to - from > 1) {
        size_t middle = from + (to - from) / 2;

        if (run->slot[middle].first < hi) {
            from = middle;
        } else {
            to = middle;
        }
    }
    return from;
}

uint32_t index_segment_locate(const struct index_segment *segment, uint64_t hi)
{
    uint32_t from = 0;
    uint32_t to = segment->pages;

    while (to - from > 1) {
        uint32_t middle = from + (to - from) / 2;

        if (segment->first[middle] < hi) {
            from = middle;
        } else {
            to = middle;
        }
    }
    return from;
}

void index_free_runs(struct index *ix)
{
    while (ix->run_n > 0) {
        index_run_remove(ix, ix->run[ix->run_n - 1]);
    }
    free(ix->run);
    ix->run = NULL;
    ix->run_cap = 0;
}
