/* SPDX-License-Identifier: Apache-2.0 */
#include "core/der.h"

#include <string.h>

/* Four length octets: no object of ours reaches 4 GiB. */
#define LENGTH_OCTETS_MAX 4

/* X.690 8.1.2.4: tag numbers over 30 take more octets; none is in use. */
#define HIGH_TAG 0x1f

void bm_der_init(struct bm_der *d, struct bm_bytes in, struct bm_diag *diag)
{
    d->p = in.p;
    d->end = in.n == 0 ? in.p : in.p + in.n;
    d->diag = diag;
}

bm_status bm_der_fail_at(const struct bm_der *d, const uint8_t *at,
                         bm_status why)
{
    if (d->diag != NULL) {
        *d->diag = (struct bm_diag){ why, BM_OK, at };
    }
    return why;
}

bm_status bm_der_fail(const struct bm_der *d, bm_status why)
{
    return bm_der_fail_at(d, d->p, why);
}

bm_status bm_der_within(const struct bm_der *d, bm_status within, bm_status rc)
{
    if (rc != BM_OK && d->diag != NULL && d->diag->within == BM_OK) {
        d->diag->within = within;
    }
    return rc;
}

size_t bm_diag_offset(const struct bm_diag *diag, const uint8_t *base, size_t n)
{
    if (diag->at == NULL || diag->at < base || (size_t)(diag->at - base) > n) {
        return SIZE_MAX;
    }
    return (size_t)(diag->at - base);
}

/* X.690 8.1.3, 10.1: reads length octets at `*p`, which moves behind them. */
static bm_status read_length(const uint8_t **p, const uint8_t *end, size_t *len)
{
    const uint8_t *q = *p;
    size_t value;
    unsigned octets;

    if (q == end) {
        return BM_E_DER_TRUNCATED;
    }
    value = *q++;
    if (value >= 0x80) {
        octets = (unsigned)value & 0x7f;
        if (octets == 0 || octets > LENGTH_OCTETS_MAX) {
            return BM_E_DER_LENGTH; /* indefinite form, or absurdly large */
        }
        if ((size_t)(end - q) < octets) {
            return BM_E_DER_TRUNCATED;
        }
        if (q[0] == 0 || (octets == 1 && q[0] < 0x80)) {
            return BM_E_DER_LENGTH; /* shortest form only */
        }
        value = 0;
        for (; octets != 0; octets--) {
            value = value << 8 | *q++;
        }
    }
    *p = q;
    *len = value;
    return BM_OK;
}

bm_status bm_der_take_header(struct bm_der *d, uint8_t tag, size_t *len)
{
    const uint8_t *p = d->p;
    bm_status rc = BM_E_DER_TRUNCATED;

    if (p != d->end) {
        rc = *p++ == tag ? read_length(&p, d->end, len) : BM_E_DER_TAG;
    }
    if (rc != BM_OK) {
        return bm_der_fail(d, rc);
    }
    d->p = p;
    return BM_OK;
}

/* The heart of all take functions. Moves the reader behind the element. */
static bm_status take_body(struct bm_der *d, struct bm_bytes *body)
{
    const uint8_t *p = d->p + 1;
    size_t len;
    bm_status rc = read_length(&p, d->end, &len);

    if (rc == BM_OK && len > (size_t)(d->end - p)) {
        rc = BM_E_DER_TRUNCATED;
    }
    if (rc != BM_OK) {
        return bm_der_fail(d, rc);
    }
    *body = (struct bm_bytes){ p, len };
    d->p = p + len;
    return BM_OK;
}

bm_status bm_der_take(struct bm_der *d, uint8_t tag, struct bm_bytes *body)
{
    if (d->p == d->end) {
        return bm_der_fail(d, BM_E_DER_TRUNCATED);
    }
    if (*d->p != tag) {
        return bm_der_fail(d, BM_E_DER_TAG);
    }
    return take_body(d, body);
}

bm_status bm_der_take_element(struct bm_der *d, uint8_t tag,
                              struct bm_bytes *element)
{
    const uint8_t *start = d->p;
    struct bm_bytes body;

    BM_TRY(bm_der_take(d, tag, &body));
    *element = (struct bm_bytes){ start, (size_t)(d->p - start) };
    return BM_OK;
}

bm_status bm_der_take_any(struct bm_der *d, uint8_t *tag, struct bm_bytes *body)
{
    uint8_t got;

    if (d->p == d->end) {
        return bm_der_fail(d, BM_E_DER_TRUNCATED);
    }
    got = *d->p;
    if ((got & HIGH_TAG) == HIGH_TAG || got == 0) {
        return bm_der_fail(d, BM_E_DER_TAG);
    }
    BM_TRY(take_body(d, body));
    *tag = got;
    return BM_OK;
}

bm_status bm_der_enter(struct bm_der *d, uint8_t tag, struct bm_der *inside)
{
    struct bm_bytes body;

    BM_TRY(bm_der_take(d, tag, &body));
    bm_der_init(inside, body, d->diag);
    return BM_OK;
}

bm_status bm_der_end(const struct bm_der *d)
{
    return d->p == d->end ? BM_OK : bm_der_fail(d, BM_E_DER_TRAILING);
}

bm_status bm_der_open_whole(struct bm_bytes in, uint8_t tag,
                            struct bm_diag *diag, struct bm_der *inside)
{
    struct bm_der d;

    bm_der_init(&d, in, diag);
    *inside = d;
    BM_TRY(bm_der_enter(&d, tag, inside));
    return bm_der_end(&d);
}

/*
 * Put the reader back where it was and blame that place: keeps the promise
 * that a failed take has not moved.
 */
static bm_status undo(struct bm_der *d, const uint8_t *start, bm_status why)
{
    d->p = start;
    return bm_der_fail(d, why);
}

/* X.690 8.3.2: the first nine bits are not all alike. */
static bool is_integer(struct bm_bytes v)
{
    if (v.n < 2) {
        return v.n == 1;
    }
    return v.p[0] == 0x00 ? v.p[1] >= 0x80 : v.p[0] != 0xff || v.p[1] < 0x80;
}

bool bm_der_is_oid(struct bm_bytes contents)
{
    uint8_t before = 0; /* below 0x80: the next octet begins an arc */

    for (size_t i = 0; i < contents.n; i++) {
        if (before < 0x80 && contents.p[i] == 0x80) {
            return false; /* X.690 8.19.2: padding */
        }
        before = contents.p[i];
    }
    return contents.n != 0 && before < 0x80;
}

/* X.690 8.6.2, 11.2.1: [unused count][octets], unused bits are zero. */
static bool is_bits(struct bm_bytes v)
{
    return v.n != 0 && v.p[0] <= 7 && (v.n != 1 || v.p[0] == 0) &&
           (v.p[v.n - 1] & ((1u << v.p[0]) - 1)) == 0;
}

/* What the contents of an element must be. */
enum form {
    FORM_OID,
    FORM_INTEGER,
    FORM_BITS,       /* any BIT STRING */
    FORM_OCTET_BITS, /* one of whole octets */
    FORM_BOOLEAN,
    FORM_NULL
};

static bm_status check_form(enum form form, struct bm_bytes v)
{
    switch (form) {
    case FORM_OID:
        return bm_der_is_oid(v) ? BM_OK : BM_E_DER_OID;
    case FORM_INTEGER:
        return is_integer(v) ? BM_OK : BM_E_DER_INTEGER;
    case FORM_BITS:
        return is_bits(v) ? BM_OK : BM_E_DER_BITS;
    case FORM_OCTET_BITS:
        return v.n != 0 && v.p[0] == 0 ? BM_OK : BM_E_DER_BITS;
    case FORM_BOOLEAN:
        return v.n == 1 && (v.p[0] == 0x00 || v.p[0] == 0xff)
                   ? BM_OK
                   : BM_E_DER_BOOLEAN;
    case FORM_NULL:
        return v.n == 0 ? BM_OK : BM_E_DER_NULL;
    default:
        return BM_E_INTERNAL;
    }
}

static bm_status take_form(struct bm_der *d, uint8_t tag, enum form form,
                           struct bm_bytes *body)
{
    const uint8_t *start = d->p;
    struct bm_bytes got;
    bm_status rc;

    BM_TRY(bm_der_take(d, tag, &got));
    rc = check_form(form, got);
    if (rc == BM_OK) {
        *body = got;
    } else {
        (void)undo(d, start, rc);
    }
    return rc;
}

bm_status bm_der_take_integer(struct bm_der *d, uint8_t tag,
                              struct bm_bytes *value)
{
    return take_form(d, tag, FORM_INTEGER, value);
}

bm_status bm_der_take_oid(struct bm_der *d, struct bm_bytes *oid)
{
    return take_form(d, BM_DER_OID, FORM_OID, oid);
}

bm_status bm_der_take_null(struct bm_der *d)
{
    struct bm_bytes body;

    return take_form(d, BM_DER_NULL, FORM_NULL, &body);
}

bm_status bm_der_take_bool(struct bm_der *d, uint8_t tag, bool *value)
{
    struct bm_bytes body;

    BM_TRY(take_form(d, tag, FORM_BOOLEAN, &body));
    *value = body.p[0] != 0;
    return BM_OK;
}

bm_status bm_der_take_bits(struct bm_der *d, uint8_t tag, struct bm_bytes *body)
{
    return take_form(d, tag, FORM_BITS, body);
}

bm_status bm_der_take_octet_bits(struct bm_der *d, struct bm_bytes *bits)
{
    struct bm_bytes body;

    BM_TRY(take_form(d, BM_DER_BIT_STRING, FORM_OCTET_BITS, &body));
    *bits = (struct bm_bytes){ body.p + 1, body.n - 1 };
    return BM_OK;
}

bm_status bm_der_take_u32(struct bm_der *d, uint32_t *value)
{
    const uint8_t *start = d->p;
    struct bm_bytes body;
    uint32_t v = 0;

    BM_TRY(bm_der_take_integer(d, BM_DER_INTEGER, &body));
    /* Not negative, and four octets, or five of which the first is zero */
    if (body.p[0] >= 0x80 || body.n > 5 || (body.n == 5 && body.p[0] != 0)) {
        return undo(d, start, BM_E_DER_INTEGER);
    }
    for (size_t i = 0; i < body.n; i++) {
        v = v << 8 | body.p[i];
    }
    *value = v;
    return BM_OK;
}

/*
 * At most two octets of bits, and the last used one is one (X.690 11.2.2).
 * Bit 0 of the list is the top bit of the first octet.
 */
bm_status bm_der_take_flags(struct bm_der *d, uint8_t tag, uint16_t *flags)
{
    const uint8_t *start = d->p;
    struct bm_bytes body;
    unsigned v = 0;

    BM_TRY(take_form(d, tag, FORM_BITS, &body));
    if (body.n > 3 ||
        (body.n != 1 && (body.p[body.n - 1] >> body.p[0] & 1) == 0)) {
        return undo(d, start, BM_E_DER_BITS);
    }
    for (unsigned bit = 0; bit < 8 * (body.n - 1); bit++) {
        unsigned set = body.p[1 + bit / 8] >> (7 - bit % 8) & 1u;

        v |= set << bit;
    }
    *flags = (uint16_t)v;
    return BM_OK;
}
