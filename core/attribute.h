/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_ATTRIBUTE_H
#define BM_CORE_ATTRIBUTE_H

#include "core/der.h"

/*
 * Attributes of certification requests and of CMS signers (RFC 2986 4.1,
 * RFC 5652 5.3). Not those of names: see name.h.
 */

/* More than any request or signer carries; bounds duplicate detection. */
#define BM_ATTRIBUTES_MAX 16

/* One attribute as it stands. Views. */
struct bm_attribute {
    struct bm_bytes type;   /* OID contents */
    struct bm_bytes values; /* contents of the SET, never empty */
};

/*
 * Take one attribute: its shape, that it holds a value, and that the values
 * are in DER order. On error neither `*d` nor `*attribute` has changed.
 */
BM_MUST_CHECK bm_status bm_attribute_take(struct bm_der *d,
                                          struct bm_attribute *attribute);

/*
 * Is `attribute`, just taken from `list`, the first there of its type? If
 * not, `duplicate` is noted in `d` and returned; BM_E_LIMIT if it has too
 * many before it.
 */
BM_MUST_CHECK bm_status bm_attribute_once(const struct bm_der *d,
                                          struct bm_bytes list,
                                          const struct bm_attribute *attribute,
                                          bm_status duplicate);

/* Walk a checked list: moves `*list` forward, false at the end. */
bool bm_attribute_next(struct bm_bytes *list, struct bm_attribute *attribute);

/* The first attribute of `type` in a checked list, or false. */
bool bm_attribute_find(struct bm_bytes list, struct bm_bytes type,
                       struct bm_attribute *attribute);

/*
 * Write one attribute with one value: open, write the value, close.
 *     m = bm_attribute_open(w, BM_LIT(BM_OID_P9_DIGEST));
 *     ... DER of the value ...
 *     bm_attribute_close(w, &m);
 */
struct bm_attribute_mark {
    size_t attribute;
    size_t values;
};
struct bm_attribute_mark bm_attribute_open(struct bm_wr *w,
                                           struct bm_bytes type);
void bm_attribute_close(struct bm_wr *w, const struct bm_attribute_mark *m);

#endif
