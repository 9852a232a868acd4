/* SPDX-License-Identifier: Apache-2.0 */
#include "core/name.h"

#include "core/oid.h"

#include <string.h>

/* What the value of an attribute may be. */
enum rule {
    RULE_ANY, /* an attribute that we do not know */
    RULE_DIRECTORY,
    RULE_PRINTABLE,
    RULE_COUNTRY, /* two letters */
    RULE_IA5,
    RULE_MATTER /* four upper-case hexadecimal digits */
};

/* Sets of string types, one bit per tag number. */
#define TYPE(tag) (UINT32_C(1) << (tag))
#define DIRECTORY_STRING                                        \
    (TYPE(BM_DER_UTF8_STRING) | TYPE(BM_DER_PRINTABLE_STRING) | \
     TYPE(BM_DER_TELETEX_STRING) | TYPE(BM_DER_BMP_STRING) |    \
     TYPE(BM_DER_UNIVERSAL_STRING))
#define STRINGS                                       \
    (DIRECTORY_STRING | TYPE(BM_DER_NUMERIC_STRING) | \
     TYPE(BM_DER_IA5_STRING) | TYPE(BM_DER_VISIBLE_STRING))

static const uint32_t types_of[] = {
    [RULE_DIRECTORY] = DIRECTORY_STRING,
    [RULE_PRINTABLE] = TYPE(BM_DER_PRINTABLE_STRING),
    [RULE_COUNTRY] = TYPE(BM_DER_PRINTABLE_STRING),
    [RULE_IA5] = TYPE(BM_DER_IA5_STRING),
    [RULE_MATTER] = TYPE(BM_DER_UTF8_STRING) | TYPE(BM_DER_PRINTABLE_STRING),
};

static bool is_one_of(uint8_t tag, uint32_t types)
{
    return tag < 32 && (types >> tag & 1) != 0;
}

/*
 * X.520 attributes, 2.5.4.n by their n. Those of DirectoryString are what
 * RFC 5280 appendix A.1 lists, and street.
 */
static const uint8_t directory_strings[] = {
    3,  /* commonName */
    4,  /* surname */
    7,  /* localityName */
    8,  /* stateOrProvinceName */
    9,  /* street */
    10, /* organizationName */
    11, /* organizationalUnitName */
    12, /* title */
    41, /* name */
    42, /* givenName */
    43, /* initials */
    44, /* generationQualifier */
    65, /* pseudonym */
};
#define COUNTRY_NAME  6
#define SERIAL_NUMBER 5
#define DN_QUALIFIER  46

static enum rule x520_rule(uint8_t n)
{
    if (n == COUNTRY_NAME) {
        return RULE_COUNTRY;
    }
    if (n == SERIAL_NUMBER || n == DN_QUALIFIER) {
        return RULE_PRINTABLE;
    }
    return memchr(directory_strings, n, sizeof directory_strings) != NULL
               ? RULE_DIRECTORY
               : RULE_ANY;
}

static enum rule rule_of(struct bm_bytes type)
{
    if (type.n == 3 && type.p[0] == 0x55 && type.p[1] == 0x04) {
        return x520_rule(type.p[2]);
    }
    if (bm_oid_is(type, BM_OID_AT_DC) || bm_oid_is(type, BM_OID_AT_EMAIL)) {
        return RULE_IA5;
    }
    if (bm_oid_is(type, BM_OID_AT_MATTER_VID) ||
        bm_oid_is(type, BM_OID_AT_MATTER_PID)) {
        return RULE_MATTER;
    }
    return RULE_ANY;
}

uint8_t bm_name_string_type(struct bm_bytes type)
{
    switch (rule_of(type)) {
    case RULE_PRINTABLE:
    case RULE_COUNTRY:
        return BM_DER_PRINTABLE_STRING;
    case RULE_IA5:
        return BM_DER_IA5_STRING;
    default:
        return BM_DER_UTF8_STRING;
    }
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
    enum rule rule = rule_of(attr->type);
    bm_status rc = BM_OK;

    if (is_one_of(attr->tag, STRINGS)) {
        rc = bm_der_check_string(d, attr->tag, attr->value);
    }
    if (rule == RULE_ANY || rc != BM_OK) {
        return rc;
    }
    if (!is_one_of(attr->tag, types_of[rule]) || attr->value.n == 0 ||
        (rule == RULE_COUNTRY && !is_country(attr->value))) {
        rc = BM_E_NAME_STRING;
    } else if (rule == RULE_MATTER && !is_upper_hex_16(attr->value)) {
        rc = BM_E_NAME_MATTER;
    }
    return rc == BM_OK ? BM_OK : bm_der_fail_at(d, attr->value.p, rc);
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
    unsigned before = *attrs;
    struct bm_attr attr;
    struct bm_der all;
    struct bm_der rdn;

    BM_TRY(bm_der_enter(rdns, tag, &all));
    rdn = all;
    do {
        if (rdn.p == rdn.end) {
            return bm_der_fail(&rdn, BM_E_DER_EMPTY);
        }
        if (++*attrs > BM_NAME_RDNS_MAX) {
            return bm_der_fail(&rdn, BM_E_LIMIT);
        }
        BM_TRY(take_attr(&rdn, &attr));
        BM_TRY(bm_name_check_attr(&rdn, &attr));
    } while (rdn.p != rdn.end);
    /* nearly all RDNs have one attribute, which has no order */
    return *attrs - before == 1 ? BM_OK : bm_der_check_set(&all);
}

/*
 *   Name ::= CHOICE { rdnSequence  RDNSequence }
 *   RDNSequence ::= SEQUENCE OF RelativeDistinguishedName
 */
static bm_status check_rdns(struct bm_der *d)
{
    struct bm_der rdns;
    unsigned attrs = 0;

    BM_TRY(bm_der_enter(d, BM_DER_SEQUENCE, &rdns));
    while (rdns.p != rdns.end) {
        BM_TRY(check_rdn(&rdns, BM_DER_SET, &attrs));
    }
    return BM_OK;
}

bm_status bm_name_take(struct bm_der *d, struct bm_bytes *name)
{
    const uint8_t *start = d->p;
    bm_status rc = bm_der_within(d, BM_E_NAME, check_rdns(d));

    if (rc == BM_OK) {
        *name = (struct bm_bytes){ start, (size_t)(d->p - start) };
    } else {
        d->p = start;
    }
    return rc;
}

bm_status bm_name_take_rdn(struct bm_der *d, uint8_t tag, struct bm_bytes *rdn)
{
    const uint8_t *start = d->p;
    unsigned attrs = 0;
    bm_status rc = bm_der_within(d, BM_E_NAME, check_rdn(d, tag, &attrs));

    d->p = start;
    return rc == BM_OK ? bm_der_take(d, tag, rdn) : rc;
}

bool bm_name_is_empty(struct bm_bytes name)
{
    return bm_bytes_are(name, "\x30\x00", 2);
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
           (attr->tag == BM_DER_IA5_STRING && rule_of(attr->type) == RULE_IA5);
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
static bool use_equal(const struct bm_der *rdn, const struct bm_attr *attr,
                      uint32_t *used)
{
    struct bm_der rest = *rdn;
    struct bm_attr other;

    for (uint32_t bit = 1; take_attr(&rest, &other) == BM_OK; bit <<= 1) {
        if ((*used & bit) == 0 && attr_equal(attr, &other)) {
            *used |= bit;
            return true;
        }
    }
    return false;
}

_Static_assert(BM_NAME_RDNS_MAX <= 32, "a bit per attribute of an RDN");

/* X.501 9.3: an RDN is a set, so its attributes may come in another order. */
static bool rdn_equal(struct bm_der *a, struct bm_der *b)
{
    struct bm_der all = *b;
    struct bm_attr attr;
    uint32_t used = 0;

    while (take_attr(a, &attr) == BM_OK) {
        if (!use_equal(&all, &attr, &used) ||
            take_attr(b, &attr) != BM_OK) { /* one of b for each of a */
            return false;
        }
    }
    return a->p == a->end && b->p == b->end;
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
            !rdn_equal(&n.rdn, &b.rdn)) {
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
