/* SPDX-License-Identifier: Apache-2.0 */
#include "core/bytes.h"

#include "tests/harness/bm_test.h"

static void views_are_equal_by_length_and_contents(void)
{
    struct bm_bytes none = { NULL, 0 };
    struct bm_bytes a = BM_LIT("abc");

    CHECK(a.n == 3);
    CHECK(bm_bytes_equal(none, none));
    CHECK(bm_bytes_equal(none, BM_LIT("")));
    CHECK(bm_bytes_equal(a, BM_LIT("abc")));
    CHECK(!bm_bytes_equal(a, BM_LIT("abd")));
    CHECK(!bm_bytes_equal(a, BM_LIT("ab")));
    CHECK(!bm_bytes_equal(a, none));
}

static void secrets_compare_in_every_bit(void)
{
    uint8_t a[16];
    uint8_t b[16];

    memset(a, 0xa5, sizeof a);
    memcpy(b, a, sizeof b);
    CHECK(bm_bytes_equal_secret(BM_ARRAY(a), BM_ARRAY(b)));
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(!bm_bytes_equal_secret(BM_ARRAY(a), BM_ARRAY(b)));
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK(!bm_bytes_equal_secret(BM_ARRAY(a), (struct bm_bytes){ b, 15 }));
    CHECK(bm_bytes_equal_secret((struct bm_bytes){ NULL, 0 },
                                (struct bm_bytes){ NULL, 0 }));
}

static void wiping_reaches_all_bytes_and_no_more(void)
{
    uint8_t room[10];

    memset(room, 7, sizeof room);
    bm_wipe(room + 1, 8);
    CHECK(room[0] == 7 && room[9] == 7);
    for (size_t i = 1; i < 9; i++) {
        CHECK(room[i] == 0);
    }
    bm_wipe(NULL, 0);
}

static void a_writer_appends(void)
{
    uint8_t buf[8];
    struct bm_wr w;
    size_t n = 0;

    bm_wr_init(&w, buf, sizeof buf);
    bm_wr_str(&w, "ab");
    bm_wr_u8(&w, 'c');
    bm_wr_put(&w, BM_LIT("defgh"));
    bm_wr_put(&w, (struct bm_bytes){ NULL, 0 });
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
    CHECK_BYTES(buf, n, "abcdefgh", 8);
    CHECK(bm_wr_bytes(&w).p == buf && bm_wr_bytes(&w).n == 8);
}

/* Nothing is written behind the end, not even what would still fit. */
static void an_overflow_is_remembered_and_counted(void)
{
    uint8_t buf[5] = { 0, 0, 0, 0, 0x55 };
    struct bm_wr w;
    size_t n = 0;

    bm_wr_init(&w, buf, 4);
    bm_wr_str(&w, "abc");
    bm_wr_str(&w, "de");
    CHECK(buf[3] == 0); /* all of it or nothing */
    bm_wr_u8(&w, 'f');
    CHECK(buf[3] == 0 && buf[4] == 0x55);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_E_BUFFER);
    CHECK(n == 6);
    CHECK(bm_wr_bytes(&w).p == NULL && bm_wr_bytes(&w).n == 0);
}

static void a_writer_without_buffer_measures(void)
{
    struct bm_wr w;
    size_t n = 0;

    bm_wr_init(&w, NULL, 0);
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_OK);
    bm_wr_str(&w, "measure");
    CHECK_STATUS(bm_wr_finish(&w, &n), BM_E_BUFFER);
    CHECK(n == 7);
}

static void a_length_beyond_all_memory_stays_an_overflow(void)
{
    struct bm_wr w = { NULL, 0, SIZE_MAX - 2 };

    bm_wr_str(&w, "abc");
    CHECK(w.len == SIZE_MAX);
    bm_wr_u8(&w, 'd');
    CHECK(w.len == SIZE_MAX);
}

int main(void)
{
    RUN(views_are_equal_by_length_and_contents);
    RUN(secrets_compare_in_every_bit);
    RUN(wiping_reaches_all_bytes_and_no_more);
    RUN(a_writer_appends);
    RUN(an_overflow_is_remembered_and_counted);
    RUN(a_writer_without_buffer_measures);
    RUN(a_length_beyond_all_memory_stays_an_overflow);
    return bm_test_done();
}
