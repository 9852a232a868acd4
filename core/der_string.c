/* SPDX-License-Identifier: Apache-2.0 */
#include "core/der.h"

#include <string.h>

/* X.680 41.4 table 10, beside letters and digits. */
static bool is_printable(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') ||
           (c != 0 && strchr(" '()+,-./:=?", c) != NULL);
}

/* X.680 41: is this octet in the repertoire of a single-octet type? */
static bool octet_allowed(uint8_t tag, uint8_t c)
{
    switch (tag) {
    case BM_DER_PRINTABLE_STRING:
        return is_printable(c);
    case BM_DER_NUMERIC_STRING:
        return c == ' ' || (c >= '0' && c <= '9');
    case BM_DER_VISIBLE_STRING:
        return c >= 0x20 && c < 0x7f;
    case BM_DER_IA5_STRING:
        return c < 0x80;
    default: /* TeletexString */
        return true;
    }
}

/*
 * RFC 3629 4: length of the well-formed UTF-8 sequence at `p`, or 0. No
 * overlong forms, no surrogates, nothing above U+10FFFF.
 */
static size_t utf8_sequence(const uint8_t *p, size_t n)
{
    uint8_t lead = p[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t c;

    if (len == 1) {
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4 || n < len) {
        return 0;
    }
    c = lead & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        c = c << 6 | (p[i] & 0x3fu);
    }
    if ((len == 3 && c < 0x800) || (len == 4 && c < 0x10000) ||
        (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff) {
        return 0;
    }
    return len;
}

/* UCS-2 or UCS-4 in code units of `width` octets. */
static size_t ucs_unit(const uint8_t *p, size_t n, size_t width)
{
    uint32_t c = 0;

    if (n < width) {
        return 0;
    }
    for (size_t i = 0; i < width; i++) {
        c = c << 8 | p[i];
    }
    return (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff ? 0 : width;
}

/* Octets of the character at `p`, or 0 if it is not one of the type. */
static size_t character(uint8_t tag, const uint8_t *p, size_t n)
{
    switch (tag) {
    case BM_DER_UTF8_STRING:
        return utf8_sequence(p, n);
    case BM_DER_BMP_STRING:
        return ucs_unit(p, n, 2);
    case BM_DER_UNIVERSAL_STRING:
        return ucs_unit(p, n, 4);
    default:
        return octet_allowed(tag, *p) ? 1 : 0;
    }
}

static bool is_string_tag(uint8_t tag)
{
    return tag == BM_DER_UTF8_STRING || tag == BM_DER_NUMERIC_STRING ||
           tag == BM_DER_PRINTABLE_STRING || tag == BM_DER_TELETEX_STRING ||
           tag == BM_DER_IA5_STRING || tag == BM_DER_VISIBLE_STRING ||
           tag == BM_DER_UNIVERSAL_STRING || tag == BM_DER_BMP_STRING;
}

bm_status bm_der_check_string(const struct bm_der *d, uint8_t tag,
                              struct bm_bytes s)
{
    size_t step;

    if (!is_string_tag(tag)) {
        return bm_der_fail_at(d, s.p, BM_E_DER_STRING);
    }
    for (size_t i = 0; i < s.n; i += step) {
        step = character(tag, s.p + i, s.n - i);
        if (step == 0) {
            return bm_der_fail_at(d, s.p + i, BM_E_DER_STRING);
        }
    }
    return BM_OK;
}
