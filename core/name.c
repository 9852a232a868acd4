/* SPDX-License-Identifier: Apache-2.0 */
#include "core/name.h"

#include "core/oid.h"

#include <string.h>

/* Sets of string types, one bit per tag number. */
#define TYPE(tag) (UINT32_C(1) << (tag))
#define ANY_TYPE  0 /* of an attribute that we do not know */
#define DIRECTORY_STRING                                        \
    (TYPE(BM_DER_UTF8_STRING) | TYPE(BM_DER_PRINTABLE_STRING) | \
     TYPE(BM_DER_TELETEX_STRING) | TYPE(BM_DER_BMP_STRING) |    \
     TYPE(BM_DER_UNIVERSAL_STRING))
#define STRINGS                                       \
    (DIRECTORY_STRING | TYPE(BM_DER_NUMERIC_STRING) | \
     TYPE(BM_DER_IA5_STRING) | TYPE(BM_DER_VISIBLE_STRING))

static bool is_one_of(uint8_t tag, uint32_t types)
{
    return tag < 32 && (types >> tag & 1) != 0;
}

/* The first two octets of 2.5.4.n (X.520). */
#define X520_ARC "\x55\x04"

/*
 * X.520 attributes by the last octet of their type. Those of DirectoryString
 * are all that RFC 5280 appendix A.1 lists, and street.
 */
#define X520_DN_QUALIFIER 46
#define X520_DIRECTORY_STRING \
    "\x03\x04\x07\x08\x09\x0a\x0b\x0c\x29\x2a\x2b\x2c\x41"

static bool is_matter_id(struct bm_bytes type)
{
    return bm_oid_is(type, BM_OID_AT_MATTER_VID) ||
           bm_oid_is(type, BM_OID_AT_MATTER_PID);
}

/* The string types that an attribute of `type` may have. */
static uint32_t types_of(struct bm_bytes type)
{
    if (type.n == 3 && memcmp(type.p, X520_ARC, 2) == 0) {
        int arc = type.p[2];

        if (bm_oid_is(type, BM_OID_AT_C) || bm_oid_is(type, BM_OID_AT_SERIAL) ||
            arc == X520_DN_QUALIFIER) {
            return TYPE(BM_DER_PRINTABLE_STRING);
        }
        return memchr(X520_DIRECTORY_STRING, arc,
                      sizeof X520_DIRECTORY_STRING - 1) != NULL
                   ? DIRECTORY_STRING
                   : ANY_TYPE;
    }
    if (bm_oid_is(type, BM_OID_AT_DC) || bm_oid_is(type, BM_OID_AT_EMAIL)) {
        return TYPE(BM_DER_IA5_STRING);
    }
    if (is_matter_id(type)) {
        return TYPE(BM_DER_UTF8_STRING) | TYPE(BM_DER_PRINTABLE_STRING);
    }
    return ANY_TYPE;
}

uint8_t bm_name_string_type(struct bm_bytes type)
{
    uint32_t types = types_of(type);

    if (types == TYPE(BM_DER_PRINTABLE_STRING)) {
        return BM_DER_PRINTABLE_STRING;
    }
    return types == TYPE(BM_DER_IA5_STRING) ? BM_DER_IA5_STRING
                                            : BM_DER_UTF8_STRING;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool is_country(struct bm_bytes s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = lower(s.p[i]);

        if (c < 'a' || c > 'z') {
            return false;
        }
    }
    return s.n == 2;
}

static bool is_upper_hex_16(struct bm_bytes s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'F')) {
            return false;
        }
    }
    return s.n == 4;
}

bm_status bm_name_check_attr(const struct bm_der *d, const struct bm_attr *attr)
{
    uint32_t types = types_of(attr->type);

    if (types != ANY_TYPE &&
        (!is_one_of(attr->tag, types) || attr->value.n == 0)) {
        return bm_der_fail_at(d, attr->value.p, BM_E_NAME_STRING);
    }
    if (is_one_of(attr->tag, STRINGS)) {
        BM_TRY(bm_der_check_string(d, attr->tag, attr->value));
    }
    if (bm_oid_is(attr->type, BM_OID_AT_C) && !is_country(attr->value)) {
        return bm_der_fail_at(d, attr->value.p, BM_E_NAME_STRING);
    }
    if (is_matter_id(attr->type) && !is_upper_hex_16(attr->value)) {
        return bm_der_fail_at(d, attr->value.p, BM_E_NAME_MATTER);
    }
    return BM_OK;
}

/*
 * RFC 5280 4.1.2.4
 *
 *   AttributeTypeAndValue ::= SEQUENCE {
 *       type   AttributeType,
 *       value  AttributeValue }  -- ANY DEFINED BY type
 */
static bm_status take_attr(struct bm_der *rdn, struct bm_attr *attr)
{
    struct bm_der in;

    BM_TRY(bm_der_enter(rdn, BM_DER_SEQUENCE, &in));
    BM_TRY(bm_der_take_oid(&in, &attr->type));
    BM_TRY(bm_der_take_any(&in, &attr->tag, &attr->value));
    return bm_der_end(&in);
}

/*
 *   RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
 */
static bm_status check_rdn(struct bm_der *rdns, uint8_t tag, unsigned *attrs)
{
    struct bm_bytes last = { NULL, 0 };
    struct bm_der rdn;

    BM_TRY(bm_der_enter(rdns, tag, &rdn));
    do {
        struct bm_bytes element = { rdn.p, 0 };
        struct bm_attr attr;

        if (rdn.p == rdn.end) {
            return bm_der_fail(&rdn, BM_E_DER_EMPTY);
        }
        if (++*attrs > BM_NAME_RDNS_MAX) {
            return bm_der_fail(&rdn, BM_E_LIMIT);
        }
        BM_TRY(take_attr(&rdn, &attr));
        BM_TRY(bm_name_check_attr(&rdn, &attr));
        element.n = (size_t)(rdn.p - element.p);
        if (bm_der_set_order(last, element) > 0) {
            return bm_der_fail_at(&rdn, element.p, BM_E_DER_SET_ORDER);
        }
        last = element;
    } while (rdn.p != rdn.end);
    return BM_OK;
}

/*
 *   Name ::= CHOICE { rdnSequence  RDNSequence }
 *   RDNSequence ::= SEQUENCE OF RelativeDistinguishedName
 */
bm_status bm_name_take(struct bm_der *d, struct bm_bytes *name)
{
    struct bm_der rest = *d;
    struct bm_der rdns;
    unsigned attrs = 0;

    BM_TRY(bm_der_within(d, BM_E_NAME,
                         bm_der_enter(&rest, BM_DER_SEQUENCE, &rdns)));
    while (rdns.p != rdns.end) {
        BM_TRY(
            bm_der_within(d, BM_E_NAME, check_rdn(&rdns, BM_DER_SET, &attrs)));
    }
    *name = (struct bm_bytes){ d->p, (size_t)(rest.p - d->p) };
    *d = rest;
    return BM_OK;
}

bm_status bm_name_take_rdn(struct bm_der *d, uint8_t tag, struct bm_bytes *rdn)
{
    struct bm_der rest = *d;
    unsigned attrs = 0;

    BM_TRY(bm_der_within(d, BM_E_NAME, check_rdn(&rest, tag, &attrs)));
    return bm_der_take(d, tag, rdn);
}

bool bm_name_is_empty(struct bm_bytes name)
{
    return bm_bytes_equal(name, BM_LIT("\x30\x00"));
}

void bm_name_walk(struct bm_name_walk *walk, struct bm_bytes name)
{
    struct bm_der d;

    *walk = (struct bm_name_walk){ 0 };
    bm_der_init(&d, name, NULL);
    if (bm_der_enter(&d, BM_DER_SEQUENCE, &walk->rdns) != BM_OK) {
        walk->rdns = (struct bm_der){ 0 }; /* nothing to see */
    }
}

bool bm_name_next(struct bm_name_walk *walk, struct bm_attr *attr)
{
    bool starts = walk->rdn.p == walk->rdn.end;

    if (starts && bm_der_enter(&walk->rdns, BM_DER_SET, &walk->rdn) != BM_OK) {
        return false;
    }
    if (take_attr(&walk->rdn, attr) != BM_OK) {
        return false;
    }
    attr->starts_rdn = starts;
    return true;
}

bool bm_name_find(struct bm_bytes name, struct bm_bytes type,
                  struct bm_attr *attr)
{
    struct bm_name_walk walk;

    bm_name_walk(&walk, name);
    while (bm_name_next(&walk, attr)) {
        if (bm_bytes_equal(attr->type, type)) {
            return true;
        }
    }
    *attr = (struct bm_attr){ 0 };
    return false;
}

/* No character: before the first, and behind the last. */
#define NONE (-1)

/*
 * RFC 5280 7.1 by way of RFC 4518: the next character of `s` when case and
 * superfluous spaces do not count. `before` is the one before it.
 */
static int next_folded(struct bm_bytes *s, int before)
{
    int c = NONE;

    while (s->n != 0 && *s->p == ' ') {
        c = ' ';
        s->p++;
        s->n--;
    }
    if (s->n == 0) {
        return NONE;
    }
    if (c == ' ' && before != NONE) {
        return c;
    }
    c = lower(*s->p);
    s->p++;
    s->n--;
    return c;
}

static bool folded_equal(struct bm_bytes a, struct bm_bytes b)
{
    int c = NONE;

    do {
        int other = next_folded(&b, c);

        c = next_folded(&a, c);
        if (c != other) {
            return false;
        }
    } while (c != NONE);
    return true;
}

/* IA5String is folded where its attribute says so: RFC 5280 4.1.2.6, 7.3. */
static bool is_folded(const struct bm_attr *attr)
{
    return attr->tag == BM_DER_PRINTABLE_STRING ||
           attr->tag == BM_DER_UTF8_STRING ||
           (attr->tag == BM_DER_IA5_STRING &&
            types_of(attr->type) == TYPE(BM_DER_IA5_STRING));
}

static bool attr_equal(const struct bm_attr *a, const struct bm_attr *b)
{
    if (!bm_bytes_equal(a->type, b->type)) {
        return false;
    }
    if (is_folded(a) && is_folded(b)) {
        return folded_equal(a->value, b->value);
    }
    return a->tag == b->tag && bm_bytes_equal(a->value, b->value);
}

/*
 * Find in `rdn` an attribute equal to `attr` that is not in `used`, a bit per
 * position, and add it there.
 */
static bool use_equal(struct bm_der rdn, const struct bm_attr *attr,
                      uint32_t *used)
{
    struct bm_attr other;

    for (uint32_t bit = 1; take_attr(&rdn, &other) == BM_OK; bit <<= 1) {
        if ((*used & bit) == 0 && attr_equal(attr, &other)) {
            *used |= bit;
            return true;
        }
    }
    return false;
}

_Static_assert(BM_NAME_RDNS_MAX <= 32, "a bit per attribute of an RDN");

/* X.501 9.3: an RDN is a set, so its attributes may come in another order. */
static bool rdn_equal(struct bm_der a, struct bm_der b)
{
    struct bm_der all = b;
    struct bm_attr attr;
    uint32_t used = 0;

    while (take_attr(&a, &attr) == BM_OK) {
        if (!use_equal(all, &attr, &used) ||
            take_attr(&b, &attr) != BM_OK) { /* one of b for each of a */
            return false;
        }
    }
    return a.p == a.end && b.p == b.end;
}

/* Are the RDNs of `base` the first ones of `name`, or all if `whole`? */
static bool begins_with(struct bm_bytes name, struct bm_bytes base, bool whole)
{
    struct bm_name_walk n;
    struct bm_name_walk b;

    bm_name_walk(&n, name);
    bm_name_walk(&b, base);
    while (bm_der_enter(&b.rdns, BM_DER_SET, &b.rdn) == BM_OK) {
        if (bm_der_enter(&n.rdns, BM_DER_SET, &n.rdn) != BM_OK ||
            !rdn_equal(n.rdn, b.rdn)) {
            return false;
        }
    }
    return b.rdns.p == b.rdns.end && (!whole || n.rdns.p == n.rdns.end);
}

bool bm_name_equal(struct bm_bytes a, struct bm_bytes b)
{
    return bm_bytes_equal(a, b) || begins_with(a, b, true);
}

bool bm_name_is_within(struct bm_bytes name, struct bm_bytes base)
{
    return begins_with(name, base, false);
}

void bm_name_put_rdn(struct bm_wr *w, struct bm_bytes type, uint8_t tag,
                     struct bm_bytes value)
{
    size_t rdn = bm_der_open(w, BM_DER_SET);
    size_t attr = bm_der_open(w, BM_DER_SEQUENCE);

    bm_der_put_oid(w, type);
    bm_der_put(w, tag, value);
    bm_der_close(w, attr);
    bm_der_close(w, rdn);
}
