/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_DER_H
#define BM_CORE_DER_H

#include "core/bytes.h"

/*
 * Strict DER, reading and writing, over memory the caller owns.
 *
 * Reading never copies: results are views into the input and live exactly
 * as long as it does. Nothing here allocates, recurses, logs or keeps state
 * between calls, so every function may be used from any thread or from an
 * interrupt handler. A parser accepts exactly one encoding of a value.
 *
 * Reference: ITU-T X.690 (2021), clauses 8, 10 and 11.
 */

/* Identifier octets. Only low tag numbers (0..30) exist in our formats. */
enum {
    BM_DER_BOOLEAN = 0x01,
    BM_DER_INTEGER = 0x02,
    BM_DER_BIT_STRING = 0x03,
    BM_DER_OCTET_STRING = 0x04,
    BM_DER_NULL = 0x05,
    BM_DER_OID = 0x06,
    BM_DER_ENUMERATED = 0x0a,
    BM_DER_UTF8_STRING = 0x0c,
    BM_DER_NUMERIC_STRING = 0x12,
    BM_DER_PRINTABLE_STRING = 0x13,
    BM_DER_TELETEX_STRING = 0x14,
    BM_DER_IA5_STRING = 0x16,
    BM_DER_UTC_TIME = 0x17,
    BM_DER_GENERALIZED_TIME = 0x18,
    BM_DER_VISIBLE_STRING = 0x1a,
    BM_DER_UNIVERSAL_STRING = 0x1c,
    BM_DER_BMP_STRING = 0x1e,
    BM_DER_SEQUENCE = 0x30,
    BM_DER_SET = 0x31
};

/* Context-specific tags: primitive (IMPLICIT) and constructed. */
#define BM_DER_CONTEXT(n)          ((uint8_t)(0x80 | (n)))
#define BM_DER_CONSTRUCTED(n)      ((uint8_t)(0xa0 | (n)))
#define BM_DER_IS_CONSTRUCTED(tag) (((tag)&0x20) != 0)

/*
 * A reader: the bytes not yet read, and where to complain. Copy it to look
 * ahead. Sub-readers made by bm_der_enter() complain to the same place.
 */
struct bm_der {
    const uint8_t *p;
    const uint8_t *end;
    struct bm_diag *diag; /* may be NULL */
};

/* Read `in` from its start. `diag` may be NULL and must outlive the reader. */
void bm_der_init(struct bm_der *d, struct bm_bytes in, struct bm_diag *diag);

/* Bytes left to read. */
static inline size_t bm_der_left(const struct bm_der *d)
{
    return (size_t)(d->end - d->p);
}

/* Is the next identifier octet `tag`? False at the end of the input. */
static inline bool bm_der_at(const struct bm_der *d, uint8_t tag)
{
    return d->p != d->end && *d->p == tag;
}

/*
 * The take functions move the reader past the element and hand out a view.
 * On error neither the reader nor the result has changed, and the reader's
 * diag says where: so a caller may try another tag.
 */

/* Take the element with tag `tag`; `*body` is its contents, header off. */
BM_MUST_CHECK bm_status bm_der_take(struct bm_der *d, uint8_t tag,
                                    struct bm_bytes *body);

/* Like bm_der_take(), but `*element` includes the header: what is signed. */
BM_MUST_CHECK bm_status bm_der_take_element(struct bm_der *d, uint8_t tag,
                                            struct bm_bytes *element);

/* Take an element of whatever tag (at most 30); header included. */
BM_MUST_CHECK bm_status bm_der_take_any(struct bm_der *d, uint8_t *tag,
                                        struct bm_bytes *body);

/*
 * Take identifier and length octets alone, of an element whose contents may
 * not be there yet: for streams.
 */
BM_MUST_CHECK bm_status bm_der_take_header(struct bm_der *d, uint8_t tag,
                                           size_t *len);

/* Take a constructed element and read inside it: `*inside` is a reader. */
BM_MUST_CHECK bm_status bm_der_enter(struct bm_der *d, uint8_t tag,
                                     struct bm_der *inside);

/*
 * Read inside the one constructed element that `in` is: nothing may follow.
 * `diag` may be NULL; on error too `*inside` complains to it.
 */
BM_MUST_CHECK bm_status bm_der_open_whole(struct bm_bytes in, uint8_t tag,
                                          struct bm_diag *diag,
                                          struct bm_der *inside);

/* BM_OK if everything was read, BM_E_DER_TRAILING otherwise. */
BM_MUST_CHECK bm_status bm_der_end(const struct bm_der *d);

/* Take a non-negative INTEGER that fits in 32 bits. */
BM_MUST_CHECK bm_status bm_der_take_u32(struct bm_der *d, uint32_t *value);

/*
 * Take an INTEGER or ENUMERATED (`tag`, or an implicit tag) of any size in
 * its only encoding; `*value` is the contents, two's complement, at least
 * one octet.
 */
BM_MUST_CHECK bm_status bm_der_take_integer(struct bm_der *d, uint8_t tag,
                                            struct bm_bytes *value);

/* Take a BOOLEAN under `tag` (BM_DER_BOOLEAN or an implicit tag). */
BM_MUST_CHECK bm_status bm_der_take_bool(struct bm_der *d, uint8_t tag,
                                         bool *value);

/* Take an OBJECT IDENTIFIER; `*oid` is its contents, arcs checked. */
BM_MUST_CHECK bm_status bm_der_take_oid(struct bm_der *d, struct bm_bytes *oid);

/* Are these the contents of an OBJECT IDENTIFIER (under whatever tag)? */
bool bm_der_is_oid(struct bm_bytes contents);

/*
 * Take a BIT STRING of any length under `tag`; `*body` is its contents, the
 * first octet of which counts the unused bits at the end.
 */
BM_MUST_CHECK bm_status bm_der_take_bits(struct bm_der *d, uint8_t tag,
                                         struct bm_bytes *body);

/*
 * Take a BIT STRING that is a whole number of octets (a key, a signature);
 * `*bits` is without the unused-bits octet.
 */
BM_MUST_CHECK bm_status bm_der_take_octet_bits(struct bm_der *d,
                                               struct bm_bytes *bits);

/*
 * Take a named-bit-list BIT STRING under `tag` of at most 16 bits. Bit 0 of
 * the ASN.1 is bit 0 of `*flags`. Trailing zero bits are an error (X.690
 * 11.2.2); an empty list is 0.
 */
BM_MUST_CHECK bm_status bm_der_take_flags(struct bm_der *d, uint8_t tag,
                                          uint16_t *flags);

/* Take a NULL. */
BM_MUST_CHECK bm_status bm_der_take_null(struct bm_der *d);

/*
 * Refuse: note `why` and the position in the reader's diag and return `why`.
 * The first form blames the reader's position, the second a place in it.
 */
BM_MUST_CHECK bm_status bm_der_fail(const struct bm_der *d, bm_status why);
BM_MUST_CHECK bm_status bm_der_fail_at(const struct bm_der *d,
                                       const uint8_t *at, bm_status why);

/*
 * Note that what failed with `rc` was the field `within`; returns `rc`.
 * Called on the way out, so the innermost field wins: a second call for the
 * same failure changes nothing.
 */
BM_MUST_CHECK bm_status bm_der_within(const struct bm_der *d, bm_status within,
                                      bm_status rc);

/*
 * Check that `s` is made of the characters of string type `tag`:
 * PrintableString, NumericString, IA5String, VisibleString, UTF8String
 * (well-formed, RFC 3629), BMPString and UniversalString (whole code units,
 * no surrogates). TeletexString: any octets (nobody agrees on what it
 * holds). Any other tag: BM_E_DER_STRING. Says nothing about emptiness.
 */
BM_MUST_CHECK bm_status bm_der_check_string(const struct bm_der *d, uint8_t tag,
                                            struct bm_bytes s);

/*
 * Writing. Open a constructed element and pass the returned mark to
 * bm_der_close(), which fills in the length (and moves the body when the
 * length needs more than one octet).
 */
size_t bm_der_open(struct bm_wr *w, uint8_t tag);
void bm_der_close(struct bm_wr *w, size_t mark);

/* Header alone, for a body of `len` bytes that follows by other means. */
void bm_der_put_header(struct bm_wr *w, uint8_t tag, size_t len);

/* How many octets bm_der_put_header() writes for a body of `len`. */
size_t bm_der_header_len(size_t len);

/* A whole element: header and body. */
void bm_der_put(struct bm_wr *w, uint8_t tag, struct bm_bytes body);

void bm_der_put_u32(struct bm_wr *w, uint32_t value);
void bm_der_put_bool(struct bm_wr *w, bool value);
void bm_der_put_null(struct bm_wr *w);
void bm_der_put_oid(struct bm_wr *w, struct bm_bytes oid);

/*
 * A non-negative INTEGER from big-endian octets: leading zeros go, one is
 * put before a set top bit. Empty is 0.
 */
void bm_der_put_unsigned(struct bm_wr *w, struct bm_bytes magnitude);

/* BIT STRING of whole octets. */
void bm_der_put_octet_bits(struct bm_wr *w, struct bm_bytes bits);

/* Named bit list under `tag`, trailing zeros off, as bm_der_take_flags(). */
void bm_der_put_flags(struct bm_wr *w, uint8_t tag, uint16_t flags);

/*
 * Compare two encodings as X.690 11.6 sorts the elements of a SET OF:
 * <0, 0, >0 (shorter is padded with zeros, then by length).
 */
int bm_der_set_order(struct bm_bytes a, struct bm_bytes b);

/*
 * Check what is left to read as the contents of a SET SIZE (1..MAX) OF:
 * elements of any tags, at least one, in the order of X.690 11.6.
 */
BM_MUST_CHECK bm_status bm_der_check_set(const struct bm_der *set);

/*
 * Like bm_der_close(), for a SET OF: first brings the elements written since
 * `mark` into the order that DER demands, in place. BM_E_ARGUMENT if they
 * are not DER elements.
 */
BM_MUST_CHECK bm_status bm_der_close_set(struct bm_wr *w, size_t mark);

#endif
