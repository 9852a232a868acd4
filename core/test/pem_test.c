/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pem.h"

#include "tests/harness/bm_test.h"

static struct bm_bytes str(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

#define ABC "-----BEGIN ABC-----\nZm9v\n-----END ABC-----\n"

static void check_view(struct bm_bytes view, const char *want)
{
    CHECK_BYTES(view.p, view.n, want, strlen(want));
}

static void several_blocks_come_out_in_order(void)
{
    struct bm_bytes text = str("Subject: me\n" ABC "\nbetween\n"
                               "-----BEGIN X Y-Z-----\r\nZm8\r\n=\r\n"
                               "-----END X Y-Z-----\r\nthe rest\n");
    struct bm_pem block;
    uint8_t buf[8];
    struct bm_wr w;

    CHECK_STATUS(bm_pem_next(&text, NULL, &block), BM_OK);
    check_view(block.before, "Subject: me\n");
    CHECK(bm_pem_is(&block, "ABC"));
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_pem_decode(&block, NULL, &w), BM_OK);
    CHECK_BYTES(buf, w.len, "foo", 3);

    CHECK_STATUS(bm_pem_next(&text, NULL, &block), BM_OK);
    check_view(block.before, "\nbetween\n");
    check_view(block.label, "X Y-Z");
    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_pem_decode(&block, NULL, &w), BM_OK);
    CHECK_BYTES(buf, w.len, "fo", 2);

    check_view(text, "the rest\n");
    CHECK_STATUS(bm_pem_next(&text, NULL, &block), BM_E_END);
    check_view(text, "the rest\n");
    CHECK(block.label.p == NULL && block.base64.n == 0);
}

/* RFC 7468 2, 3: a first block that is found, or why not, and where. */
static const struct {
    const char *why;
    const char *text;
    bm_status want;
    size_t at;
} blocks[] = {
    { "plain", ABC, BM_OK, 0 },
    { "CRLF", "-----BEGIN A-----\r\nAA==\r\n-----END A-----\r\n", BM_OK, 0 },
    { "CR", "-----BEGIN A-----\rAA==\r-----END A-----\r", BM_OK, 0 },
    { "no last line end", "-----BEGIN A-----\nAA==\n-----END A-----", BM_OK,
      0 },
    { "spaces behind", "-----BEGIN A----- \nAA==\n-----END A-----\t\n", BM_OK,
      0 },
    { "empty label", "-----BEGIN -----\n-----END -----\n", BM_OK, 0 },
    { "no contents", "-----BEGIN A-----\n-----END A-----\n", BM_OK, 0 },
    { "empty", "", BM_E_END, 0 },
    { "no block", "AAAA\n", BM_E_END, 0 },
    { "BEGIN inside a line", "x-----BEGIN A-----\n-----END A-----\n", BM_E_END,
      0 },
    { "END only", "-----END A-----\n", BM_E_END, 0 },
    { "four dashes", "-----BEGIN A----\n-----END A-----\n", BM_E_PEM_LABEL, 0 },
    { "nothing behind BEGIN", "-----BEGIN ", BM_E_PEM_LABEL, 0 },
    { "no dashes", "-----BEGIN A\n-----END A-----\n", BM_E_PEM_LABEL, 0 },
    { "text behind", "-----BEGIN A----- x\n-----END A-----\n", BM_E_PEM_LABEL,
      0 },
    { "space before label", "-----BEGIN  A-----\n-----END  A-----\n",
      BM_E_PEM_LABEL, 0 },
    { "space behind label", "-----BEGIN A -----\n-----END A -----\n",
      BM_E_PEM_LABEL, 0 },
    { "two dashes", "-----BEGIN A--B-----\n-----END A--B-----\n",
      BM_E_PEM_LABEL, 0 },
    { "control character", "-----BEGIN A\x1b-----\n-----END A\x1b-----\n",
      BM_E_PEM_LABEL, 0 },
    { "8 bits", "-----BEGIN \xc3\xa4-----\n-----END \xc3\xa4-----\n",
      BM_E_PEM_LABEL, 0 },
    { "other END", "-----BEGIN A-----\nAA==\n-----END B-----\n", BM_E_PEM_LABEL,
      23 },
    { "END with more", "-----BEGIN A-----\nAA==\n-----END A-----x\n",
      BM_E_PEM_LABEL, 23 },
    { "lower-case END", "-----BEGIN A-----\nAA==\n-----end A-----\n",
      BM_E_PEM_END, 23 },
    { "END inside a line", "-----BEGIN A-----\nAA==-----END A-----\n",
      BM_E_PEM_END, 0 },
    { "no END", "text\n-----BEGIN A-----\nAA==\n", BM_E_PEM_END, 5 },
    { "BEGIN before END", "-----BEGIN A-----\n-----BEGIN A-----\n",
      BM_E_PEM_END, 18 },
};

static void a_block_is_whole_or_refused_at_its_line(void)
{
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct bm_bytes text = str(blocks[i].text);
        const uint8_t *base = text.p;
        size_t n = text.n;
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_pem block;
        bm_status rc = bm_pem_next(&text, &diag, &block);

        bm_check_status(rc, blocks[i].want, blocks[i].why, __FILE__, __LINE__);
        if (rc == BM_OK) {
            CHECK(text.p == base + n && text.n == 0);
            continue;
        }
        CHECK(text.p == base && text.n == n);
        CHECK(block.label.p == NULL && block.base64.p == NULL);
        if (rc != BM_E_END) {
            bm_check(bm_diag_offset(&diag, base, n) == blocks[i].at,
                     blocks[i].why, __FILE__, __LINE__);
        }
    }
}

static void headers_of_old_pem_do_not_decode(void)
{
    static const char old[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                              "Proc-Type: 4,ENCRYPTED\n\nAA==\n"
                              "-----END RSA PRIVATE KEY-----\n";
    struct bm_bytes text = str(old);
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_pem block;
    uint8_t buf[64];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    CHECK_STATUS(bm_pem_next(&text, &diag, &block), BM_OK);
    CHECK_STATUS(bm_pem_decode(&block, &diag, &w), BM_E_BASE64);
    CHECK(w.len == 0);
    CHECK(bm_diag_offset(&diag, (const uint8_t *)old, sizeof old) == 36);
}

/* A DER of `n` octets, written, found and decoded, in place at that. */
static void each_length_comes_back_from_lines_of_64(void)
{
    for (size_t n = 0; n <= 100; n++) {
        uint8_t der[100];
        uint8_t text[256];
        struct bm_bytes rest;
        struct bm_pem block;
        struct bm_wr w;
        size_t column = 0;

        for (size_t i = 0; i < n; i++) {
            der[i] = (uint8_t)(i * 37 + n);
        }
        bm_wr_init(&w, text, sizeof text);
        bm_pem_put(&w, "CERTIFICATE", (struct bm_bytes){ der, n });
        rest = bm_wr_bytes(&w);
        CHECK(rest.n != 0 && rest.p[rest.n - 1] == '\n');
        for (size_t i = 0; i < rest.n; i++) {
            column = rest.p[i] == '\n' ? 0 : column + 1;
            CHECK(column <= BM_PEM_LINE);
        }
        CHECK_STATUS(bm_pem_next(&rest, NULL, &block), BM_OK);
        CHECK(rest.n == 0 && bm_pem_is(&block, "CERTIFICATE"));
        bm_wr_init(&w, text + (block.base64.p - text), block.base64.n);
        CHECK_STATUS(bm_pem_decode(&block, NULL, &w), BM_OK);
        CHECK_BYTES(text + (block.base64.p - text), w.len, der, n);
        CHECK(bm_pem_is(&block, "CERTIFICATE"));
    }
}

static void damage_is_all_or_nothing(void)
{
    static const char sample[] = "x\n" ABC;
    uint8_t text[sizeof sample - 1];
    struct bm_pem block;

    memcpy(text, sample, sizeof text);
    for (size_t n = 0; n < sizeof text - 1; n++) { /* but the last LF */
        struct bm_bytes in = { text, n };

        CHECK(bm_pem_next(&in, NULL, &block) != BM_OK);
        CHECK(in.p == text && in.n == n && block.base64.p == NULL);
    }
    for (size_t bit = 0; bit < 8 * sizeof text; bit++) {
        struct bm_bytes in = { text, sizeof text };

        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (bm_pem_next(&in, NULL, &block) == BM_OK) {
            CHECK(block.label.n == 3 && block.label.p > text);
        } else {
            CHECK(in.p == text && in.n == sizeof text);
        }
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

int main(void)
{
    RUN(several_blocks_come_out_in_order);
    RUN(a_block_is_whole_or_refused_at_its_line);
    RUN(headers_of_old_pem_do_not_decode);
    RUN(each_length_comes_back_from_lines_of_64);
    RUN(damage_is_all_or_nothing);
    return bm_test_done();
}
