/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ext.h"
#include "tests/harness/bm_test.h"

/* Extension 1.2.n with value "v", plain and critical. */
#define EXT(n)      "\x30\x07\x06\x02\x2a" n "\x04\x01v"
#define CRITICAL(n) "\x30\x0a\x06\x02\x2a" n "\x01\x01\xff\x04\x01v"
#define FALSE(n)    "\x30\x0a\x06\x02\x2a" n "\x01\x01\x00\x04\x01v"

#define LIST(s)                                \
    {                                          \
        (const uint8_t *)(s), sizeof(s "") - 1 \
    }

static const struct {
    const char *why;
    struct bm_bytes in;
    bm_status rc;
    size_t n;
} lists[] = {
    { "one", LIST("\x30\x09" EXT("\1")), BM_OK, 1 },
    { "two", LIST("\x30\x15" EXT("\1") CRITICAL("\2")), BM_OK, 2 },
    { "none", LIST("\x30\x00"), BM_E_DER_EMPTY, 0 },
    { "the same twice", LIST("\x30\x15" EXT("\1") CRITICAL("\1")),
      BM_E_EXT_DUPLICATE, 0 },
    { "the same twice, not in a row",
      LIST("\x30\x1b" EXT("\1") EXT("\2") EXT("\1")), BM_E_EXT_DUPLICATE, 0 },
    { "DEFAULT FALSE written", LIST("\x30\x0c" FALSE("\1")), BM_E_DER_DEFAULT,
      0 },
    { "not a SEQUENCE", LIST("\x31\x09" EXT("\1")), BM_E_DER_TAG, 0 },
    { "one cut short", LIST("\x30\x08" EXT("\1")), BM_E_DER_TRUNCATED, 0 },
};

static void lists_are_taken_whole_or_not_at_all(void)
{
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct bm_bytes all = { NULL, 0 };
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_ext ext;
        struct bm_der d;
        size_t n = 0;
        bm_status rc;

        bm_der_init(&d, lists[i].in, &diag);
        rc = bm_ext_list_take(&d, &all);
        bm_check_status(rc, lists[i].rc, lists[i].why, __FILE__, __LINE__);
        CHECK(rc == BM_OK ? d.p == d.end : d.p == lists[i].in.p && all.n == 0);
        CHECK(diag.status == rc);
        while (bm_ext_next(&all, &ext)) {
            CHECK(ext.critical == (n == 1));
            n++;
        }
        CHECK(n == lists[i].n);
    }
}

/* Different types, as many as there may be, and one more. */
static void as_many_as_there_may_be_and_no_more(void)
{
    uint8_t buf[(BM_EXT_MAX + 1) * 9 + 4];

    for (size_t n = BM_EXT_MAX; n <= BM_EXT_MAX + 1; n++) {
        struct bm_bytes all;
        struct bm_der d;
        struct bm_wr w;
        size_t seq;

        bm_wr_init(&w, buf, sizeof buf);
        seq = bm_der_open(&w, BM_DER_SEQUENCE);
        for (size_t i = 0; i < n; i++) {
            bm_wr_put(&w, BM_LIT("\x30\x07\x06\x02\x2a"));
            bm_wr_u8(&w, (uint8_t)i);
            bm_wr_put(&w, BM_LIT("\x04\x01v"));
        }
        bm_der_close(&w, seq);
        bm_der_init(&d, bm_wr_bytes(&w), NULL);
        CHECK_STATUS(bm_ext_list_take(&d, &all),
                     n <= BM_EXT_MAX ? BM_OK : BM_E_LIMIT);
    }
}

/* What comes after a header need not be there; the header must. */
static void a_header_is_taken_without_its_contents(void)
{
    static const uint8_t header[] = { 0x30, 0x84, 0xff, 0xff, 0xff, 0xff };
    struct bm_der d;
    size_t len = 7;

    for (size_t n = 0; n < sizeof header; n++) {
        bm_der_init(&d, (struct bm_bytes){ header, n }, NULL);
        CHECK_STATUS(bm_der_take_header(&d, BM_DER_SEQUENCE, &len),
                     BM_E_DER_TRUNCATED);
        CHECK(d.p == header && len == 7);
    }
    bm_der_init(&d, BM_ARRAY(header), NULL);
    CHECK_STATUS(bm_der_take_header(&d, BM_DER_SET, &len), BM_E_DER_TAG);
    CHECK_STATUS(bm_der_take_header(&d, BM_DER_SEQUENCE, &len), BM_OK);
    CHECK(d.p == d.end && len == UINT32_MAX);
}

int main(void)
{
    RUN(lists_are_taken_whole_or_not_at_all);
    RUN(as_many_as_there_may_be_and_no_more);
    RUN(a_header_is_taken_without_its_contents);
    return bm_test_done();
}
