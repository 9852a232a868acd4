/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/board.h"

#include "tests/harness/bm_test.h"

static int initialised = 0x1234;
static int cleared;

static void start_code_prepares_memory(void)
{
    CHECK(initialised == 0x1234);
    CHECK(cleared == 0);
    initialised = 0;
    cleared = 1;
}

static void the_clock_advances(void)
{
    uint32_t ms = bm_board_ms();

    while (bm_board_ms() < ms + 3) {
        bm_board_idle();
    }
    CHECK(bm_board_ms() - ms >= 3);
}

static void random_bytes_differ(void)
{
    uint8_t a[32] = { 0 };
    uint8_t b[32] = { 0 };

    CHECK(bm_board_random(a, sizeof a) == 0);
    CHECK(bm_board_random(b, sizeof b) == 0);
    CHECK(memcmp(a, b, sizeof a) != 0);
}

/* More than the device gives at once, whatever that is, is given as well. */
static void random_bytes_fill_their_buffer(void)
{
    static uint8_t a[4096 + 2];
    size_t zero = 0;

    CHECK(bm_board_random(a + 1, sizeof a - 2) == 0);
    CHECK(a[0] == 0 && a[sizeof a - 1] == 0);
    for (size_t i = 1; i < sizeof a - 1; i++) {
        zero += a[i] == 0;
    }
    CHECK(zero < 256); /* of 4096, 16 are likely */
}

static void the_stack_is_measured(void)
{
    volatile uint8_t deep[2048];

    for (size_t i = 0; i < sizeof deep; i++) {
        deep[i] = (uint8_t)i;
    }
    CHECK(bm_board_stack_used() >= sizeof deep);
    CHECK(bm_board_stack_used() < bm_board_stack_size());
}

int main(void)
{
    RUN(start_code_prepares_memory);
    RUN(the_clock_advances);
    RUN(random_bytes_differ);
    RUN(random_bytes_fill_their_buffer);
    RUN(the_stack_is_measured);
    return bm_test_done();
}
