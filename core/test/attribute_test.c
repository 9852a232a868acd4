/* SPDX-License-Identifier: Apache-2.0 */
#include "core/attribute.h"
#include "tests/harness/bm_test.h"

#define A "\x30\x09\x06\x02\x2a\x01\x31\x03\x02\x01\x07"
#define B "\x30\x09\x06\x02\x2a\x02\x31\x03\x02\x01\x07"

static const struct {
    struct bm_bytes list;
    bm_status want;
} lists[] = {
    { BM_LIT_INIT(""), BM_OK },
    { BM_LIT_INIT(A), BM_OK },
    { BM_LIT_INIT(A B), BM_OK },
    { BM_LIT_INIT(B A), BM_OK }, /* the order of the list is the caller's */
    { BM_LIT_INIT(A B A), BM_E_CSR_DUPLICATE },
    { BM_LIT_INIT("\x30\x06\x06\x02\x2a\x01\x31\x00"), BM_E_DER_EMPTY },
    { BM_LIT_INIT("\x30\x0c\x06\x02\x2a\x01\x31\x06\x02\x01\x08\x02\x01\x07"),
      BM_E_DER_SET_ORDER },
    { BM_LIT_INIT("\x30\x0b\x06\x02\x2a\x01\x31\x03\x02\x01\x07\x05\x00"),
      BM_E_DER_TRAILING },
    { BM_LIT_INIT("\x30\x09\x06\x02\x2a\x01\x30\x03\x02\x01\x07"),
      BM_E_DER_TAG },
    { BM_LIT_INIT("\x31\x09\x06\x02\x2a\x01\x31\x03\x02\x01\x07"),
      BM_E_DER_TAG },
    { BM_LIT_INIT("\x30\x09\x06\x02\x2a\x81\x31\x03\x02\x01\x07"),
      BM_E_DER_OID },
};

static bm_status take_all(struct bm_bytes list, unsigned *n)
{
    struct bm_attribute a;
    struct bm_der d;

    *n = 0;
    bm_der_init(&d, list, NULL);
    while (bm_der_left(&d) != 0) {
        BM_TRY(bm_attribute_take(&d, &a));
        BM_TRY(bm_attribute_once(&d, list, &a, BM_E_CSR_DUPLICATE));
        ++*n;
    }
    return BM_OK;
}

static void each_attribute_is_checked_and_no_type_occurs_twice(void)
{
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        unsigned n;

        CHECK_STATUS(take_all(lists[i].list, &n), lists[i].want);
        if (lists[i].want == BM_OK) {
            CHECK(n == lists[i].list.n / (sizeof A - 1));
        }
    }
}

static void a_refused_attribute_is_not_taken(void)
{
    for (size_t i = 5; i < sizeof lists / sizeof lists[0]; i++) {
        const struct bm_attribute before = { BM_LIT("x"), BM_LIT("y") };
        struct bm_attribute a = before;
        struct bm_der d;

        bm_der_init(&d, lists[i].list, NULL);
        CHECK_STATUS(bm_attribute_take(&d, &a), lists[i].want);
        CHECK(d.p == lists[i].list.p);
        CHECK(memcmp(&a, &before, sizeof a) == 0);
    }
}

static void more_attributes_than_the_limit_are_refused(void)
{
    uint8_t buf[(BM_ATTRIBUTES_MAX + 1) * (sizeof A - 1)];
    struct bm_wr w;
    unsigned n;

    bm_wr_init(&w, buf, sizeof buf);
    for (uint8_t i = 0; i <= BM_ATTRIBUTES_MAX; i++) {
        bm_wr_put(&w, BM_LIT(A));
        buf[w.len - (sizeof A - 1) + 5] = i; /* last octet of the type */
    }
    CHECK_STATUS(take_all((struct bm_bytes){ buf, w.len - (sizeof A - 1) }, &n),
                 BM_OK);
    CHECK(n == BM_ATTRIBUTES_MAX);
    CHECK_STATUS(take_all(bm_wr_bytes(&w), &n), BM_E_LIMIT);
    CHECK(n == BM_ATTRIBUTES_MAX);
}

static void what_is_written_is_found_again(void)
{
    uint8_t buf[64];
    struct bm_attribute_mark m;
    struct bm_attribute a;
    struct bm_bytes list;
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    m = bm_attribute_open(&w, BM_LIT("\x2a\x01"));
    bm_der_put_u32(&w, 7);
    bm_attribute_close(&w, &m);
    CHECK_BYTES(buf, w.len, A, sizeof A - 1);
    bm_wr_put(&w, BM_LIT(B));
    list = bm_wr_bytes(&w);

    CHECK(bm_attribute_find(list, BM_LIT("\x2a\x02"), &a));
    CHECK(a.type.p == buf + sizeof A - 1 + 4);
    CHECK_BYTES(a.values.p, a.values.n, "\x02\x01\x07", 3);
    CHECK(!bm_attribute_find(list, BM_LIT("\x2a\x03"), &a));

    CHECK(bm_attribute_next(&list, &a) && a.type.p[1] == 1);
    CHECK(bm_attribute_next(&list, &a) && a.type.p[1] == 2);
    CHECK(!bm_attribute_next(&list, &a) && list.n == 0);
}

int main(void)
{
    RUN(each_attribute_is_checked_and_no_type_occurs_twice);
    RUN(a_refused_attribute_is_not_taken);
    RUN(more_attributes_than_the_limit_are_refused);
    RUN(what_is_written_is_found_again);
    return bm_test_done();
}
