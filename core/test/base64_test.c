/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base64.h"

#include "tests/harness/bm_test.h"

static struct bm_bytes str(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* RFC 4648 10, and the ends of the alphabets. */
static const struct {
    const char *plain;
    const char *base64;
    const char *url;
} vectors[] = {
    { "", "", "" },
    { "f", "Zg==", "Zg" },
    { "fo", "Zm8=", "Zm8" },
    { "foo", "Zm9v", "Zm9v" },
    { "foob", "Zm9vYg==", "Zm9vYg" },
    { "fooba", "Zm9vYmE=", "Zm9vYmE" },
    { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
    { "\xff\xef\xbe", "/+++", "_---" },
    { "\xfb\xff", "+/8=", "-_8" },
};

static void check_decodes(const char *text, unsigned form, const char *want)
{
    uint8_t buf[32];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_base64_decode(str(text), form, NULL, &w), BM_OK);
    CHECK_BYTES(buf, w.len, want, strlen(want));
}

static void the_vectors_of_rfc_4648_hold_both_ways(void)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t buf[32];
        struct bm_wr w;

        bm_wr_init(&w, buf, sizeof buf);
        bm_base64_put(&w, str(vectors[i].plain), 0);
        CHECK_BYTES(buf, w.len, vectors[i].base64, strlen(vectors[i].base64));
        bm_wr_init(&w, buf, sizeof buf);
        bm_base64url_put(&w, str(vectors[i].plain));
        CHECK_BYTES(buf, w.len, vectors[i].url, strlen(vectors[i].url));

        check_decodes(vectors[i].base64, BM_BASE64_STRICT, vectors[i].plain);
        check_decodes(vectors[i].base64, BM_BASE64_SPACES, vectors[i].plain);
        check_decodes(vectors[i].url, BM_BASE64_URL, vectors[i].plain);
    }
}

static void lines_have_the_width_asked_for(void)
{
    static const struct {
        size_t n, line;
        const char *want;
    } rows[] = {
        { 0, 8, "" },
        { 1, 8, "YQ==\n" },
        { 6, 8, "YWFhYWFh\n" },
        { 7, 8, "YWFhYWFh\nYQ==\n" },
        { 12, 8, "YWFhYWFh\nYWFhYWFh\n" },
        { 12, 4, "YWFh\nYWFh\nYWFh\nYWFh\n" },
        { 12, 64, "YWFhYWFhYWFhYWFh\n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t buf[64];
        struct bm_wr w;
        struct bm_bytes in = { (const uint8_t *)"aaaaaaaaaaaa", rows[i].n };

        bm_wr_init(&w, buf, sizeof buf);
        bm_base64_put(&w, in, rows[i].line);
        CHECK_BYTES(buf, w.len, rows[i].want, strlen(rows[i].want));
        CHECK_STATUS(bm_base64_decode(bm_wr_bytes(&w), BM_BASE64_SPACES, NULL,
                                      &(struct bm_wr){ buf, sizeof buf, 0 }),
                     BM_OK);
        CHECK_BYTES(buf, rows[i].n, in.p, in.n);
    }
}

/* What is wrong, in which form, and at which character. */
static const struct {
    const char *text;
    unsigned form;
    size_t at;
} bad[] = {
    { "Z", BM_BASE64_STRICT, 1 },
    { "Zg", BM_BASE64_STRICT, 2 },
    { "Zg=", BM_BASE64_STRICT, 3 },
    { "Zm8", BM_BASE64_STRICT, 3 },
    { "Zg===", BM_BASE64_STRICT, 4 },
    { "Zm9v=", BM_BASE64_STRICT, 4 },
    { "=", BM_BASE64_STRICT, 0 },
    { "Z===", BM_BASE64_STRICT, 1 },
    { "Zg=a", BM_BASE64_STRICT, 3 },
    { "Zg==Zg==", BM_BASE64_STRICT, 4 },
    { "Zh==", BM_BASE64_STRICT, 3 }, /* RFC 4648 3.5: bits that no one needs */
    { "Zm9=", BM_BASE64_STRICT, 3 },
    { "Zm9v\n", BM_BASE64_STRICT, 4 },
    { " Zm9v", BM_BASE64_STRICT, 0 },
    { "Zm9-", BM_BASE64_STRICT, 3 },
    { "Zm9_", BM_BASE64_STRICT, 3 },
    { "Zm9!", BM_BASE64_SPACES, 3 },
    { "Zm\xc2\xa0", BM_BASE64_SPACES, 2 },
    { "Z m 9", BM_BASE64_SPACES, 5 },
    { "Zh=\n=", BM_BASE64_SPACES, 4 },
    { "Zg==\nZ", BM_BASE64_SPACES, 5 },
    { "Zg==", BM_BASE64_URL, 2 },
    { "Z", BM_BASE64_URL, 1 },
    { "Zh", BM_BASE64_URL, 2 },
    { "Zm9", BM_BASE64_URL, 3 },
    { "Zm+v", BM_BASE64_URL, 2 },
    { "Zm/v", BM_BASE64_URL, 2 },
    { "Zm9v\n", BM_BASE64_URL, 4 },
};

static void a_text_that_is_not_the_one_form_is_refused(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bm_bytes text = str(bad[i].text);
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        uint8_t buf[32];
        struct bm_wr w = { buf, sizeof buf, 5 };

        bm_check_status(bm_base64_decode(text, bad[i].form, &diag, &w),
                        BM_E_BASE64, bad[i].text, __FILE__, __LINE__);
        CHECK(w.len == 5);
        CHECK(bm_diag_offset(&diag, text.p, text.n) == bad[i].at);
    }
}

/* notes of the field: CRLF, lines of one character, tabs, no end of line */
static void white_space_may_stand_anywhere(void)
{
    static const char *const texts[] = {
        "Zm9vYg==",      "Zm9v\r\nYg==\r\n", "Z\nm\n9\nv\nY\ng\n=\n=\n",
        "\t Zm9vYg == ", "\v\fZm9v\rYg=\r=", "\n\n\nZm9vYg==\n\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_decodes(texts[i], BM_BASE64_SPACES, "foob");
    }
    check_decodes(" Z g\n", BM_BASE64_SPACES | BM_BASE64_URL, "f");
}

static uint8_t noise(size_t i)
{
    return (uint8_t)(i * 131 + (i >> 3) * 29);
}

static void each_length_comes_back(void)
{
    for (size_t n = 0; n < 70; n++) {
        uint8_t plain[70];
        uint8_t text[128];
        struct bm_wr w;
        struct bm_bytes in = { plain, n };

        for (size_t i = 0; i < n; i++) {
            plain[i] = noise(i + n);
        }
        for (size_t line = 0; line <= 12; line += 4) {
            bm_wr_init(&w, text, sizeof text);
            bm_base64_put(&w, in, line);
            /* in place */
            CHECK_STATUS(
                bm_base64_decode(bm_wr_bytes(&w),
                                 line ? BM_BASE64_SPACES : BM_BASE64_STRICT,
                                 NULL, &(struct bm_wr){ text, sizeof text, 0 }),
                BM_OK);
            CHECK_BYTES(text, n, plain, n);
        }
        bm_wr_init(&w, text, sizeof text);
        bm_base64url_put(&w, in);
        CHECK(n <= BM_BASE64_DECODED_MAX(w.len));
        CHECK_STATUS(bm_base64_decode(bm_wr_bytes(&w), BM_BASE64_URL, NULL,
                                      &(struct bm_wr){ text, sizeof text, 0 }),
                     BM_OK);
        CHECK_BYTES(text, n, plain, n);
    }
}

static void a_text_may_arrive_in_any_pieces(void)
{
    static const char text[] = "Zm9v\r\nYmE=\r\n";

    for (size_t cut = 0; cut < sizeof text; cut++) {
        struct bm_base64 d;
        uint8_t buf[8];
        struct bm_wr w;

        bm_wr_init(&w, buf, sizeof buf);
        bm_base64_init(&d, BM_BASE64_SPACES);
        CHECK_STATUS(
            bm_base64_update(
                &d, (struct bm_bytes){ (const uint8_t *)text, cut }, NULL, &w),
            BM_OK);
        CHECK_STATUS(bm_base64_update(&d, str(text + cut), NULL, &w), BM_OK);
        CHECK_STATUS(bm_base64_finish(&d, &w), BM_OK);
        CHECK_BYTES(buf, w.len, "fooba", 5);
    }
}

static void a_small_buffer_is_measured(void)
{
    uint8_t buf[2];
    struct bm_wr w;
    size_t n;

    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_base64_decode(str("Zm9vYmFy"), 0, NULL, &w), BM_OK);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_E_BUFFER);
    CHECK(n == 6);
}

/* Each flipped bit is refused, or decodes to what encodes to the same text. */
static void damage_is_refused_or_means_something_else(void)
{
    static const char sample[] = "Zm9vYmE=";
    uint8_t text[sizeof sample - 1];

    memcpy(text, sample, sizeof text);
    for (size_t bit = 0; bit < 8 * sizeof text; bit++) {
        uint8_t plain[8];
        uint8_t again[12];
        struct bm_wr w;
        struct bm_wr back;

        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bm_wr_init(&w, plain, sizeof plain);
        bm_wr_init(&back, again, sizeof again);
        if (bm_base64_decode(BM_ARRAY(text), BM_BASE64_STRICT, NULL, &w) ==
            BM_OK) {
            bm_base64_put(&back, bm_wr_bytes(&w), 0);
            CHECK_BYTES(again, back.len, text, sizeof text);
        } else {
            CHECK(w.len == 0);
        }
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

int main(void)
{
    RUN(the_vectors_of_rfc_4648_hold_both_ways);
    RUN(lines_have_the_width_asked_for);
    RUN(a_text_that_is_not_the_one_form_is_refused);
    RUN(white_space_may_stand_anywhere);
    RUN(each_length_comes_back);
    RUN(a_text_may_arrive_in_any_pieces);
    RUN(a_small_buffer_is_measured);
    RUN(damage_is_refused_or_means_something_else);
    return bm_test_done();
}
