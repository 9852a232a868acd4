/* SPDX-License-Identifier: Apache-2.0 */

/* Putting, looking up, committing. */
#include <stdlib.h>
#include <string.h>

#include "store/index_internal.h"

static uint64_t load_u64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

static void store_u64(uint8_t *p, uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    memcpy(p, &v, sizeof v);
}

void index_entry_read(const uint8_t octets[INDEX_ENTRY],
                      struct index_entry *entry)
{
    entry->hi = load_u64(octets);
    entry->lo = load_u64(octets + 8);
    entry->ref = load_u64(octets + 16);
}

void index_entry_write(const struct index_entry *entry,
                       uint8_t octets[INDEX_ENTRY])
{
    store_u64(octets, entry->hi);
    store_u64(octets + 8, entry->lo);
    store_u64(octets + 16, entry->ref);
}

int index_entry_compare(const struct index_entry *a,
                        const struct index_entry *b)
{
    if (a->hi != b->hi) {
        return a->hi < b->hi ? -1 : 1;
    }
    if (a->lo != b->lo) {
        return a->lo < b->lo ? -1 : 1;
    }
    return a->ref == b->ref ? 0 : a->ref < b->ref ? -1 : 1;
}

static bool params_fit(const struct index_params *p)
{
    return p->recent >= 1 && p->recent <= UINT32_MAX / 4 && p->fanout >= 2 &&
           p->fanout <= INDEX_FANOUT_MAX && p->page_entries >= 1 &&
           p->page_entries <= INDEX_PAGE_ENTRIES_MAX && p->segment_pages >= 1 &&
           p->segment_pages <= INDEX_SEGMENT_PAGES_MAX;
}

bm_status index_new(const struct index_params *params,
                    const struct index_medium *medium, struct index **out)
{
    struct index *ix;
    size_t page = (size_t)params->page_entries * INDEX_ENTRY;
    size_t all = (size_t)params->page_entries * params->segment_pages;
    bool ok;

    *out = NULL;
    if (!params_fit(params)) {
        return BM_E_ARGUMENT;
    }
    ix = calloc(1, sizeof *ix);
    if (ix == NULL) {
        return BM_E_MEMORY;
    }
    ix->params = *params;
    ix->medium = *medium;
    ix->page = malloc(page);
    ix->builder.page = malloc(page);
    ix->builder.first = malloc(params->segment_pages * sizeof(uint64_t));
    ix->builder.entry = malloc(all * sizeof(struct index_entry));
    ok = ix->page != NULL && ix->builder.page != NULL &&
         ix->builder.first != NULL && ix->builder.entry != NULL;
    for (size_t i = 0; i < params->fanout; i++) {
        ix->cursor[i].octets = malloc(page);
        ok = ok && ix->cursor[i].octets != NULL;
    }
    if (!ok) {
        index_free(ix);
        return BM_E_MEMORY;
    }
    *out = ix;
    return BM_OK;
}

void index_free(struct index *ix)
{
    if (ix == NULL) {
        return;
    }
    index_free_runs(ix);
    free(ix->builder.segment);
    free(ix->builder.page);
    free(ix->builder.first);
    free(ix->builder.entry);
    for (size_t i = 0; i < INDEX_FANOUT_MAX; i++) {
        free(ix->cursor[i].octets);
    }
    free(ix->recent);
    free(ix->chain);
    free(ix->bucket);
    free(ix->page);
    free(ix->found);
    free(ix);
}

static bm_status ready(struct index *ix)
{
    return ix->loaded ? BM_OK : index_load(ix);
}

/*
 * Recent entries. A chain begins with the newest, so that taking the newest
 * back is what a rollback is.
 */

static uint32_t *bucket_of(const struct index *ix,
                           const struct index_entry *entry)
{
    uint64_t mixed = (entry->hi ^ entry->lo) * UINT64_C(0x9e3779b97f4a7c15);

    return &ix->bucket[mixed >> (64 - ix->bucket_bits)];
}

void index_recent_reset(struct index *ix)
{
    ix->recent_n = 0;
    ix->committed = 0;
    if (ix->bucket != NULL) {
        memset(ix->bucket, 0, sizeof(uint32_t) << ix->bucket_bits);
    }
}

static void recent_link(struct index *ix, uint32_t i)
{
    uint32_t *head = bucket_of(ix, &ix->recent[i]);

    ix->chain[i] = *head;
    *head = i + 1;
}

/* Room for `cap` entries, and twice as many buckets. */
static bm_status recent_grow(struct index *ix, uint32_t cap)
{
    struct index_entry *recent;
    uint32_t *chain;
    uint32_t *bucket;
    uint32_t bits = 1;

    recent = realloc(ix->recent, cap * sizeof *recent);
    if (recent == NULL) {
        return BM_E_MEMORY;
    }
    ix->recent = recent;
    chain = realloc(ix->chain, cap * sizeof *chain);
    if (chain == NULL) {
        return BM_E_MEMORY;
    }
    ix->chain = chain;
    while (bits < 31 && (UINT32_C(1) << bits) < 2 * cap) {
        bits++;
    }
    bucket = calloc((size_t)1 << bits, sizeof *bucket);
    if (bucket == NULL) {
        return BM_E_MEMORY;
    }
    free(ix->bucket);
    ix->bucket = bucket;
    ix->bucket_bits = bits;
    ix->recent_cap = cap;
    for (uint32_t i = 0; i < ix->recent_n; i++) {
        recent_link(ix, i);
    }
    return BM_OK;
}

bm_status index_recent_add(struct index *ix, const struct index_entry *entry)
{
    if (ix->recent_n == ix->recent_cap) {
        BM_TRY(recent_grow(ix, ix->recent_cap == 0 ? ix->params.recent
                                                   : 2 * ix->recent_cap));
    }
    ix->recent[ix->recent_n] = *entry;
    recent_link(ix, ix->recent_n);
    ix->recent_n++;
    return BM_OK;
}

bm_status index_put(struct index *ix, uint8_t kind,
                    const uint8_t hash[INDEX_HASH], uint64_t ref)
{
    struct index_entry entry;

    if (kind > INT8_MAX || ref >= INDEX_REF_MAX) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(ready(ix));
    /* More in one transaction than fits: it becomes a run before the end. */
    if (ix->recent_n >= ix->params.recent) {
        BM_TRY(index_flush(ix));
        BM_TRY(index_work(ix));
    }
    entry.hi = load_u64(hash);
    entry.lo = load_u64(hash + 8);
    entry.ref = (uint64_t)kind << 56 | ref;
    BM_TRY(index_recent_add(ix, &entry));
    ix->credit += INDEX_WORK;
    ix->given += INDEX_WORK;
    return BM_OK;
}

/*
 * Looking up.
 */

struct hits {
    struct index *ix;
    const struct index_entry *wanted; /* without a number */
    size_t n;
};

static bm_status hit(struct hits *hits, const struct index_entry *entry)
{
    struct index *ix = hits->ix;

    if (entry->ref >> 56 != hits->wanted->ref >> 56) {
        return BM_OK; /* another kind */
    }
    if (hits->n == ix->found_cap) {
        size_t cap = ix->found_cap == 0 ? 16 : 2 * ix->found_cap;
        uint64_t *bigger = realloc(ix->found, cap * sizeof *bigger);

        if (bigger == NULL) {
            return BM_E_MEMORY;
        }
        ix->found = bigger;
        ix->found_cap = cap;
    }
    ix->found[hits->n++] = entry->ref & (INDEX_REF_MAX - 1);
    return BM_OK;
}

static bm_status look_in_recent(struct hits *hits)
{
    const struct index *ix = hits->ix;
    const struct index_entry *wanted = hits->wanted;

    if (ix->recent_n == 0) {
        return BM_OK;
    }
    for (uint32_t i = *bucket_of(ix, wanted); i != 0; i = ix->chain[i - 1]) {
        const struct index_entry *entry = &ix->recent[i - 1];

        if (entry->hi == wanted->hi && entry->lo == wanted->lo) {
            BM_TRY(hit(hits, entry));
        }
    }
    return BM_OK;
}

/* The first entry of a page that is not below the wanted one. */
static uint32_t lower_bound(const uint8_t *page, uint32_t n,
                            const struct index_entry *wanted)
{
    struct index_entry entry;
    uint32_t from = 0;

    while (from < n) {
        uint32_t middle = from + (n - from) / 2;

        index_entry_read(page + (size_t)middle * INDEX_ENTRY, &entry);
        if (index_entry_compare(&entry, wanted) < 0) {
            from = middle + 1;
        } else {
            n = middle;
        }
    }
    return from;
}

static bm_status look_in_page(struct hits *hits,
                              const struct index_segment *segment,
                              uint32_t page)
{
    struct index *ix = hits->ix;
    struct index_entry entry;
    uint32_t n;

    BM_TRY(index_page(ix, segment, page, ix->page, &n));
    for (uint32_t i = lower_bound(ix->page, n, hits->wanted); i < n; i++) {
        index_entry_read(ix->page + (size_t)i * INDEX_ENTRY, &entry);
        if (entry.hi != hits->wanted->hi || entry.lo != hits->wanted->lo) {
            break;
        }
        BM_TRY(hit(hits, &entry));
    }
    return BM_OK;
}

/* A hash with many holders may go on in the pages and segments that follow,
 * all of which then begin with its first half. */
static bm_status look_in_run(struct hits *hits, const struct index_run *run,
                             size_t at)
{
    uint64_t hi = hits->wanted->hi;

    for (; at < run->n && run->slot[at].first <= hi; at++) {
        const struct index_segment *segment = run->slot[at].segment;

        if (!index_filter_test(&run->slot[at].filter, hits->wanted)) {
            continue;
        }
        for (uint32_t page = index_segment_locate(segment, hi);
             page < segment->pages && segment->first[page] <= hi; page++) {
            BM_TRY(look_in_page(hits, segment, page));
        }
    }
    return BM_OK;
}

/* The cache lines of so many runs are fetched at the same time. */
#define AHEAD 32

static bm_status look_in_runs(struct hits *hits)
{
    struct index *ix = hits->ix;
    size_t at[AHEAD];

    for (size_t from = 0; from < ix->run_n; from += AHEAD) {
        size_t n = ix->run_n - from < AHEAD ? ix->run_n - from : AHEAD;

        for (size_t i = 0; i < n; i++) {
            const struct index_run *run = ix->run[from + i];

            at[i] = index_run_locate(run, hits->wanted->hi);
            if (at[i] < run->n) {
                index_filter_prefetch(&run->slot[at[i]].filter, hits->wanted);
            }
        }
        for (size_t i = 0; i < n; i++) {
            BM_TRY(look_in_run(hits, ix->run[from + i], at[i]));
        }
    }
    return BM_OK;
}

static int falling(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x == y ? 0 : x > y ? -1 : 1;
}

/* The visitor may look up as well, so what was found is ours meanwhile. */
static bm_status visit_found(struct index *ix, size_t n,
                             const struct index_visit *visit)
{
    uint64_t *found = ix->found;
    size_t cap = ix->found_cap;
    bm_status rc = BM_OK;

    ix->found = NULL;
    ix->found_cap = 0;
    qsort(found, n, sizeof *found, falling);
    for (size_t i = 0; rc == BM_OK && i < n; i++) {
        if (i == 0 || found[i] != found[i - 1]) {
            rc = visit->row(visit->arg, &found[i]);
        }
    }
    if (ix->found == NULL) {
        ix->found = found;
        ix->found_cap = cap;
    } else {
        free(found);
    }
    return rc == BM_E_END ? BM_OK : rc;
}

bm_status index_list(struct index *ix, uint8_t kind,
                     const uint8_t hash[INDEX_HASH],
                     const struct index_visit *visit)
{
    struct index_entry wanted;
    struct hits hits = { ix, &wanted, 0 };

    if (kind > INT8_MAX) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(ready(ix));
    wanted.hi = load_u64(hash);
    wanted.lo = load_u64(hash + 8);
    wanted.ref = (uint64_t)kind << 56;
    BM_TRY(look_in_recent(&hits));
    BM_TRY(look_in_runs(&hits));
    return hits.n == 0 ? BM_OK : visit_found(ix, hits.n, visit);
}

/*
 * Transactions.
 */

static bm_status write_recent(struct index *ix)
{
    uint32_t n = ix->recent_n - ix->committed;
    uint8_t *octets = malloc((size_t)n * INDEX_ENTRY);
    bm_status rc;

    if (octets == NULL) {
        return BM_E_MEMORY;
    }
    for (uint32_t i = 0; i < n; i++) {
        index_entry_write(&ix->recent[ix->committed + i],
                          octets + (size_t)i * INDEX_ENTRY);
    }
    rc = ix->medium.recent_put(
        ix->medium.self, (struct bm_bytes){ octets, (size_t)n * INDEX_ENTRY });
    free(octets);
    return rc;
}

bm_status index_commit(struct index *ix)
{
    if (!ix->loaded) {
        return BM_OK; /* nothing was put */
    }
    if (ix->recent_n >= ix->params.recent) {
        BM_TRY(index_flush(ix));
    } else if (ix->recent_n > ix->committed) {
        BM_TRY(write_recent(ix));
    }
    return index_work(ix);
}

void index_committed(struct index *ix)
{
    ix->committed = ix->recent_n;
    ix->changed = false;
    ix->segment_mark = ix->next_segment;
    ix->credit_mark = ix->credit;
    ix->given_mark = ix->given;
}

void index_rollback(struct index *ix)
{
    if (ix->changed) {
        ix->loaded = false;
        return;
    }
    while (ix->recent_n > ix->committed) {
        ix->recent_n--;
        *bucket_of(ix, &ix->recent[ix->recent_n]) = ix->chain[ix->recent_n];
    }
    ix->credit = ix->credit_mark;
    ix->given = ix->given_mark;
}

void index_refresh(struct index *ix)
{
    ix->loaded = false;
}

bm_status index_measure(struct index *ix, struct index_shape *shape)
{
    memset(shape, 0, sizeof *shape);
    BM_TRY(ready(ix));
    shape->recent = ix->recent_n;
    shape->runs = (uint32_t)ix->run_n;
    shape->entries = ix->entries + ix->recent_n;
    shape->memory = sizeof *ix +
                    ix->recent_cap * (sizeof *ix->recent + sizeof *ix->chain) +
                    (sizeof *ix->bucket << ix->bucket_bits);
    for (size_t i = 0; i < ix->run_n; i++) {
        for (size_t k = 0; k < ix->run[i]->n; k++) {
            const struct index_segment *segment = ix->run[i]->slot[k].segment;

            shape->memory += sizeof(struct index_slot) + sizeof *segment +
                             segment->pages * sizeof(uint64_t) +
                             (size_t)segment->filter.blocks * INDEX_BLOCK;
        }
    }
    return BM_OK;
}
