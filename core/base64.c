/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base64.h"

#define DIGITS                   \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
    "abcdefghijklmnopqrstuvwxyz" \
    "0123456789"
#define GROUP       4 /* characters that carry three octets */
#define NOT_A_DIGIT 0xff

static const char standard[] = DIGITS "+/";
static const char url[] = DIGITS "-_";

static bool in_range(uint8_t c, uint8_t first, uint8_t last)
{
    return c >= first && c <= last;
}

/*
 * What a character stands for, and in which forms it does not: a table, as the
 * digits of random octets are random, and a processor would guess every other
 * branch wrong.
 */
#define NOT_STANDARD 0x80
#define NOT_URL      0x40

#define FIRST_DIGIT '+'

static const uint8_t digit_values['z' - FIRST_DIGIT + 1] = {
    0x7e, 0xff, 0xbe, 0xff, 0x7f, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a,
    0x3b, 0x3c, 0x3d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x01,
    0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d,
    0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19,
    0xff, 0xff, 0xff, 0xff, 0xbf, 0xff, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
    0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b,
    0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x31, 0x32, 0x33
};

static bool is_digit(uint32_t value, unsigned form)
{
    return (value & ((form & BM_BASE64_URL) != 0 ? NOT_URL : NOT_STANDARD)) ==
           0;
}

static uint32_t digit_value(uint8_t c)
{
    size_t i = (size_t)c - FIRST_DIGIT; /* of those before: past the end */

    return i < sizeof digit_values ? digit_values[i] : NOT_A_DIGIT;
}

/*
 * Write the group of the first `n` (1..3) octets of `p`: n + 1 characters,
 * and padding up to four if `pad`.
 */
static void put_group(struct bm_wr *w, const uint8_t *p, size_t n,
                      const char *alphabet, bool pad)
{
    uint32_t bits = (uint32_t)p[0] << 16;

    bits |= n > 1 ? (uint32_t)p[1] << 8 : 0;
    bits |= n > 2 ? p[2] : 0;
    for (size_t i = 0; i < GROUP; i++) {
        if (i <= n) {
            bm_wr_u8(w, (uint8_t)alphabet[bits >> (18 - 6 * i) & 63]);
        } else if (pad) {
            bm_wr_u8(w, '=');
        }
    }
}

void bm_base64_put(struct bm_wr *w, struct bm_bytes in, size_t line)
{
    size_t column = 0;

    for (size_t i = 0; i < in.n; i += 3) {
        put_group(w, in.p + i, in.n - i < 3 ? in.n - i : 3, standard, true);
        column += GROUP;
        if (line != 0 && (column >= line || in.n - i <= 3)) {
            bm_wr_u8(w, '\n');
            column = 0;
        }
    }
}

void bm_base64url_put(struct bm_wr *w, struct bm_bytes in)
{
    for (size_t i = 0; i < in.n; i += 3) {
        put_group(w, in.p + i, in.n - i < 3 ? in.n - i : 3, url, false);
    }
}

void bm_base64_init(struct bm_base64 *d, unsigned form)
{
    *d = (struct bm_base64){ .form = (uint8_t)form };
}

static bool is_space(uint8_t c)
{
    return c == ' ' || in_range(c, '\t', '\r'); /* HT, LF, VT, FF, CR */
}

/*
 * Write the octets of the group, of which `digits` are real. RFC 4648 3.5:
 * the bits that make no octet are zero.
 */
static bm_status end_group(struct bm_base64 *d, struct bm_wr *w)
{
    unsigned digits = d->digits;
    uint32_t bits = d->bits << (6 * (GROUP - digits));

    if (digits == 0) {
        return BM_OK;
    }
    if (digits == 1 || (bits << (8 * (digits - 1)) & 0xffffff) != 0) {
        return BM_E_BASE64;
    }
    for (unsigned i = 0; i + 1 < digits; i++) {
        bm_wr_u8(w, (uint8_t)(bits >> (16 - 8 * i)));
    }
    d->digits = 0;
    d->bits = 0;
    return BM_OK;
}

static bm_status take_pad(struct bm_base64 *d, struct bm_wr *w)
{
    if ((d->form & BM_BASE64_URL) != 0 || d->digits < 2) {
        return BM_E_BASE64;
    }
    d->pads++;
    return d->digits + d->pads < GROUP ? BM_OK : end_group(d, w);
}

static bm_status take_char(struct bm_base64 *d, uint8_t c, struct bm_wr *w)
{
    uint32_t value;

    if ((d->form & BM_BASE64_SPACES) != 0 && is_space(c)) {
        return BM_OK;
    }
    if (c == '=') {
        return take_pad(d, w);
    }
    value = digit_value(c);
    if (!is_digit(value, d->form) || d->pads != 0) {
        return BM_E_BASE64;
    }
    d->bits = d->bits << 6 | (value & 63);
    d->digits++;
    return d->digits < GROUP ? BM_OK : end_group(d, w);
}

static bm_status fail(struct bm_diag *diag, const uint8_t *at)
{
    if (diag != NULL) {
        *diag = (struct bm_diag){ BM_E_BASE64, BM_OK, at };
    }
    return BM_E_BASE64;
}

/* Four digits that stand together, as nearly all do. */
static bool take_group(unsigned form, const uint8_t *p, struct bm_wr *w)
{
    uint32_t bits = 0;
    uint32_t seen = 0;

    for (size_t i = 0; i < GROUP; i++) {
        uint32_t value = digit_value(p[i]);

        bits = bits << 6 | (value & 63);
        seen |= value;
    }
    if (!is_digit(seen, form)) {
        return false;
    }
    bm_wr_put(w, (struct bm_bytes){ (const uint8_t[]){ (uint8_t)(bits >> 16),
                                                       (uint8_t)(bits >> 8),
                                                       (uint8_t)bits },
                                    3 });
    return true;
}

bm_status bm_base64_update(struct bm_base64 *d, struct bm_bytes text,
                           struct bm_diag *diag, struct bm_wr *w)
{
    size_t i = 0;

    while (i < text.n) {
        if (d->digits == 0 && d->pads == 0 && text.n - i >= GROUP &&
            take_group(d->form, text.p + i, w)) {
            i += GROUP;
        } else if (take_char(d, text.p[i], w) == BM_OK) {
            i++;
        } else {
            return fail(diag, text.p + i);
        }
    }
    return BM_OK;
}

bm_status bm_base64_finish(struct bm_base64 *d, struct bm_wr *w)
{
    if ((d->form & BM_BASE64_URL) == 0 && d->digits != 0) {
        return BM_E_BASE64;
    }
    return end_group(d, w);
}

bm_status bm_base64_decode(struct bm_bytes text, unsigned form,
                           struct bm_diag *diag, struct bm_wr *w)
{
    size_t start = w->len;
    struct bm_base64 d;
    bm_status rc;

    bm_base64_init(&d, form);
    rc = bm_base64_update(&d, text, diag, w);
    if (rc == BM_OK && bm_base64_finish(&d, w) != BM_OK) {
        rc = fail(diag, text.n == 0 ? text.p : text.p + text.n);
    }
    if (rc != BM_OK) {
        w->len = start;
    }
    return rc;
}
