/* SPDX-License-Identifier: Apache-2.0 */
#include "core/der.h"

#include <string.h>

/*
 * The repertoires of the string types with one octet per character (X.680
 * 41), a bit per character of ASCII. TeletexString may hold anything.
 */
static const struct repertoire {
    uint32_t set[4];
    uint8_t tag;
} repertoires[] = {
    /* letters, digits and  ' ( ) + , - . / : = ?  and space */
    { { 0, 0xa7fffb81, 0x07fffffe, 0x07fffffe }, BM_DER_PRINTABLE_STRING },
    { { 0, 0x03ff0001, 0, 0 }, BM_DER_NUMERIC_STRING },
    { { ~0u, ~0u, ~0u, ~0u }, BM_DER_IA5_STRING },
    { { 0, ~0u, ~0u, 0x7fffffff }, BM_DER_VISIBLE_STRING },
};

/*
 * Each of these functions returns how many octets from the start of `s` are
 * good: all of them, or those before the first character that is not.
 */
static size_t octets_good(const uint32_t set[4], struct bm_bytes s)
{
    size_t i = 0;

    while (i < s.n && s.p[i] < 0x80 &&
           (set[s.p[i] >> 5] >> (s.p[i] & 31) & 1) != 0) {
        i++;
    }
    return i;
}

/*
 * RFC 3629 4: length of the well-formed sequence of several octets, or 0. No
 * overlong forms, no surrogates, nothing above U+10FFFF.
 */
static size_t utf8_sequence(const uint8_t *p, size_t n)
{
    uint8_t lead = p[0];
    size_t len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t c;

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

/* Four ASCII characters at once, or 0: names are mostly made of these. */
static size_t ascii_word(const uint8_t *p, size_t n)
{
    uint32_t word;

    if (n < sizeof word) {
        return 0;
    }
    memcpy(&word, p, sizeof word);
    return (word & 0x80808080) == 0 ? sizeof word : 0;
}

static size_t utf8_good(struct bm_bytes s)
{
    size_t i = 0;

    while (i < s.n) {
        size_t step = ascii_word(s.p + i, s.n - i);

        if (step == 0) {
            step = s.p[i] < 0x80 ? 1 : utf8_sequence(s.p + i, s.n - i);
        }
        if (step == 0) {
            break;
        }
        i += step;
    }
    return i;
}

/* UCS-2 or UCS-4 in code units of `width` octets, no surrogates. */
static size_t ucs_good(struct bm_bytes s, size_t width)
{
    size_t i = 0;

    while (s.n - i >= width) {
        uint32_t c = 0;

        for (size_t k = 0; k < width; k++) {
            c = c << 8 | s.p[i + k];
        }
        if ((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff) {
            break;
        }
        i += width;
    }
    return i;
}

static size_t good(uint8_t tag, struct bm_bytes s)
{
    switch (tag) {
    case BM_DER_UTF8_STRING:
        return utf8_good(s);
    case BM_DER_BMP_STRING:
        return ucs_good(s, 2);
    case BM_DER_UNIVERSAL_STRING:
        return ucs_good(s, 4);
    case BM_DER_TELETEX_STRING:
        return s.n;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof repertoires / sizeof repertoires[0]; i++) {
        if (repertoires[i].tag == tag) {
            return octets_good(repertoires[i].set, s);
        }
    }
    return SIZE_MAX; /* not a string type */
}

bm_status bm_der_check_string(const struct bm_der *d, uint8_t tag,
                              struct bm_bytes s)
{
    size_t n = good(tag, s);

    if (n == s.n) {
        return BM_OK;
    }
    return bm_der_fail_at(d, n == SIZE_MAX ? s.p : s.p + n, BM_E_DER_STRING);
}
