/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_CBOR_MAP_H
#define BM_CORE_CBOR_MAP_H

#include "core/cbor.h"

/*
 * Maps of our own formats (bundle.h, manifest.h, event.h), which all follow
 * one rule: unsigned keys, in the order of the format, are what it is about;
 * negative keys are remarks, which a reader passes over; any other key is
 * critical, and a reader that does not know it refuses the whole.
 *
 * So keys that are asked for in the order of the format are found without a
 * search:
 *
 *     BM_TRY(bm_cbor_map_open(&m, c, BM_E_MANIFEST, BM_E_MANIFEST_FORMAT));
 *     BM_TRY(bm_cbor_map_need(&m, 1));
 *     BM_TRY(bm_cbor_take_text(c, &name));
 *     if (bm_cbor_map_has(&m, 2)) {
 *         BM_TRY(bm_cbor_take_bytes(c, &octets));
 *     }
 *     BM_TRY(bm_cbor_map_close(&m));
 */

struct bm_cbor_map {
    struct bm_cbor *c;   /* where the values are read from */
    size_t left;         /* pairs */
    bm_status malformed; /* what to say of a key or value that is missing */
    bm_status unknown;   /* ... of a critical key that we do not know */
};

/* Take the head of a map. Nothing is lent but `c`. */
BM_MUST_CHECK bm_status bm_cbor_map_open(struct bm_cbor_map *m,
                                         struct bm_cbor *c, bm_status malformed,
                                         bm_status unknown);

/* Is `key` the next one? Then its value is next. */
bool bm_cbor_map_has(struct bm_cbor_map *m, uint64_t key);

/* The same where it must be. */
BM_MUST_CHECK bm_status bm_cbor_map_need(struct bm_cbor_map *m, uint64_t key);

/* What is left are remarks, or the map is refused. */
BM_MUST_CHECK bm_status bm_cbor_map_close(struct bm_cbor_map *m);

/* A value: a number from `min` to `max`, or a date that a certificate could
 * have. */
BM_MUST_CHECK bm_status bm_cbor_map_number(struct bm_cbor_map *m, uint64_t min,
                                           uint64_t max, uint64_t *value);
BM_MUST_CHECK bm_status bm_cbor_map_date(struct bm_cbor_map *m, int64_t *t);

/* A value: text of `min` to `max` octets that may be shown on a terminal. */
BM_MUST_CHECK bm_status bm_cbor_map_text(struct bm_cbor_map *m, size_t min,
                                         size_t max, struct bm_bytes *text);

/* A value: exactly `n` octets. */
BM_MUST_CHECK bm_status bm_cbor_map_octets(struct bm_cbor_map *m, size_t n,
                                           struct bm_bytes *octets);

#endif
