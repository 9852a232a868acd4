/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_CBOR_H
#define BM_CORE_CBOR_H

#include "core/bytes.h"

/*
 * Deterministic CBOR, reading and writing, over memory the caller owns.
 *
 * Accepted and written is what RFC 8949 4.2.1 calls the core deterministic
 * encoding: shortest heads, definite lengths, map keys in the bytewise order
 * of their encodings and none twice. Of the simple values only false, true
 * and null; no floating-point numbers, which no format of ours needs.
 *
 * Reading never copies: results are views into the input and live exactly as
 * long as it does. Nothing here allocates or recurses.
 */

/* RFC 8949 3.1: the top three bits of the first octet. */
enum bm_cbor_type {
    BM_CBOR_UINT = 0,
    BM_CBOR_NEGATIVE = 1,
    BM_CBOR_BYTES = 2,
    BM_CBOR_TEXT = 3,
    BM_CBOR_ARRAY = 4,
    BM_CBOR_MAP = 5,
    BM_CBOR_TAG = 6,
    BM_CBOR_SIMPLE = 7
};

/* Arrays, maps and tags inside each other: bounds the state of a skip. */
#define BM_CBOR_DEPTH_MAX 16

/*
 * A reader: the bytes not yet read, and where to complain. Copy it to look
 * ahead. Items of an array or map follow each other in the same reader; who
 * has taken the head counts them.
 */
struct bm_cbor {
    const uint8_t *p;
    const uint8_t *end;
    struct bm_diag *diag; /* may be NULL */
};

/* Read `in` from its start. `diag` may be NULL and must outlive the reader. */
void bm_cbor_init(struct bm_cbor *c, struct bm_bytes in, struct bm_diag *diag);

/* Bytes left to read. */
static inline size_t bm_cbor_left(const struct bm_cbor *c)
{
    return (size_t)(c->end - c->p);
}

/* Is the next item of `type`? False at the end of the input. */
static inline bool bm_cbor_at(const struct bm_cbor *c, enum bm_cbor_type type)
{
    return c->p != c->end && *c->p >> 5 == (int)type;
}

/*
 * The take functions move the reader past an item, or past the head of one
 * that holds others, and hand out its value. On error neither the reader nor
 * the result has changed, and the reader's diag says where.
 */

BM_MUST_CHECK bm_status bm_cbor_take_uint(struct bm_cbor *c, uint64_t *value);

/* An integer of either sign; BM_E_LIMIT if it does not fit in 64 bits. */
BM_MUST_CHECK bm_status bm_cbor_take_int(struct bm_cbor *c, int64_t *value);

/* A byte string, or text that is well-formed UTF-8. */
BM_MUST_CHECK bm_status bm_cbor_take_bytes(struct bm_cbor *c,
                                           struct bm_bytes *value);
BM_MUST_CHECK bm_status bm_cbor_take_text(struct bm_cbor *c,
                                          struct bm_bytes *value);

/*
 * The head of an array of `*n` items, or of a map of `*n` pairs, key and
 * value in turn. `*n` is at most what the rest of the input can hold, but
 * the items themselves are not looked at.
 */
BM_MUST_CHECK bm_status bm_cbor_take_array(struct bm_cbor *c, size_t *n);
BM_MUST_CHECK bm_status bm_cbor_take_map(struct bm_cbor *c, size_t *n);

/* The head of a tag; the item that it speaks about is the next one. */
BM_MUST_CHECK bm_status bm_cbor_take_tag(struct bm_cbor *c, uint64_t *tag);

BM_MUST_CHECK bm_status bm_cbor_take_bool(struct bm_cbor *c, bool *value);
BM_MUST_CHECK bm_status bm_cbor_take_null(struct bm_cbor *c);

/*
 * Take one item of any type, with all that is inside it, and check all of
 * it; `*item` is its encoding. BM_E_CBOR_DEPTH if it is nested deeper than
 * BM_CBOR_DEPTH_MAX.
 */
BM_MUST_CHECK bm_status bm_cbor_take_item(struct bm_cbor *c,
                                          struct bm_bytes *item);

/*
 * Take a map key of any type and check that it comes after `*last`, the one
 * before it in the same map; set `*last` to { NULL, 0 } for the first. The
 * key becomes `*last`.
 */
BM_MUST_CHECK bm_status bm_cbor_take_key(struct bm_cbor *c,
                                         struct bm_bytes *last);

/* BM_OK if everything was read, BM_E_CBOR_TRAILING otherwise. */
BM_MUST_CHECK bm_status bm_cbor_end(const struct bm_cbor *c);

/* Refuse: note `why` and the position in the reader's diag; returns `why`. */
BM_MUST_CHECK bm_status bm_cbor_fail(const struct bm_cbor *c, bm_status why);

/*
 * Writing. A head is followed by what it announces: `n` items, 2 * n for a
 * map, one for a tag. The caller writes map keys in order; in debug and in
 * tests bm_cbor_take_item() over the result shows whether it did.
 */
void bm_cbor_put_uint(struct bm_wr *w, uint64_t value);
void bm_cbor_put_int(struct bm_wr *w, int64_t value);
void bm_cbor_put_bytes(struct bm_wr *w, struct bm_bytes value);
void bm_cbor_put_text(struct bm_wr *w, struct bm_bytes value); /* UTF-8 */
void bm_cbor_put_array(struct bm_wr *w, size_t n);
void bm_cbor_put_map(struct bm_wr *w, size_t n);
void bm_cbor_put_tag(struct bm_wr *w, uint64_t tag);
void bm_cbor_put_bool(struct bm_wr *w, bool value);
void bm_cbor_put_null(struct bm_wr *w);

#endif
