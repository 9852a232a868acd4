/* SPDX-License-Identifier: Apache-2.0 */
#include "core/der.h"
#include "tests/harness/bm_test.h"

/* X.690 11.6; each row is one set's contents. */
static const struct {
    struct bm_bytes in;
    bm_status want;
    size_t at; /* where the diag points */
} sets[] = {
    { BM_LIT_INIT("\x02\x01\x05"), BM_OK, 0 },
    { BM_LIT_INIT("\x02\x01\x05\x02\x01\x06"), BM_OK, 0 },
    { BM_LIT_INIT("\x02\x01\x05\x02\x01\x05"), BM_OK, 0 },
    { BM_LIT_INIT("\x02\x01\x06\x02\x01\x05"), BM_E_DER_SET_ORDER, 3 },
    { BM_LIT_INIT("\x04\x01\x05\x02\x01\x05"), BM_E_DER_SET_ORDER, 3 },
    { BM_LIT_INIT("\x04\x02\x00\x00\x04\x01\xff"), BM_E_DER_SET_ORDER, 4 },
    { BM_LIT_INIT("\x04\x01\xff\x04\x02\x00\x00"), BM_OK, 0 },
    { BM_LIT_INIT(""), BM_E_DER_EMPTY, 0 },
    { BM_LIT_INIT("\x02\x01\x05\x02\x02\x05"), BM_E_DER_TRUNCATED, 3 },
};

static void a_set_of_is_sorted_and_not_empty(void)
{
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct bm_diag diag = { BM_OK, BM_OK, NULL };
        struct bm_der d;

        bm_der_init(&d, sets[i].in, &diag);
        CHECK_STATUS(bm_der_check_set(&d), sets[i].want);
        CHECK_STATUS(diag.status, sets[i].want);
        CHECK(sets[i].want == BM_OK ||
              bm_diag_offset(&diag, sets[i].in.p, sets[i].in.n) == sets[i].at);
        CHECK(d.p == sets[i].in.p); /* only looked at */
    }
}

/* Every order of four elements, one of them twice, becomes the same set. */
static void closing_a_set_sorts_it(void)
{
    static const struct bm_bytes element[] = {
        BM_LIT_INIT("\x04\x03zzz"),
        BM_LIT_INIT("\x02\x01\x07"),
        BM_LIT_INIT("\x30\x00"),
        BM_LIT_INIT("\x02\x01\x07"),
    };
    static const char want[] = "\x31\x0d\x02\x01\x07\x02\x01\x07\x04\x03zzz"
                               "\x30\x00";
    uint8_t buf[32];
    struct bm_wr w;

    for (unsigned order = 0; order < 256; order++) {
        unsigned seen = 0;
        size_t m;

        bm_wr_init(&w, buf, sizeof buf);
        m = bm_der_open(&w, BM_DER_SET);
        for (unsigned i = 0; i < 4; i++) {
            unsigned pick = order >> (2 * i) & 3;

            seen |= 1u << pick;
            bm_wr_put(&w, element[pick]);
        }
        CHECK_STATUS(bm_der_close_set(&w, m), BM_OK);
        if (seen == 15) {
            CHECK_BYTES(buf, w.len, want, sizeof want - 1);
        }
    }
}

static void a_set_longer_than_127_octets_is_sorted_too(void)
{
    static const uint8_t long_one[100];
    uint8_t buf[220];
    struct bm_bytes body;
    struct bm_der d;
    struct bm_wr w;
    size_t m;

    bm_wr_init(&w, buf, sizeof buf);
    m = bm_der_open(&w, BM_DER_SET);
    bm_der_put(&w, BM_DER_OCTET_STRING, BM_ARRAY(long_one));
    bm_der_put(&w, BM_DER_OCTET_STRING, (struct bm_bytes){ long_one, 99 });
    CHECK_STATUS(bm_der_close_set(&w, m), BM_OK);
    CHECK(w.len == 3 + 102 + 101);
    bm_der_init(&d, bm_wr_bytes(&w), NULL);
    CHECK_STATUS(bm_der_take(&d, BM_DER_SET, &body), BM_OK);
    bm_der_init(&d, body, NULL);
    CHECK_STATUS(bm_der_check_set(&d), BM_OK);
}

static void what_is_no_element_cannot_be_sorted(void)
{
    uint8_t buf[16];
    struct bm_wr w;
    size_t m;

    bm_wr_init(&w, buf, sizeof buf);
    m = bm_der_open(&w, BM_DER_SET);
    bm_wr_put(&w, BM_LIT("\x02\x01\x07\x02\x05"));
    CHECK_STATUS(bm_der_close_set(&w, m), BM_E_ARGUMENT);
}

static void measuring_a_set_agrees_with_writing_it(void)
{
    struct bm_wr w;
    size_t m;

    bm_wr_init(&w, NULL, 0);
    m = bm_der_open(&w, BM_DER_SET);
    bm_wr_put(&w, BM_LIT("\x02\x01\x07\x02\x01\x05"));
    CHECK_STATUS(bm_der_close_set(&w, m), BM_OK);
    CHECK(w.len == 8);
}

int main(void)
{
    RUN(a_set_of_is_sorted_and_not_empty);
    RUN(closing_a_set_sorts_it);
    RUN(a_set_longer_than_127_octets_is_sorted_too);
    RUN(what_is_no_element_cannot_be_sorted);
    RUN(measuring_a_set_agrees_with_writing_it);
    return bm_test_done();
}
