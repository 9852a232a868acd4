/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_INDEX_H
#define BM_STORE_INDEX_H

#include "core/bytes.h"

/*
 * Who holds a hash: an exact multimap from (kind, 16 octets) to numbers, to
 * which entries are only ever added. A B-tree would need a random write per
 * entry; here every write is at the end of something, and an entry is moved a
 * few times in its life, in order.
 *
 *   put ──► recent entries: in memory, and durable as one row per commit
 *             │ full: sorted
 *             ▼
 *           runs of level 0 ──4──► run of level 1 ──4──► ... level n
 *
 *   run = segment segment segment ...      sorted by (hash, kind, number)
 *   segment = some pages, what the first hash of each page is, and a filter
 *             that says of most absent hashes that they are absent
 *
 * Recent entries, the filters and the first hashes are in memory, so an absent
 * hash costs one cache line per run, and a present one a page besides. Runs of
 * one level are merged when there are enough of them, a segment at a time:
 * each commit does a piece of work that is proportional to what it puts.
 *
 * The index is part of its caller's transactions. It stores nothing itself:
 * `struct index_medium` says where pages go, and whatever is written there
 * between two commits is rolled back together with everything else. All that
 * is in memory can be read again from there.
 */

#define INDEX_HASH 16

/* Numbers are below this: the octet above them is the kind. */
#define INDEX_REF_MAX (UINT64_C(1) << 56)

/* What an entry is on the medium: hash, kind, number; big-endian. */
#define INDEX_ENTRY 24

struct index_params {
    size_t memory;          /* octets for filters; beyond, they get coarser */
    uint32_t recent;        /* entries until they become a run */
    uint32_t fanout;        /* runs that are merged into one, 2 to 16 */
    uint32_t page_entries;  /* at most 1024 */
    uint32_t segment_pages; /* at most 1024 */
};

/*
 * Chosen so that one of its pages fills one of SQLite's, 8 KiB, and for 30
 * million entries in 32 MiB. 32 Ki recent entries are read in a few
 * milliseconds when a store is opened; a segment is merged in about one.
 */
#define INDEX_PARAMS_DEFAULT                               \
    {                                                      \
        .memory = 32U << 20, .recent = 32768, .fanout = 4, \
        .page_entries = 338, .segment_pages = 16           \
    }

struct index_run_row {
    uint64_t id;
    uint32_t level;
    bool growing; /* merged into at present, from the oldest runs below */
};

struct index_segment_row {
    uint64_t id; /* rises; order within a run */
    uint64_t run;
    uint64_t first_page;
    uint32_t pages;
    uint32_t entries;
    uint8_t last[INDEX_ENTRY]; /* its highest entry */
    struct bm_bytes data;      /* first hashes, filter; see segment_data() */
};

/* Called per row; the pointer is of the kind that the function names. */
struct index_visit {
    void *arg;
    bm_status (*row)(void *arg, const void *row);
};

/* Where it is kept: four tables. A put of an id that exists replaces. */
struct index_medium {
    void *self;
    bm_status (*recent_put)(void *self, struct bm_bytes entries); /* append */
    bm_status (*recent_clear)(void *self);
    /* in the order of putting: const struct bm_bytes * */
    bm_status (*recent_list)(void *self, const struct index_visit *visit);
    bm_status (*run_put)(void *self, const struct index_run_row *row);
    bm_status (*run_drop)(void *self, uint64_t id);
    bm_status (*run_list)(void *self, const struct index_visit *visit);
    bm_status (*segment_put)(void *self, const struct index_segment_row *row);
    bm_status (*segment_drop)(void *self, uint64_t id);
    /* in order of id, without their data */
    bm_status (*segment_list)(void *self, const struct index_visit *visit);
    /* the data of one: const struct bm_bytes *, once */
    bm_status (*segment_data)(void *self, uint64_t id,
                              const struct index_visit *visit);
    bm_status (*page_put)(void *self, uint64_t id, struct bm_bytes page);
    /* at most `cap` octets */
    bm_status (*page_get)(void *self, uint64_t id, uint8_t *page, size_t cap,
                          size_t *n);
    bm_status (*page_drop)(void *self, uint64_t first, uint32_t n);
};

struct index;

/* Nothing is read until it is needed. Both structs are copied. */
BM_MUST_CHECK bm_status index_new(const struct index_params *params,
                                  const struct index_medium *medium,
                                  struct index **ix);
void index_free(struct index *ix); /* NULL is fine */

/* Add an entry; again does no harm. Kind: 0 to 127. */
BM_MUST_CHECK bm_status index_put(struct index *ix, uint8_t kind,
                                  const uint8_t hash[INDEX_HASH], uint64_t ref);

/*
 * All numbers that were put for it, highest first, each once: the visitor gets
 * a const uint64_t *. It may call the index. BM_E_END stops with BM_OK.
 */
BM_MUST_CHECK bm_status index_list(struct index *ix, uint8_t kind,
                                   const uint8_t hash[INDEX_HASH],
                                   const struct index_visit *visit);

/*
 * Before a commit of the medium: write what is new, and do some merging. Then
 * index_committed() or, whatever failed, index_rollback().
 */
BM_MUST_CHECK bm_status index_commit(struct index *ix);
void index_committed(struct index *ix);
void index_rollback(struct index *ix);

/* Somebody else changed the medium: look again when it matters. */
void index_refresh(struct index *ix);

/* What it is at present. */
struct index_shape {
    uint64_t entries; /* with duplicates that were not yet merged */
    uint32_t runs;
    uint32_t recent;
    size_t memory; /* octets, all of it */
};
BM_MUST_CHECK bm_status index_measure(struct index *ix,
                                      struct index_shape *shape);

/*
 * Read all of it: order, numbers of entries, first hashes, filters. Findings
 * go to `words`, one per line; BM_E_STORE_CORRUPT if there are any.
 */
BM_MUST_CHECK bm_status index_check(struct index *ix, struct bm_wr *words);

#endif
