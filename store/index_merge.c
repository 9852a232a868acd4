/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Making runs: of recent entries, and of runs. A merge has no state but what
 * is on the medium: the run that grows is one level above its sources, which
 * are the oldest runs of theirs; the highest entry that it has says where to go
 * on; and what is below that is dropped from the sources.
 */
#include <stdlib.h>
#include <string.h>

#include "store/index_internal.h"

/*
 * The builder: entries in order become pages, a segment is done when it is
 * full or there are no more.
 */

struct target {
    struct index *ix;
    struct index_run *run;
    uint64_t first_page;
    uint32_t pages;
    uint32_t entries;
};

static bm_status page_done(struct target *t)
{
    struct index *ix = t->ix;
    struct index_builder *b = &ix->builder;

    BM_TRY(ix->medium.page_put(
        ix->medium.self, ix->next_page,
        (struct bm_bytes){ b->page, (size_t)b->in_page * INDEX_ENTRY }));
    ix->next_page++;
    t->pages++;
    b->in_page = 0;
    return BM_OK;
}

static void target_open(struct target *t, struct index *ix,
                        struct index_run *run)
{
    t->ix = ix;
    t->run = run;
    t->first_page = ix->next_page;
    t->pages = 0;
    t->entries = 0;
    ix->builder.in_page = 0;
}

static bool target_full(const struct target *t)
{
    return t->pages == t->ix->params.segment_pages;
}

static bm_status target_add(struct target *t, const struct index_entry *entry)
{
    struct index_builder *b = &t->ix->builder;

    if (b->in_page == 0) {
        b->first[t->pages] = entry->hi;
    }
    index_entry_write(entry, b->page + (size_t)b->in_page * INDEX_ENTRY);
    b->entry[t->entries++] = *entry;
    b->in_page++;
    return b->in_page == t->ix->params.page_entries ? page_done(t) : BM_OK;
}

static void store_u64(uint8_t *p, uint64_t v)
{
    for (size_t i = 0; i < 8; i++) {
        p[i] = (uint8_t)(v >> (56 - 8 * i));
    }
}

static bm_status segment_write(struct index *ix, const struct index_run *run,
                               const struct index_segment *segment)
{
    size_t fences = segment->pages * sizeof(uint64_t);
    size_t filter = (size_t)segment->filter.blocks * INDEX_BLOCK;
    uint8_t *data = malloc(fences + filter);
    struct index_segment_row row = { .id = segment->id,
                                     .run = run->id,
                                     .first_page = segment->first_page,
                                     .pages = segment->pages,
                                     .entries = segment->entries };
    bm_status rc;

    if (data == NULL) {
        return BM_E_MEMORY;
    }
    index_entry_write(&segment->last, row.last);
    for (uint32_t i = 0; i < segment->pages; i++) {
        store_u64(data + (size_t)i * 8, segment->first[i]);
    }
    memcpy(data + fences, segment->filter.octets, filter);
    row.data = (struct bm_bytes){ data, fences + filter };
    rc = ix->medium.segment_put(ix->medium.self, &row);
    free(data);
    return rc;
}

/* Write the last page and the segment, and have it in memory as well. */
static bm_status target_close(struct target *t)
{
    struct index *ix = t->ix;
    struct index_builder *b = &ix->builder;
    struct index_segment *segment;
    bm_status rc;

    if (b->in_page > 0) {
        BM_TRY(page_done(t));
    }
    if (t->entries == 0) {
        return BM_OK;
    }
    segment = index_segment_new(
        t->pages, index_filter_blocks(ix, t->run->level, t->entries));
    if (segment == NULL) {
        return BM_E_MEMORY;
    }
    segment->id = ix->next_segment;
    segment->first_page = t->first_page;
    segment->entries = t->entries;
    segment->last = b->entry[t->entries - 1];
    segment->filter.probes =
        index_filter_probes(segment->filter.blocks, segment->entries);
    memcpy(segment->first, b->first, t->pages * sizeof(uint64_t));
    for (uint32_t i = 0; i < t->entries; i++) {
        index_filter_add(&segment->filter, &b->entry[i]);
    }
    rc = segment_write(ix, t->run, segment);
    if (rc == BM_OK) {
        rc = index_run_append(ix, t->run, segment);
    }
    if (rc != BM_OK) {
        free(segment);
    }
    return rc;
}

static bm_status run_new(struct index *ix, uint32_t level, bool growing,
                         struct index_run **run)
{
    struct index_run_row row = { .id = ix->next_run,
                                 .level = level,
                                 .growing = growing };

    BM_TRY(index_run_add(ix, row.id, level, run));
    (*run)->growing = growing;
    return ix->medium.run_put(ix->medium.self, &row);
}

/*
 * Recent entries become a run.
 */

static int rising(const void *a, const void *b)
{
    return index_entry_compare(a, b);
}

/* Work that nobody has done, because each process put a little and ended, is
 * due now: as many entries are one run more. */
static void settle(struct index *ix)
{
    uint64_t due = (uint64_t)ix->recent_n * INDEX_WORK;

    if (ix->given < due) {
        ix->credit += due - ix->given;
    }
    ix->given = 0;
}

bm_status index_flush(struct index *ix)
{
    struct index_run *run;
    struct target t;

    ix->changed = true;
    settle(ix);
    BM_TRY(run_new(ix, 0, false, &run));
    qsort(ix->recent, ix->recent_n, sizeof *ix->recent, rising);
    for (uint32_t i = 0; i < ix->recent_n;) {
        target_open(&t, ix, run);
        for (; i < ix->recent_n && !target_full(&t); i++) {
            if (i == 0 ||
                index_entry_compare(&ix->recent[i - 1], &ix->recent[i]) != 0) {
                BM_TRY(target_add(&t, &ix->recent[i]));
            }
        }
        BM_TRY(target_close(&t));
    }
    BM_TRY(ix->medium.recent_clear(ix->medium.self));
    index_recent_reset(ix);
    return BM_OK;
}

/*
 * Runs become one of the next level.
 */

static bm_status cursor_page(struct index *ix, struct index_cursor *c)
{
    c->at = 0;
    c->n = 0;
    while (c->segment < c->run->n &&
           c->page == c->run->slot[c->segment].segment->pages) {
        c->segment++;
        c->page = 0;
    }
    if (c->segment == c->run->n) {
        return BM_OK;
    }
    BM_TRY(index_page(ix, c->run->slot[c->segment].segment, c->page, c->octets,
                      &c->n));
    index_entry_read(c->octets, &c->entry);
    return BM_OK;
}

static bm_status cursor_next(struct index *ix, struct index_cursor *c)
{
    struct index_entry before = c->entry;

    c->at++;
    if (c->at < c->n) {
        index_entry_read(c->octets + (size_t)c->at * INDEX_ENTRY, &c->entry);
    } else {
        c->page++;
        BM_TRY(cursor_page(ix, c));
    }
    if (c->n != 0 && index_entry_compare(&before, &c->entry) >= 0) {
        return BM_E_STORE_CORRUPT; /* not in order */
    }
    return BM_OK;
}

/* To the first entry above `last`, or (NULL) to the first one. */
static bm_status cursor_open(struct index *ix, struct index_cursor *c,
                             const struct index_run *run,
                             const struct index_entry *last)
{
    c->run = run;
    c->segment = 0;
    c->page = 0;
    if (last != NULL && run->n > 0) {
        c->segment = index_run_locate(run, last->hi);
        c->page = index_segment_locate(run->slot[c->segment].segment, last->hi);
    }
    BM_TRY(cursor_page(ix, c));
    while (last != NULL && c->n != 0 &&
           index_entry_compare(&c->entry, last) <= 0) {
        BM_TRY(cursor_next(ix, c));
    }
    return BM_OK;
}

/* The oldest runs of a level, which are merged into the next one. */
static size_t sources(const struct index *ix, uint32_t level,
                      struct index_run **source)
{
    size_t n = 0;

    while (n < ix->params.fanout) {
        struct index_run *oldest = NULL;

        for (size_t i = 0; i < ix->run_n; i++) {
            struct index_run *run = ix->run[i];

            if (run->level == level && !run->growing &&
                (n == 0 || run->id > source[n - 1]->id) &&
                (oldest == NULL || run->id < oldest->id)) {
                oldest = run;
            }
        }
        if (oldest == NULL) {
            break;
        }
        source[n++] = oldest;
    }
    return n;
}

static struct index_run *growing(const struct index *ix, uint32_t level)
{
    for (size_t i = 0; i < ix->run_n; i++) {
        if (ix->run[i]->level == level && ix->run[i]->growing) {
            return ix->run[i];
        }
    }
    return NULL;
}

static bm_status drop_segments(struct index *ix, struct index_run *run,
                               size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct index_segment *s = run->slot[i].segment;

        BM_TRY(ix->medium.page_drop(ix->medium.self, s->first_page, s->pages));
        BM_TRY(ix->medium.segment_drop(ix->medium.self, s->id));
    }
    index_run_cut(ix, run, 0, n);
    return BM_OK;
}

static bm_status drop_run(struct index *ix, struct index_run *run)
{
    BM_TRY(drop_segments(ix, run, run->n));
    BM_TRY(ix->medium.run_drop(ix->medium.self, run->id));
    index_run_remove(ix, run);
    return BM_OK;
}

static struct index_cursor *lowest(struct index *ix, size_t n)
{
    struct index_cursor *low = NULL;

    for (size_t i = 0; i < n; i++) {
        struct index_cursor *c = &ix->cursor[i];

        if (c->n != 0 &&
            (low == NULL || index_entry_compare(&c->entry, &low->entry) < 0)) {
            low = c;
        }
    }
    return low;
}

/* Fill one segment; `*ended`: there is nothing left. */
static bm_status merge_segment(struct index *ix, struct target *t, size_t n,
                               bool *ended)
{
    const struct index_entry *before = NULL;
    struct index_cursor *c;

    *ended = false;
    while (!target_full(t)) {
        c = lowest(ix, n);
        if (c == NULL) {
            *ended = true;
            break;
        }
        if (before == NULL || index_entry_compare(before, &c->entry) != 0) {
            BM_TRY(target_add(t, &c->entry));
            before = &ix->builder.entry[t->entries - 1];
        }
        BM_TRY(cursor_next(ix, c));
    }
    return target_close(t);
}

/* What the run has taken over is dropped from its sources. */
static bm_status drop_merged(struct index *ix, const struct index_run *run,
                             struct index_run **source, size_t n)
{
    const struct index_entry *last;

    if (run->n == 0) {
        return BM_OK;
    }
    last = &run->slot[run->n - 1].segment->last;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;

        while (k < source[i]->n &&
               index_entry_compare(&source[i]->slot[k].segment->last, last) <=
                   0) {
            k++;
        }
        BM_TRY(drop_segments(ix, source[i], k));
    }
    return BM_OK;
}

/* A piece of the merge into `level`: one segment of `*moved` entries. */
static bm_status merge_piece(struct index *ix, struct index_run *run,
                             uint64_t *moved)
{
    struct index_run *source[INDEX_FANOUT_MAX];
    size_t n = sources(ix, run->level - 1, source);
    const struct index_entry *last =
        run->n == 0 ? NULL : &run->slot[run->n - 1].segment->last;
    struct target t;
    bool ended;

    for (size_t i = 0; i < n; i++) {
        BM_TRY(cursor_open(ix, &ix->cursor[i], source[i], last));
    }
    target_open(&t, ix, run);
    BM_TRY(merge_segment(ix, &t, n, &ended));
    *moved = t.entries;
    BM_TRY(drop_merged(ix, run, source, n));
    if (ended) {
        const struct index_run_row row = { .id = run->id, .level = run->level };

        for (size_t i = 0; i < n; i++) {
            BM_TRY(drop_run(ix, source[i]));
        }
        run->growing = false;
        BM_TRY(ix->medium.run_put(ix->medium.self, &row));
    }
    return BM_OK;
}

static uint32_t top_level(const struct index *ix)
{
    uint32_t top = 0;

    for (size_t i = 0; i < ix->run_n; i++) {
        if (ix->run[i]->level > top) {
            top = ix->run[i]->level;
        }
    }
    return top;
}

/* Merge into each level as much as the credit allows, and a segment more. */
bm_status index_work(struct index *ix)
{
    struct index_run *source[INDEX_FANOUT_MAX];
    size_t piece = (size_t)ix->params.page_entries * ix->params.segment_pages;
    uint64_t credit = ix->credit;

    if (credit < piece) {
        return BM_OK; /* it is saved up for a whole segment */
    }
    ix->credit = 0;
    for (uint32_t level = 1; level <= top_level(ix) + 1; level++) {
        struct index_run *run = growing(ix, level);
        uint64_t left = credit;

        if (run == NULL &&
            sources(ix, level - 1, source) == ix->params.fanout) {
            ix->changed = true;
            BM_TRY(run_new(ix, level, true, &run));
        }
        while (run != NULL && run->growing && left > 0) {
            uint64_t moved;

            ix->changed = true;
            BM_TRY(merge_piece(ix, run, &moved));
            left -= moved < left ? moved : left;
        }
    }
    return BM_OK;
}
