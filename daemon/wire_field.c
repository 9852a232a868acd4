/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire_field.h"

#include <string.h>

/* Octets of a number on the wire; WIRE_OCTETS: of its length. */
static size_t width(const struct wire_field *f)
{
    switch (f->type) {
    case WIRE_U8:
        return 1;
    case WIRE_U16:
        return 2;
    case WIRE_U32:
    case WIRE_OCTETS:
        return 4;
    default:
        return 8;
    }
}

static uint64_t number_of(const struct wire_field *f, const void *m)
{
    const uint8_t *p = (const uint8_t *)m + f->at;
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;

    switch (f->type) {
    case WIRE_U8:
        return *p;
    case WIRE_U16:
        memcpy(&v16, p, sizeof v16);
        return v16;
    case WIRE_U32:
        memcpy(&v32, p, sizeof v32);
        return v32;
    default: /* an int64_t has the same octets */
        memcpy(&v64, p, sizeof v64);
        return v64;
    }
}

static void set_number(const struct wire_field *f, void *m, uint64_t v)
{
    uint8_t *p = (uint8_t *)m + f->at;
    uint16_t v16 = (uint16_t)v;
    uint32_t v32 = (uint32_t)v;

    switch (f->type) {
    case WIRE_U8:
        *p = (uint8_t)v;
        break;
    case WIRE_U16:
        memcpy(p, &v16, sizeof v16);
        break;
    case WIRE_U32:
        memcpy(p, &v32, sizeof v32);
        break;
    default:
        memcpy(p, &v, sizeof v);
        break;
    }
}

static void put_number(struct bm_wr *w, uint64_t v, size_t n)
{
    uint8_t octets[8];

    for (size_t i = 0; i < n; i++) {
        octets[n - 1 - i] = (uint8_t)v;
        v >>= 8;
    }
    bm_wr_put(w, (struct bm_bytes){ octets, n });
}

void wire_fields_put(struct bm_wr *w, const struct wire_field *fields,
                     const void *m)
{
    for (const struct wire_field *f = fields; f->type != WIRE_END; f++) {
        struct bm_bytes octets;

        if (f->type != WIRE_OCTETS) {
            put_number(w, number_of(f, m), width(f));
            continue;
        }
        memcpy(&octets, (const uint8_t *)m + f->at, sizeof octets);
        put_number(w, octets.n, width(f));
        bm_wr_put(w, octets);
    }
}

static bm_status take_number(struct bm_bytes *in, const struct wire_field *f,
                             uint64_t *v)
{
    size_t n = width(f);

    if (in->n < n) {
        return BM_E_DER_TRUNCATED;
    }
    *v = 0;
    for (size_t i = 0; i < n; i++) {
        *v = *v << 8 | in->p[i];
    }
    in->p += n;
    in->n -= n;
    return *v >= f->min && *v <= f->max ? BM_OK : BM_E_LIMIT;
}

static bm_status take_field(struct bm_bytes *in, const struct wire_field *f,
                            void *m)
{
    struct bm_bytes octets;
    uint64_t v;

    BM_TRY(take_number(in, f, &v));
    if (f->type != WIRE_OCTETS) {
        set_number(f, m, v);
        return BM_OK;
    }
    if (v > in->n) {
        return BM_E_DER_TRUNCATED;
    }
    octets = (struct bm_bytes){ v == 0 ? NULL : in->p, (size_t)v };
    memcpy((uint8_t *)m + f->at, &octets, sizeof octets);
    in->p += v;
    in->n -= (size_t)v;
    return BM_OK;
}

/* Read the members from the front of `in`, which stays where it is, and the
 * struct is all zero, when that fails. */
static bm_status take(struct bm_bytes *in, const struct wire_field *fields,
                      void *m, size_t size)
{
    struct bm_bytes rest = *in;
    bm_status rc = BM_OK;

    memset(m, 0, size);
    for (const struct wire_field *f = fields;
         rc == BM_OK && f->type != WIRE_END; f++) {
        rc = take_field(&rest, f, m);
    }
    if (rc != BM_OK) {
        memset(m, 0, size);
        return rc;
    }
    *in = rest;
    return BM_OK;
}

bm_status wire_fields_next(struct bm_bytes *in, const struct wire_field *fields,
                           void *m, size_t size)
{
    if (in->n == 0) {
        memset(m, 0, size);
        return BM_E_END;
    }
    return take(in, fields, m, size);
}

bm_status wire_fields_get(struct bm_bytes in, const struct wire_field *fields,
                          void *m, size_t size)
{
    BM_TRY(take(&in, fields, m, size));
    if (in.n != 0) {
        memset(m, 0, size);
        return BM_E_DER_TRAILING;
    }
    return BM_OK;
}
