/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_INDEX_INTERNAL_H
#define BM_STORE_INDEX_INTERNAL_H

#include "store/index.h"

/* What the files of the index share. */

#define INDEX_FANOUT_MAX        16
#define INDEX_PAGE_ENTRIES_MAX  1024
#define INDEX_SEGMENT_PAGES_MAX 1024

/* A block of a filter is a cache line. */
#define INDEX_BLOCK 64

/* Compared in this order; `ref` has the kind in its highest octet. */
struct index_entry {
    uint64_t hi;
    uint64_t lo;
    uint64_t ref;
};

struct index_filter {
    uint8_t *octets;
    uint32_t blocks; /* 0: there is none, everything may be there */
    uint32_t probes;
};

struct index_segment {
    uint64_t id;
    uint64_t first_page;
    uint32_t pages;
    uint32_t entries;
    bool found; /* while loading: it is still on the medium */
    struct index_entry last;
    struct index_filter filter;
    uint64_t *first; /* hi of the first entry of each page; with the octets of
                        the filter, part of the same allocation */
};

/* What a look-up wants of a segment, so that it touches nothing else. */
struct index_slot {
    uint64_t first; /* hi of its first entry */
    struct index_filter filter;
    struct index_segment *segment;
};

struct index_run {
    uint64_t id;
    uint32_t level;
    bool growing;
    bool found;
    size_t n;
    size_t cap;
    struct index_slot *slot;
};

/* A segment in the making. */
struct index_builder {
    struct index_segment *segment; /* NULL between two */
    uint8_t *page;                 /* page_entries */
    uint64_t *first;               /* segment_pages */
    struct index_entry *entry;     /* all, for the filter */
    uint32_t in_page;
};

/* Where a merge reads. */
struct index_cursor {
    const struct index_run *run;
    size_t segment;
    uint32_t page; /* in the segment: the one that is in `octets` */
    uint32_t at;
    uint32_t n;      /* entries of the page; 0: the run is at its end */
    uint8_t *octets; /* page_entries */
    struct index_entry entry;
};

struct index {
    struct index_params params;
    struct index_medium medium;
    bool loaded;
    bool changed; /* runs in memory are ahead of the last commit */

    /* Recent entries, and chains of those whose hash is in one bucket. */
    struct index_entry *recent;
    uint32_t *chain;
    uint32_t *bucket; /* 1 + newest entry, or 0 */
    uint32_t bucket_bits;
    uint32_t recent_n;
    uint32_t recent_cap;
    uint32_t committed; /* of them; those above are of this transaction */

    struct index_run **run;
    size_t run_n;
    size_t run_cap;
    uint64_t next_run;
    uint64_t next_segment;
    uint64_t next_page;
    uint64_t segment_mark; /* next_segment at the last commit */
    uint64_t entries;      /* of all runs */

    /* Entries that each merge may move now; what was given of it since the
     * last flush; both as they were at the last commit. */
    uint64_t credit;
    uint64_t given;
    uint64_t credit_mark;
    uint64_t given_mark;

    struct index_builder builder;
    struct index_cursor cursor[INDEX_FANOUT_MAX];
    uint8_t *page; /* for look-ups */
    uint64_t *found;
    size_t found_cap;
};

int index_entry_compare(const struct index_entry *a,
                        const struct index_entry *b);
void index_entry_read(const uint8_t octets[INDEX_ENTRY],
                      struct index_entry *entry);
void index_entry_write(const struct index_entry *entry,
                       uint8_t octets[INDEX_ENTRY]);

/* index.c */
void index_recent_reset(struct index *ix);
bm_status index_recent_add(struct index *ix, const struct index_entry *entry);

/* index_filter.c */
uint32_t index_filter_blocks(const struct index *ix, uint32_t level,
                             uint32_t entries);
uint32_t index_filter_probes(uint32_t blocks, uint32_t entries);
void index_filter_add(const struct index_filter *filter,
                      const struct index_entry *entry);
bool index_filter_test(const struct index_filter *filter,
                       const struct index_entry *entry);
void index_filter_prefetch(const struct index_filter *filter,
                           const struct index_entry *entry);

/* index_run.c: runs and segments in memory. */
bm_status index_run_add(struct index *ix, uint64_t id, uint32_t level,
                        struct index_run **out);
void index_run_remove(struct index *ix, struct index_run *run);
/* With room for first hashes and filter, all zero. NULL: no memory. */
struct index_segment *index_segment_new(uint32_t pages, uint32_t blocks);
bm_status index_run_append(struct index *ix, struct index_run *run,
                           struct index_segment *segment);
/* Forget the segments from `from` to before `to`. */
void index_run_cut(struct index *ix, struct index_run *run, size_t from,
                   size_t to);
/* The last segment that begins below `hi`, or the first one. */
size_t index_run_locate(const struct index_run *run, uint64_t hi);
/* The same for pages of a segment. */
uint32_t index_segment_locate(const struct index_segment *segment, uint64_t hi);
void index_free_runs(struct index *ix);

/* index_load.c: memory as the medium has it. */
bm_status index_load(struct index *ix);
/* A page, and how many entries it has. */
bm_status index_page(struct index *ix, const struct index_segment *segment,
                     uint32_t page, uint8_t *octets, uint32_t *n);

/* Entries that each merge may move per entry that is put. One would do: a
 * merge then ends when the next runs are there. Two is done in half the time.
 */
#define INDEX_WORK 2

/* index_merge.c */
bm_status index_flush(struct index *ix);
bm_status index_work(struct index *ix);

#endif
