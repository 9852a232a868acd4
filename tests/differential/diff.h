/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_DIFFERENTIAL_DIFF_H
#define BM_TESTS_DIFFERENTIAL_DIFF_H

#include "core/bytes.h"

/*
 * Two implementations, one input: what the parts of this test share. See
 * README.md for what is compared and how a disagreement is judged.
 */

/* Why OpenSSL refused, and in which part; static strings. */
struct diff_why {
    const char *what;
    const char *where;
};

/* One kind of object: a certificate, a request, a list, a chain. */
struct diff_kind {
    const char *name; /* "cert" */

    /*
     * Our verdict. `*view` is filled in on BM_OK; it is what `compare` gets.
     * The diag says which field was refused.
     */
    bm_status (*ours)(struct bm_bytes der, struct bm_diag *diag, void *view);
    size_t view_size;

    /*
     * OpenSSL's: an object that `compare` gets and `release` frees, or NULL
     * and the reason in `*why`.
     */
    void *(*theirs)(struct bm_bytes der, struct diff_why *why);
    void (*release)(void *object);

    /* The first field that the two read differently, or NULL. */
    const char *(*compare)(const void *view, void *object);
};

extern const struct diff_kind diff_cert;
extern const struct diff_kind diff_csr;
extern const struct diff_kind diff_crl;
extern const struct diff_kind diff_chain; /* three certificates, root first */

/* Judge one input. True when both accept it and agree on all fields. */
bool diff_judge(const struct diff_kind *kind, struct bm_bytes der);

/*
 * table.c: counts of disagreements, and the list of those that are allowed
 * (allowed.txt). `sample` is kept for the first of its class.
 */
void table_count(const struct diff_kind *kind, bool agreed);
void table_note(const char *kind, const char *direction, const char *what,
                const char *within, struct bm_bytes sample);
int table_load(const char *path); /* 0, or -1 and a message */
void table_print(void);
size_t table_unexplained(void); /* classes that no line allows */

/* random.c: the same sequence in every run with the same seed. */
void random_seed(uint64_t seed);
uint32_t random_below(uint32_t n);
bool random_one_in(uint32_t n);
void random_fill(uint8_t *out, size_t n);

/*
 * mutate.c: call `fn` with altered copies of `der`, which is whole. All
 * bytes: every bit of every octet and some values, every prefix, one octet
 * more. Shape: elements with other lengths, tags, neighbours, with the
 * lengths around them put right. Some: `n` of either, picked at random.
 */
typedef void mutate_fn(const struct diff_kind *kind, struct bm_bytes der);
void mutate_bytes(const struct diff_kind *kind, struct bm_bytes der,
                  mutate_fn *fn);
void mutate_shape(const struct diff_kind *kind, struct bm_bytes der,
                  mutate_fn *fn);
void mutate_some(const struct diff_kind *kind, struct bm_bytes der, unsigned n,
                 mutate_fn *fn);

/*
 * make.c: objects written by OpenSSL, with varied names, strings, times,
 * serial numbers, keys and extensions. The caller frees the view's memory
 * with make_free().
 */
struct bm_bytes make_cert(void);
struct bm_bytes make_csr(void);
struct bm_bytes make_crl(void);

/* make_own.c: the same, written by us. */
struct bm_bytes make_own_cert(void);
struct bm_bytes make_own_csr(void);

void make_free(struct bm_bytes der);

/*
 * chain.c: `n` chains of three, all signatures good: each as it is, and some
 * with `altered` changes in what was signed.
 */
void chain_run(unsigned long n, unsigned altered);

#define CHAIN_TIME INT64_C(1700000000) /* when chains are validated */

/* A certificate that goes with its neighbours; key `i` is its own. */
struct bm_bytes make_chain_cert(size_t i);

#endif
