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

bm_status bm_der_take_integer(struct bm_der *d, uint8_t tag,
                              struct bm_bytes *value)
{
    const uint8_t *start = d->p;
    struct bm_bytes body;

    BM_TRY(bm_der_take(d, tag, &body));
    /* X.690 8.3.2: the first nine bits are not all alike */
    if (body.n == 0 ||
        (body.n > 1 && ((body.p[0] == 0x00 && body.p[1] < 0x80) ||
                        (body.p[0] == 0xff && body.p[1] >= 0x80)))) {
        return undo(d, start, BM_E_DER_INTEGER);
    }
    *value = body;
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

bm_status bm_der_take_bool(struct bm_der *d, uint8_t tag, bool *value)
{
    const uint8_t *start = d->p;
    struct bm_bytes body;

    BM_TRY(bm_der_take(d, tag, &body));
    if (body.n != 1 || (body.p[0] != 0x00 && body.p[0] != 0xff)) {
        return undo(d, start, BM_E_DER_BOOLEAN);
    }
    *value = body.p[0] != 0;
    return BM_OK;
}

bool bm_der_is_oid(struct bm_bytes contents)
{
    bool first = true; /* the next octet begins an arc */

    for (size_t i = 0; i < contents.n; i++) {
        if (first && contents.p[i] == 0x80) {
            return false; /* X.690 8.19.2: padding */
        }
        first = contents.p[i] < 0x80;
    }
    return contents.n != 0 && first;
}

bm_status bm_der_take_oid(struct bm_der *d, struct bm_bytes *oid)
{
    const uint8_t *start = d->p;
    struct bm_bytes body;

    BM_TRY(bm_der_take(d, BM_DER_OID, &body));
    if (!bm_der_is_oid(body)) {
        return undo(d, start, BM_E_DER_OID);
    }
    *oid = body;
    return BM_OK;
}

/*
 * X.690 8.6.2, 11.2.1: [unused count][octets], bit 0 of the list is the top
 * bit of the first octet, unused bits are zero.
 */
bm_status bm_der_take_bits(struct bm_der *d, uint8_t tag, struct bm_bytes *body)
{
    const uint8_t *start = d->p;
    struct bm_bytes got;

    BM_TRY(bm_der_take(d, tag, &got));
    if (got.n == 0 || got.p[0] > 7 || (got.n == 1 && got.p[0] != 0) ||
        (got.p[got.n - 1] & ((1u << got.p[0]) - 1)) != 0) {
        return undo(d, start, BM_E_DER_BITS);
    }
    *body = got;
    return BM_OK;
}

bm_status bm_der_take_octet_bits(struct bm_der *d, struct bm_bytes *bits)
{
    const uint8_t *start = d->p;
    struct bm_bytes body;

    BM_TRY(bm_der_take_bits(d, BM_DER_BIT_STRING, &body));
    if (body.p[0] != 0) {
        return undo(d, start, BM_E_DER_BITS);
    }
    *bits = (struct bm_bytes){ body.p + 1, body.n - 1 };
    return BM_OK;
}

/* Two octets of them, and the last used bit is one (X.690 11.2.2). */
bm_status bm_der_take_flags(struct bm_der *d, uint8_t tag, uint16_t *flags)
{
    const uint8_t *start = d->p;
    struct bm_bytes body;
    unsigned v = 0;

    BM_TRY(bm_der_take_bits(d, tag, &body));
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

bm_status bm_der_take_null(struct bm_der *d)
{
    const uint8_t *start = d->p;
    struct bm_bytes body;

    BM_TRY(bm_der_take(d, BM_DER_NULL, &body));
    return body.n == 0 ? BM_OK : undo(d, start, BM_E_DER_NULL);
}
