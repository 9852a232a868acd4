/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Memory as the medium has it. Loading again keeps the segments that are still
 * there: they never change. Whatever does not fit together is
 * BM_E_STORE_CORRUPT, and nothing is loaded.
 */
#include <stdlib.h>
#include <string.h>

#include "store/index_internal.h"

static uint64_t load_u64(const uint8_t *p)
{
    uint64_t v = 0;

    for (size_t i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static struct index_run *run_of(const struct index *ix, uint64_t id)
{
    for (size_t i = 0; i < ix->run_n; i++) {
        if (ix->run[i]->id == id) {
            return ix->run[i];
        }
    }
    return NULL;
}

/* Deeper than any machine's memory is large. */
#define LEVEL_MAX 40

static bm_status see_run(void *arg, const void *out)
{
    struct index *ix = arg;
    const struct index_run_row *row = out;
    struct index_run *run = run_of(ix, row->id);

    if (row->level > LEVEL_MAX || row->id >= INT64_MAX) {
        return BM_E_STORE_CORRUPT;
    }
    if (run == NULL) {
        BM_TRY(index_run_add(ix, row->id, row->level, &run));
    }
    run->level = row->level;
    run->growing = row->growing;
    run->found = true;
    return BM_OK;
}

static bool row_fits(const struct index_segment_row *row)
{
    uint64_t most = (uint64_t)row->pages * INDEX_PAGE_ENTRIES_MAX;

    return row->pages >= 1 && row->pages <= INDEX_SEGMENT_PAGES_MAX &&
           row->entries >= row->pages && row->entries <= most &&
           row->id < INT64_MAX && row->first_page < INT64_MAX / 2;
}

/* What is made of the data of a segment. */
struct loading {
    const struct index_segment_row *row;
    struct index_segment *segment;
};

/* The first hash of each page, 8 octets each, and the blocks of the filter. */
static bm_status see_data(void *arg, const void *out)
{
    struct loading *l = arg;
    const struct bm_bytes *data = out;
    size_t fences = l->row->pages * sizeof(uint64_t);
    size_t filter;

    if (l->segment != NULL || data->n < fences) {
        return BM_E_STORE_CORRUPT;
    }
    filter = data->n - fences;
    if (filter % INDEX_BLOCK != 0 || filter / INDEX_BLOCK > l->row->entries) {
        return BM_E_STORE_CORRUPT;
    }
    l->segment =
        index_segment_new(l->row->pages, (uint32_t)(filter / INDEX_BLOCK));
    if (l->segment == NULL) {
        return BM_E_MEMORY;
    }
    for (uint32_t i = 0; i < l->row->pages; i++) {
        l->segment->first[i] = load_u64(data->p + (size_t)i * 8);
    }
    memcpy(l->segment->filter.octets, data->p + fences, filter);
    return BM_OK;
}

static bm_status read_data(struct index *ix,
                           const struct index_segment_row *row,
                           struct index_segment **segment)
{
    struct loading l = { row, NULL };
    const struct index_visit visit = { &l, see_data };
    bm_status rc = ix->medium.segment_data(ix->medium.self, row->id, &visit);

    if (rc == BM_OK && l.segment == NULL) {
        rc = BM_E_STORE_CORRUPT;
    }
    if (rc != BM_OK) {
        free(l.segment);
        l.segment = NULL;
    }
    *segment = l.segment;
    return rc;
}

/* The slot that was added last goes where its id belongs: a merge that was
 * rolled back had dropped it from the front. */
static void sort_in(struct index_run *run)
{
    struct index_slot slot = run->slot[run->n - 1];
    size_t i = run->n - 1;

    for (; i > 0 && run->slot[i - 1].segment->id > slot.segment->id; i--) {
        run->slot[i] = run->slot[i - 1];
    }
    run->slot[i] = slot;
}

static bm_status see_segment(void *arg, const void *out)
{
    struct index *ix = arg;
    const struct index_segment_row *row = out;
    struct index_run *run = run_of(ix, row->run);
    struct index_segment *segment;

    if (run == NULL || !row_fits(row)) {
        return BM_E_STORE_CORRUPT;
    }
    for (size_t i = run->n; i-- > 0;) {
        if (run->slot[i].segment->id == row->id) {
            run->slot[i].segment->found = true;
            return BM_OK;
        }
        if (run->slot[i].segment->id < row->id) {
            break;
        }
    }
    BM_TRY(read_data(ix, row, &segment));
    segment->id = row->id;
    segment->first_page = row->first_page;
    segment->entries = row->entries;
    segment->filter.probes =
        index_filter_probes(segment->filter.blocks, segment->entries);
    segment->found = true;
    index_entry_read(row->last, &segment->last);
    if (index_run_append(ix, run, segment) != BM_OK) {
        free(segment);
        return BM_E_MEMORY;
    }
    sort_in(run);
    return BM_OK;
}

static bm_status see_recent(void *arg, const void *out)
{
    struct index *ix = arg;
    const struct bm_bytes *octets = out;
    struct index_entry entry;

    if (octets->n % INDEX_ENTRY != 0) {
        return BM_E_STORE_CORRUPT;
    }
    for (size_t i = 0; i < octets->n; i += INDEX_ENTRY) {
        index_entry_read(octets->p + i, &entry);
        BM_TRY(index_recent_add(ix, &entry));
    }
    return BM_OK;
}

/* What was made in a transaction that is gone: its ids may come again. */
static void forget_uncommitted(struct index *ix)
{
    for (size_t i = 0; i < ix->run_n; i++) {
        struct index_run *run = ix->run[i];
        size_t n = run->n;

        while (n > 0 && run->slot[n - 1].segment->id >= ix->segment_mark) {
            n--;
        }
        index_run_cut(ix, run, n, run->n);
        run->found = false;
        for (size_t k = 0; k < run->n; k++) {
            run->slot[k].segment->found = false;
        }
    }
}

static void drop_lost(struct index *ix)
{
    for (size_t i = ix->run_n; i-- > 0;) {
        struct index_run *run = ix->run[i];

        if (!run->found) {
            index_run_remove(ix, run);
            continue;
        }
        for (size_t k = run->n; k-- > 0;) {
            if (!run->slot[k].segment->found) {
                index_run_cut(ix, run, k, k + 1);
            }
        }
    }
}

static bm_status load(struct index *ix)
{
    const struct index_medium *m = &ix->medium;
    const struct index_visit runs = { ix, see_run };
    const struct index_visit segments = { ix, see_segment };
    const struct index_visit recent = { ix, see_recent };

    BM_TRY(m->run_list(m->self, &runs));
    BM_TRY(m->segment_list(m->self, &segments));
    drop_lost(ix);
    return m->recent_list(m->self, &recent);
}

bm_status index_load(struct index *ix)
{
    bm_status rc;

    forget_uncommitted(ix);
    ix->next_run = 1;
    ix->next_segment = 1;
    ix->next_page = 1;
    index_recent_reset(ix);
    rc = load(ix);
    if (rc != BM_OK) {
        index_free_runs(ix);
        index_recent_reset(ix);
        ix->segment_mark = 0;
        return rc;
    }
    ix->committed = ix->recent_n;
    ix->changed = false;
    ix->credit = ix->credit_mark = 0;
    ix->given = ix->given_mark = 0;
    for (size_t i = 0; i < ix->run_n; i++) {
        const struct index_run *run = ix->run[i];

        if (run->id >= ix->next_run) {
            ix->next_run = run->id + 1;
        }
        for (size_t k = 0; k < run->n; k++) {
            const struct index_segment *s = run->slot[k].segment;

            if (s->id >= ix->next_segment) {
                ix->next_segment = s->id + 1;
            }
            if (s->first_page + s->pages > ix->next_page) {
                ix->next_page = s->first_page + s->pages;
            }
        }
    }
    ix->segment_mark = ix->next_segment;
    ix->loaded = true;
    return BM_OK;
}

bm_status index_page(struct index *ix, const struct index_segment *segment,
                     uint32_t page, uint8_t *octets, uint32_t *n)
{
    struct index_entry first;
    size_t size;

    *n = 0;
    BM_TRY(ix->medium.page_get(
        ix->medium.self, segment->first_page + page, octets,
        (size_t)ix->params.page_entries * INDEX_ENTRY, &size));
    if (size == 0 || size % INDEX_ENTRY != 0) {
        return BM_E_STORE_CORRUPT;
    }
    index_entry_read(octets, &first);
    if (first.hi != segment->first[page]) {
        return BM_E_STORE_CORRUPT;
    }
    *n = (uint32_t)(size / INDEX_ENTRY);
    return BM_OK;
}
