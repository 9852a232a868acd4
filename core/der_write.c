/* SPDX-License-Identifier: Apache-2.0 */
#include "core/der.h"

#include <string.h>

/* Length octets (X.690 10.1) of `len` into `out`; returns how many. */
static size_t length_octets(size_t len, uint8_t out[1 + sizeof(size_t)])
{
    size_t n = 0;

    if (len < 0x80) {
        out[0] = (uint8_t)len;
        return 1;
    }
    for (size_t v = len; v != 0; v >>= 8) {
        n++;
    }
    out[0] = (uint8_t)(0x80 | n);
    for (size_t i = 0; i < n; i++) {
        out[1 + i] = (uint8_t)(len >> (8 * (n - 1 - i)));
    }
    return 1 + n;
}

size_t bm_der_open(struct bm_wr *w, uint8_t tag)
{
    bm_wr_u8(w, tag);
    bm_wr_u8(w, 0); /* the short form; bm_der_close() widens it if needed */
    return w->len;
}

void bm_der_close(struct bm_wr *w, size_t mark)
{
    uint8_t octets[1 + sizeof(size_t)];
    size_t body = w->len - mark;
    size_t extra = length_octets(body, octets) - 1;

    if (w->len <= w->cap && extra <= w->cap - w->len) {
        memmove(w->buf + mark + extra, w->buf + mark, body);
        memcpy(w->buf + mark - 1, octets, 1 + extra);
    }
    w->len = extra > SIZE_MAX - w->len ? SIZE_MAX : w->len + extra;
}

void bm_der_put_header(struct bm_wr *w, uint8_t tag, size_t len)
{
    uint8_t octets[2 + sizeof(size_t)] = { tag };
    size_t n = 1 + length_octets(len, octets + 1);

    for (size_t i = 0; i < n; i++) {
        bm_wr_u8(w, octets[i]);
    }
}

size_t bm_der_header_len(size_t len)
{
    uint8_t octets[1 + sizeof(size_t)];

    return 1 + length_octets(len, octets);
}

void bm_der_put(struct bm_wr *w, uint8_t tag, struct bm_bytes body)
{
    bm_der_put_header(w, tag, body.n);
    bm_wr_put(w, body);
}

void bm_der_put_u32(struct bm_wr *w, uint32_t value)
{
    uint8_t octets[4];

    for (unsigned i = 0; i < 4; i++) {
        octets[i] = (uint8_t)(value >> (24 - 8 * i));
    }
    bm_der_put_unsigned(w, BM_ARRAY(octets));
}

void bm_der_put_bool(struct bm_wr *w, bool value)
{
    uint8_t octet = value ? 0xff : 0x00;

    bm_der_put(w, BM_DER_BOOLEAN, (struct bm_bytes){ &octet, 1 });
}

void bm_der_put_null(struct bm_wr *w)
{
    bm_der_put_header(w, BM_DER_NULL, 0);
}

void bm_der_put_oid(struct bm_wr *w, struct bm_bytes oid)
{
    bm_der_put(w, BM_DER_OID, oid);
}

void bm_der_put_unsigned(struct bm_wr *w, struct bm_bytes magnitude)
{
    bool pad;

    while (magnitude.n != 0 && magnitude.p[0] == 0) {
        magnitude.p++;
        magnitude.n--;
    }
    pad = magnitude.n == 0 || magnitude.p[0] >= 0x80;
    bm_der_put_header(w, BM_DER_INTEGER, magnitude.n + pad);
    if (pad) {
        bm_wr_u8(w, 0);
    }
    bm_wr_put(w, magnitude);
}

void bm_der_put_octet_bits(struct bm_wr *w, struct bm_bytes bits)
{
    bm_der_put_header(w, BM_DER_BIT_STRING, bits.n + 1);
    bm_wr_u8(w, 0);
    bm_wr_put(w, bits);
}

void bm_der_put_flags(struct bm_wr *w, uint8_t tag, uint16_t flags)
{
    uint8_t body[3] = { 0 }; /* unused count, two octets */
    unsigned used = 0;

    for (unsigned bit = 0; bit < 16; bit++) {
        if ((flags >> bit & 1) != 0) {
            body[1 + bit / 8] |= (uint8_t)(0x80 >> bit % 8);
            used = bit + 1;
        }
    }
    body[0] = (uint8_t)((8 - used % 8) % 8);
    bm_der_put(w, tag, (struct bm_bytes){ body, 1 + (used + 7) / 8 });
}
