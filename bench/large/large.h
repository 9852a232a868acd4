/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_BENCH_LARGE_H
#define BM_BENCH_LARGE_H

#include "store/store.h"

/*
 * A store of millions: made-up rows of realistic sizes, and what things cost
 * with so many of them. Rows are a function of their number, so that any of
 * them can be asked for later.
 */

/* Stop: what is measured does not work. */
void large_must(int ok, const char *what);

/* CPU time of this thread, in seconds. */
double large_cpu(void);
double large_wall(void);
/* Octets of memory in use by this process, and the most so far. */
double large_resident(void);
double large_peak(void);

double large_median(double *values, size_t n);

#define LARGE_GROUP  128 /* certificates per transaction */
#define LARGE_DER    700
#define LARGE_RECORD 200

struct large_row {
    uint8_t serial[16];
    uint8_t key[STORE_HASH_SIZE];
    uint8_t identifier[STORE_HASH_SIZE];
    char device[32];
};
void large_row_make(struct large_row *row, uint64_t n);
/* Hashes that no row has. */
void large_row_absent(struct large_row *row, uint64_t n);

struct store *large_open(const char *path, bool create);

/*
 * Issue rows from `first` on, as an issuance does it to the store: look that
 * key and identifier are free, put device, certificate, claims and leaf, in
 * groups of LARGE_GROUP. One leaf per row, so that `first` is the next leaf.
 */
void large_issue(struct store *s, uint64_t first, uint64_t n);

/*
 * What an instance of this size does besides: each is run on the large store,
 * in a process of its own. Another measurement is another row of `parts`
 * (large.c). `path` is the database of an instance.
 */
struct large_part {
    const char *name;
    void (*run)(const char *path, uint64_t rows);
};
void large_lookups(const char *path, uint64_t rows);
void large_opening(const char *path, uint64_t rows);
void large_crl(const char *path, uint64_t rows);
void large_rate(const char *path, uint64_t rows);
void large_indexes(const char *path, uint64_t rows);
void large_whole(const char *path, uint64_t rows);

/* The instance around a store: made when the store is filled. */
void large_make_instance(const char *path);

#endif
