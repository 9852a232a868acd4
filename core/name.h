/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_NAME_H
#define BM_CORE_NAME_H

#include "core/der.h"

/*
 * Distinguished names (RFC 5280 4.1.2.4): check, walk, compare, build, and
 * the string form of RFC 4514 (name_text.c, for programs that print).
 *
 * A Name is held as the view of its whole DER element, header included.
 */

/*
 * X.520 upper bounds are not enforced (real names exceed them); this is, on
 * the attributes of a name in all, and so on its RDNs. It bounds the work of
 * one comparison.
 */
#define BM_NAME_RDNS_MAX 32

struct bm_attr {
    struct bm_bytes type;  /* OID contents */
    struct bm_bytes value; /* string contents */
    uint8_t tag;           /* string type, BM_DER_UTF8_STRING, ... */
    bool starts_rdn;       /* first of its RelativeDistinguishedName */
};

/*
 * Take a Name and check all of it: shape, SET order, string types and their
 * characters, lengths; known attributes by their own rules (countryName is
 * two letters PrintableString, emailAddress and domainComponent IA5String,
 * serialNumber and dnQualifier PrintableString, other X.520 attributes
 * DirectoryString; Matter VID and PID four upper-case hexadecimal digits) and
 * never empty. An unknown attribute may hold any one element, whose inside is
 * not looked at unless it is a string. `*name` is the element, header included.
 */
BM_MUST_CHECK bm_status bm_name_take(struct bm_der *d, struct bm_bytes *name);

/*
 * The same for one RelativeDistinguishedName under `tag`; `*rdn` is its
 * contents.
 */
BM_MUST_CHECK bm_status bm_name_take_rdn(struct bm_der *d, uint8_t tag,
                                         struct bm_bytes *rdn);

/*
 * Check one attribute by the same rules: the tag and characters of its value.
 * `d` is the reader to complain to.
 */
BM_MUST_CHECK bm_status bm_name_check_attr(const struct bm_der *d,
                                           const struct bm_attr *attr);

/* The string type in which to write a value of `type`; UTF8String mostly. */
uint8_t bm_name_string_type(struct bm_bytes type);

/* Is it the empty sequence? */
bool bm_name_is_empty(struct bm_bytes name);

/* Walk a checked name: bm_name_walk(), then bm_name_next() until false. */
struct bm_name_walk { /* private */
    struct bm_der rdns;
    struct bm_der rdn;
};
void bm_name_walk(struct bm_name_walk *walk, struct bm_bytes name);
bool bm_name_next(struct bm_name_walk *walk, struct bm_attr *attr);

/* The first attribute of `type`, or false and a zero `*attr`. */
bool bm_name_find(struct bm_bytes name, struct bm_bytes type,
                  struct bm_attr *attr);

/*
 * RFC 5280 7.1: attribute values of PrintableString and UTF8String are
 * equal without regard to ASCII case and to leading, trailing and repeated
 * spaces, and so are emailAddress and domainComponent (4.1.2.6, 7.3); other
 * string types by their octets. An RDN is a set, whatever its order. Letters
 * outside ASCII are compared exactly: a stricter rule than Unicode case
 * folding, so it can miss a match, never make one.
 */
bool bm_name_equal(struct bm_bytes a, struct bm_bytes b);

/* Are the first RDNs of `name` equal to all of `base` (RFC 5280 4.2.1.10)? */
bool bm_name_is_within(struct bm_bytes name, struct bm_bytes base);

/* Write one RDN with one attribute. Wrap RDNs in bm_der_open(SEQUENCE). */
void bm_name_put_rdn(struct bm_wr *w, struct bm_bytes type, uint8_t tag,
                     struct bm_bytes value);

/*
 * Write the RFC 4514 string of a checked name ("CN=a\,b,O=c": last RDN
 * first), UTF-8 whatever the string type (TeletexString is read as Latin-1).
 * A type without keyword is written as 1.2.3=#hex, and so is a value that is
 * no string. The result is safe to print: control and format characters, which
 * can reorder or hide what a terminal shows, are escaped as \HH.
 */
void bm_name_put_text(struct bm_wr *w, struct bm_bytes name);

/*
 * Read an RFC 4514 string and write the Name, header included. Values become
 * what bm_name_string_type() says; #hex is taken as the DER of the value.
 * Keywords are those of bm_oid_from_attribute(); spaces before them do not
 * count ("CN=a, O=b").
 *
 * On error nothing has been written and `*bad` is the offset in the text of
 * the attribute that is wrong. A writer that is too small gets the syntax
 * checked, but not the values, which can be looked at only when written.
 */
BM_MUST_CHECK bm_status bm_name_from_text(struct bm_bytes text, struct bm_wr *w,
                                          size_t *bad);

#endif
