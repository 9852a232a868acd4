/* SPDX-License-Identifier: Apache-2.0 */
#include "core/der.h"

#include "tests/harness/bm_test.h"

#define BODY_MAX 65600

static uint8_t body[BODY_MAX];
static uint8_t out[BODY_MAX + 8];

/* Both sides of each boundary of X.690 10.1. */
static const struct {
    size_t body;
    size_t header;
    const char *want; /* length octets */
} lengths[] = {
    { 0, 2, "\x00" },
    { 1, 2, "\x01" },
    { 127, 2, "\x7f" },
    { 128, 3, "\x81\x80" },
    { 255, 3, "\x81\xff" },
    { 256, 4, "\x82\x01\x00" },
    { 65535, 4, "\x82\xff\xff" },
    { 65536, 5, "\x83\x01\x00\x00" },
};

static void lengths_take_the_shortest_form(void)
{
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct bm_wr w;

        bm_wr_init(&w, out, sizeof out);
        bm_der_put_header(&w, BM_DER_OCTET_STRING, lengths[i].body);
        CHECK(w.len == lengths[i].header);
        CHECK(w.len == bm_der_header_len(lengths[i].body));
        CHECK(out[0] == BM_DER_OCTET_STRING);
        CHECK_BYTES(out + 1, w.len - 1, lengths[i].want, w.len - 1);
    }
}

/* Opened and closed, it is what header and body make, in any buffer. */
static void closing_fills_in_the_length(void)
{
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = (uint8_t)(i * 7 + i / 256);
    }
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct bm_bytes in = { body, lengths[i].body };
        size_t n = lengths[i].header + in.n;
        struct bm_bytes back = { NULL, 0 };
        struct bm_der d;
        struct bm_wr w;
        size_t mark;

        bm_wr_init(&w, out, n); /* no octet to spare */
        mark = bm_der_open(&w, BM_DER_OCTET_STRING);
        bm_wr_put(&w, in);
        bm_der_close(&w, mark);
        CHECK(w.len == n);
        bm_der_init(&d, bm_wr_bytes(&w), NULL);
        CHECK_STATUS(bm_der_take(&d, BM_DER_OCTET_STRING, &back), BM_OK);
        CHECK_BYTES(back.p, back.n, in.p, in.n);

        out[n - 1] = 0x55;
        bm_wr_init(&w, out, n - 1); /* one too few */
        mark = bm_der_open(&w, BM_DER_OCTET_STRING);
        bm_wr_put(&w, in);
        bm_der_close(&w, mark);
        CHECK(w.len == n && out[n - 1] == 0x55);

        bm_wr_init(&w, NULL, 0); /* measured */
        mark = bm_der_open(&w, BM_DER_OCTET_STRING);
        bm_wr_put(&w, in);
        bm_der_close(&w, mark);
        CHECK(w.len == n);
    }
}

static void elements_nest(void)
{
    static const char want[] = "\x30\x09\x31\x02\x05\x00\xa0\x03\x01\x01\xff";
    struct bm_wr w;
    size_t outer;
    size_t inner;

    bm_wr_init(&w, out, sizeof out);
    outer = bm_der_open(&w, BM_DER_SEQUENCE);
    inner = bm_der_open(&w, BM_DER_SET);
    bm_der_put_null(&w);
    bm_der_close(&w, inner);
    inner = bm_der_open(&w, BM_DER_CONSTRUCTED(0));
    bm_der_put_bool(&w, true);
    bm_der_close(&w, inner);
    bm_der_close(&w, outer);
    CHECK_BYTES(out, w.len, want, sizeof want - 1);
}

static void numbers_are_written_as_they_are_read(void)
{
    static const struct {
        uint32_t value;
        const char *want;
        size_t n;
    } rows[] = {
        { 0, "\x02\x01\x00", 3 },
        { 127, "\x02\x01\x7f", 3 },
        { 128, "\x02\x02\x00\x80", 4 },
        { 256, "\x02\x02\x01\x00", 4 },
        { 0x7fffffff, "\x02\x04\x7f\xff\xff\xff", 6 },
        { 0xffffffff, "\x02\x05\x00\xff\xff\xff\xff", 7 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_der d;
        struct bm_wr w;
        uint32_t value = 0;

        bm_wr_init(&w, out, sizeof out);
        bm_der_put_u32(&w, rows[i].value);
        CHECK_BYTES(out, w.len, rows[i].want, rows[i].n);
        bm_der_init(&d, bm_wr_bytes(&w), NULL);
        CHECK_STATUS(bm_der_take_u32(&d, &value), BM_OK);
        CHECK(value == rows[i].value);
    }
}

static void a_magnitude_becomes_a_positive_integer(void)
{
    static const struct {
        struct bm_bytes in;
        struct bm_bytes want;
    } rows[] = {
        { BM_LIT_INIT(""), BM_LIT_INIT("\x02\x01\x00") },
        { BM_LIT_INIT("\0"), BM_LIT_INIT("\x02\x01\x00") },
        { BM_LIT_INIT("\0\0\0"), BM_LIT_INIT("\x02\x01\x00") },
        { BM_LIT_INIT("\x7f"), BM_LIT_INIT("\x02\x01\x7f") },
        { BM_LIT_INIT("\x80"), BM_LIT_INIT("\x02\x02\x00\x80") },
        { BM_LIT_INIT("\0\0\x80\0"), BM_LIT_INIT("\x02\x03\x00\x80\x00") },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bm_wr w;

        bm_wr_init(&w, out, sizeof out);
        bm_der_put_unsigned(&w, rows[i].in);
        CHECK_BYTES(out, w.len, rows[i].want.p, rows[i].want.n);
    }
}

static void every_set_of_flags_comes_back(void)
{
    bool same = true;

    for (uint32_t flags = 0; same && flags <= UINT16_MAX; flags++) {
        uint16_t back = 0;
        struct bm_der d;
        struct bm_wr w;

        bm_wr_init(&w, out, sizeof out);
        bm_der_put_flags(&w, BM_DER_BIT_STRING, (uint16_t)flags);
        bm_der_init(&d, bm_wr_bytes(&w), NULL);
        same = bm_der_take_flags(&d, BM_DER_BIT_STRING, &back) == BM_OK &&
               back == flags && bm_der_left(&d) == 0;
        if (!same) {
            printf("# flags %04lx\n", (unsigned long)flags);
        }
    }
    CHECK(same);
}

static void small_elements_have_their_known_octets(void)
{
    static const char want[] = "\x01\x01\x00"
                               "\x05\x00"
                               "\x06\x03\x55\x04\x03"
                               "\x03\x03\x00\xaa\xbb"
                               "\x03\x01\x00"
                               "\x13\x02OK"
                               "\x87\x02\x01\x06";
    struct bm_wr w;

    bm_wr_init(&w, out, sizeof out);
    bm_der_put_bool(&w, false);
    bm_der_put_null(&w);
    bm_der_put_oid(&w, BM_LIT("\x55\x04\x03"));
    bm_der_put_octet_bits(&w, BM_LIT("\xaa\xbb"));
    bm_der_put_flags(&w, BM_DER_BIT_STRING, 0);
    bm_der_put(&w, BM_DER_PRINTABLE_STRING, BM_LIT("OK"));
    bm_der_put_flags(&w, BM_DER_CONTEXT(7), 0x60);
    CHECK_BYTES(out, w.len, want, sizeof want - 1);
}

int main(void)
{
    RUN(lengths_take_the_shortest_form);
    RUN(closing_fills_in_the_length);
    RUN(elements_nest);
    RUN(numbers_are_written_as_they_are_read);
    RUN(a_magnitude_becomes_a_positive_integer);
    RUN(every_set_of_flags_comes_back);
    RUN(small_elements_have_their_known_octets);
    return bm_test_done();
}
