/* SPDX-License-Identifier: Apache-2.0 */
#include "core/der.h"

#include "tests/harness/bm_test.h"

/* Check `s`; on refusal the diag must point at octet `*at`. */
static bm_status check(uint8_t tag, struct bm_bytes s, size_t *at)
{
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_der d;
    bm_status rc;

    bm_der_init(&d, s, &diag);
    rc = bm_der_check_string(&d, tag, s);
    CHECK(diag.status == rc);
    *at = rc == BM_OK ? s.n : bm_diag_offset(&diag, s.p, s.n);
    return rc;
}

/* X.680 41, table 10 and its kin, as people write them. */
static const struct {
    uint8_t tag;
    const char *allowed; /* between these, everything in a..b pairs */
} repertoires[] = {
    { BM_DER_PRINTABLE_STRING, "AZaz09  ''()++,,--..//::==??" },
    { BM_DER_NUMERIC_STRING, "09  " },
    { BM_DER_VISIBLE_STRING, " ~" },
    { BM_DER_IA5_STRING, "\x01\x7f" }, /* and NUL */
};

static bool is_allowed(size_t row, unsigned c)
{
    const char *pair = repertoires[row].allowed;

    for (; *pair != '\0'; pair += 2) {
        if (c >= (unsigned char)pair[0] && c <= (unsigned char)pair[1]) {
            return true;
        }
    }
    return c == 0 && repertoires[row].tag == BM_DER_IA5_STRING;
}

static void each_octet_is_in_the_repertoire_or_not(void)
{
    for (size_t row = 0; row < 4; row++) {
        for (unsigned c = 0; c < 256; c++) {
            uint8_t s[3] = { '1', '2', (uint8_t)c };
            size_t at;

            CHECK_STATUS(check(repertoires[row].tag, BM_ARRAY(s), &at),
                         is_allowed(row, c) ? BM_OK : BM_E_DER_STRING);
            CHECK(at == (is_allowed(row, c) ? 3 : 2));
        }
    }
}

static void a_teletex_string_may_hold_anything(void)
{
    for (unsigned c = 0; c < 256; c++) {
        uint8_t s[1] = { (uint8_t)c };
        size_t at;

        CHECK_STATUS(check(BM_DER_TELETEX_STRING, BM_ARRAY(s), &at), BM_OK);
    }
}

/* RFC 3629 3, by the book; no surrogates, nothing above U+10FFFF. */
static size_t encode(uint32_t c, uint8_t *s)
{
    if (c < 0x80) {
        s[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        s[0] = (uint8_t)(0xc0 | c >> 6);
        s[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        s[0] = (uint8_t)(0xe0 | c >> 12);
        s[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        s[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    s[0] = (uint8_t)(0xf0 | c >> 18);
    s[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    s[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    s[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

static bool is_surrogate(uint32_t c)
{
    return c >= 0xd800 && c <= 0xdfff;
}

static void every_code_point_is_utf8_but_surrogates(void)
{
    bool good = true;
    uint32_t c = 0;

    for (; good && c < 0x110400; c++) {
        uint8_t s[4];
        struct bm_bytes in = { s, encode(c, s) };
        struct bm_der d;

        bm_der_init(&d, in, NULL);
        good = (bm_der_check_string(&d, BM_DER_UTF8_STRING, in) == BM_OK) ==
               (!is_surrogate(c) && c <= 0x10ffff);
        /* No part of it is a string. */
        if (in.n > 1) {
            in.n--;
            good = good &&
                   bm_der_check_string(&d, BM_DER_UTF8_STRING, in) != BM_OK;
            in.p++;
            good = good &&
                   bm_der_check_string(&d, BM_DER_UTF8_STRING, in) != BM_OK;
        }
    }
    CHECK(good);
    CHECK(c == 0x110400); /* else the one before it is judged wrong */
}

static const struct {
    uint8_t tag;
    uint8_t n;
    const char *s;
    size_t at; /* first octet that is wrong, or n */
} strings[] = {
    { BM_DER_UTF8_STRING, 0, "", 0 },
    { BM_DER_UTF8_STRING, 9, "abcdefgh\xff", 8 },
    { BM_DER_UTF8_STRING, 9,
      "abcdefg\xff"
      "h",
      7 },
    { BM_DER_UTF8_STRING, 5, "abc\xc3\xa4", 5 },
    { BM_DER_UTF8_STRING, 5,
      "\xc3\xa4\x80"
      "bc",
      2 },
    { BM_DER_UTF8_STRING, 2, "\xc0\x80", 0 },             /* overlong NUL */
    { BM_DER_UTF8_STRING, 2, "\xc1\xbf", 0 },             /* overlong */
    { BM_DER_UTF8_STRING, 3, "\xe0\x9f\xbf", 0 },         /* overlong */
    { BM_DER_UTF8_STRING, 4, "\xf0\x8f\xbf\xbf", 0 },     /* overlong */
    { BM_DER_UTF8_STRING, 4, "\xf4\x90\x80\x80", 0 },     /* U+110000 */
    { BM_DER_UTF8_STRING, 4, "\xf5\x80\x80\x80", 0 },     /* no such lead */
    { BM_DER_UTF8_STRING, 5, "\xf8\x88\x80\x80\x80", 0 }, /* five octets */
    { BM_DER_UTF8_STRING, 3,
      "\xe2\x82"
      "a",
      0 },
    { BM_DER_UTF8_STRING, 1, "\0", 1 },
    { BM_DER_BMP_STRING, 0, "", 0 },
    { BM_DER_BMP_STRING, 4, "\0a\x20\xac", 4 },
    { BM_DER_BMP_STRING, 3, "\0a\0", 2 },
    { BM_DER_BMP_STRING, 4, "\0a\xd8\0", 2 },
    { BM_DER_BMP_STRING, 2, "\xdf\xff", 0 },
    { BM_DER_BMP_STRING, 2, "\xe0\0", 2 },
    { BM_DER_BMP_STRING, 2, "\xff\xff", 2 },
    { BM_DER_UNIVERSAL_STRING, 4, "\0\1\xf5\x11", 4 },
    { BM_DER_UNIVERSAL_STRING, 4, "\0\x10\xff\xff", 4 },
    { BM_DER_UNIVERSAL_STRING, 4, "\0\x11\0\0", 0 },
    { BM_DER_UNIVERSAL_STRING, 4, "\0\0\xd8\0", 0 },
    { BM_DER_UNIVERSAL_STRING, 6, "\0\0\0a\0\0", 4 },
};

static void the_first_wrong_octet_is_blamed(void)
{
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        struct bm_bytes s = { (const uint8_t *)strings[i].s, strings[i].n };
        size_t at;
        bm_status rc = check(strings[i].tag, s, &at);

        CHECK_STATUS(rc, strings[i].at == s.n ? BM_OK : BM_E_DER_STRING);
        CHECK(at == strings[i].at);
    }
}

static void another_type_is_no_string(void)
{
    for (unsigned tag = 0; tag < 256; tag++) {
        bool is_string = tag == 0x0c || tag == 0x12 || tag == 0x13 ||
                         tag == 0x14 || tag == 0x16 || tag == 0x1a ||
                         tag == 0x1c || tag == 0x1e;
        size_t at;

        CHECK_STATUS(check((uint8_t)tag, BM_LIT(""), &at),
                     is_string ? BM_OK : BM_E_DER_STRING);
    }
}

int main(void)
{
    RUN(each_octet_is_in_the_repertoire_or_not);
    RUN(a_teletex_string_may_hold_anything);
    RUN(every_code_point_is_utf8_but_surrogates);
    RUN(the_first_wrong_octet_is_blamed);
    RUN(another_type_is_no_string);
    return bm_test_done();
}
