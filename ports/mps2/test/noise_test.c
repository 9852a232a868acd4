/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mps2/noise.h"

#include "tests/harness/bm_test.h"

static void before_anything_is_read_there_is_no_source(void)
{
    CHECK(strcmp(bm_board_random_label(), "none") == 0);
}

/* run.sh connects one to UART 1. */
static void it_passes_the_tests_of_a_source(void)
{
    struct bm_entropy entropy;
    uint8_t a[32];
    uint8_t b[32];

    CHECK_STATUS(bm_entropy_open(&entropy, &bm_board_noise), BM_OK);
    CHECK_STATUS(bm_entropy_read(&entropy, a, sizeof a), BM_OK);
    CHECK_STATUS(bm_entropy_read(&entropy, b, sizeof b), BM_OK);
    CHECK(memcmp(a, b, sizeof a) != 0);
}

static void the_label_says_what_it_is(void)
{
    CHECK(strcmp(bm_board_random_label(), "host's urandom through UART 1") ==
          0);
}

int main(void)
{
    RUN(before_anything_is_read_there_is_no_source);
    RUN(it_passes_the_tests_of_a_source);
    RUN(the_label_says_what_it_is);
    return bm_test_done();
}
