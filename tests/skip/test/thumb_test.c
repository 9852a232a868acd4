/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/skip/thumb.h"

#include "tests/harness/bm_test.h"

static void an_instruction_is_two_or_four_octets(void)
{
    CHECK(thumb_length(0xbf00) == 2); /* nop */
    CHECK(thumb_length(0xe7fe) == 2); /* b . */
    CHECK(thumb_length(0xe800) == 4);
    CHECK(thumb_length(0xf3af) == 4); /* nop.w */
    CHECK(thumb_length(0xf7ff) == 4); /* bl */
    CHECK(thumb_length(0xffff) == 4);
}

/* ite eq; addeq r1, #5; addne.w r2, r2, #7; movs r3, #0 */
static const uint8_t block[] = { 0x0c, 0xbf, 0x05, 0x31, 0x02,
                                 0xf1, 0x07, 0x02, 0x00, 0x23 };

static void each_of_an_it_block_has_its_state(void)
{
    struct thumb_it it = { 0 };

    thumb_it_step(&it, 0, block);
    CHECK(thumb_it_state(&it, 0) == 0);
    CHECK(thumb_it_state(&it, 2) == 0x0c);
    CHECK(thumb_it_state(&it, 4) == 0x18);
    CHECK(thumb_it_state(&it, 8) == 0);
    CHECK(thumb_it_next(0x0c) == 0x18);
    CHECK(thumb_it_next(0x18) == 0);
}

/* The one whose condition fails is not seen; the block goes on. */
static void a_block_ends_where_another_instruction_begins(void)
{
    struct thumb_it it = { 0 };

    thumb_it_step(&it, 0, block);
    thumb_it_step(&it, 4, block);
    CHECK(thumb_it_state(&it, 4) == 0x18);
    thumb_it_step(&it, 8, block);
    CHECK(thumb_it_state(&it, 4) == 0);
}

static void the_state_lies_in_two_places_of_the_psr(void)
{
    CHECK(thumb_psr(0x41000000, 0x0f) == 0x47000c00);
    CHECK(thumb_psr(0x47000c00, 0) == 0x41000000);
}

int main(void)
{
    RUN(an_instruction_is_two_or_four_octets);
    RUN(each_of_an_it_block_has_its_state);
    RUN(a_block_ends_where_another_instruction_begins);
    RUN(the_state_lies_in_two_places_of_the_psr);
    return bm_test_done();
}
