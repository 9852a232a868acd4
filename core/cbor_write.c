/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cbor.h"

/* RFC 8949 4.2.1: a head with its argument in the shortest form. */
static void put_head(struct bm_wr *w, enum bm_cbor_type type, uint64_t arg)
{
    unsigned major = (unsigned)type << 5;
    unsigned octets = arg > UINT32_MAX   ? 8
                      : arg > UINT16_MAX ? 4
                      : arg > UINT8_MAX  ? 2
                                         : 1;
    unsigned info = 24;

    if (arg < 24) {
        bm_wr_u8(w, (uint8_t)(major | (unsigned)arg));
        return;
    }
    for (unsigned n = octets; n > 1; n /= 2) {
        info++;
    }
    bm_wr_u8(w, (uint8_t)(major | info));
    while (octets-- > 0) {
        bm_wr_u8(w, (uint8_t)(arg >> (8 * octets)));
    }
}

void bm_cbor_put_uint(struct bm_wr *w, uint64_t value)
{
    put_head(w, BM_CBOR_UINT, value);
}

void bm_cbor_put_int(struct bm_wr *w, int64_t value)
{
    if (value < 0) {
        put_head(w, BM_CBOR_NEGATIVE, (uint64_t)(-1 - value));
    } else {
        put_head(w, BM_CBOR_UINT, (uint64_t)value);
    }
}

void bm_cbor_put_bytes(struct bm_wr *w, struct bm_bytes value)
{
    put_head(w, BM_CBOR_BYTES, value.n);
    bm_wr_put(w, value);
}

void bm_cbor_put_text(struct bm_wr *w, struct bm_bytes value)
{
    put_head(w, BM_CBOR_TEXT, value.n);
    bm_wr_put(w, value);
}

void bm_cbor_put_array(struct bm_wr *w, size_t n)
{
    put_head(w, BM_CBOR_ARRAY, n);
}

void bm_cbor_put_map(struct bm_wr *w, size_t n)
{
    put_head(w, BM_CBOR_MAP, n);
}

void bm_cbor_put_tag(struct bm_wr *w, uint64_t tag)
{
    put_head(w, BM_CBOR_TAG, tag);
}

void bm_cbor_put_bool(struct bm_wr *w, bool value)
{
    put_head(w, BM_CBOR_SIMPLE, value ? 21 : 20);
}

void bm_cbor_put_null(struct bm_wr *w)
{
    put_head(w, BM_CBOR_SIMPLE, 22);
}
