/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mps2/nor.h"

#include "tests/harness/bm_test.h"

static uint8_t memory[2 * BM_NOR_SECTOR];
static uint8_t pattern[2 * BM_NOR_PAGE];

static struct bm_nor erased_flash(void)
{
    struct bm_nor nor;

    memset(memory, 0xff, sizeof memory);
    for (size_t i = 0; i < sizeof pattern; i++) {
        pattern[i] = (uint8_t)(i * 7);
    }
    bm_nor_init(&nor, memory, sizeof memory);
    return nor;
}

static void what_was_programmed_is_read(void)
{
    struct bm_nor nor = erased_flash();
    uint8_t back[sizeof pattern];

    CHECK_STATUS(bm_nor_program(&nor, 128, BM_ARRAY(pattern)), BM_OK);
    CHECK_STATUS(bm_nor_read(&nor, 128, back, sizeof back), BM_OK);
    CHECK_BYTES(back, sizeof back, pattern, sizeof pattern);
    CHECK(memory[127] == 0xff && memory[128 + sizeof pattern] == 0xff);
    CHECK(nor.operations == 3); /* it crosses two page borders */
}

static void erasing_sets_all_bits_of_one_sector(void)
{
    struct bm_nor nor = erased_flash();

    memset(memory, 0, sizeof memory);
    CHECK_STATUS(bm_nor_erase(&nor, BM_NOR_SECTOR), BM_OK);
    CHECK(memory[BM_NOR_SECTOR - 1] == 0);
    for (size_t i = BM_NOR_SECTOR; i < sizeof memory; i++) {
        CHECK(memory[i] == 0xff);
    }
}

static void a_cleared_bit_stays_clear_until_erased(void)
{
    static const uint8_t some[4] = { 0xf0, 0xff, 0xff, 0xff };
    static const uint8_t fewer[4] = { 0x50, 0xff, 0xff, 0xff };
    struct bm_nor nor = erased_flash();

    CHECK_STATUS(bm_nor_program(&nor, 0, BM_ARRAY(some)), BM_OK);
    CHECK_STATUS(bm_nor_program(&nor, 0, BM_ARRAY(fewer)), BM_OK);
    CHECK_STATUS(bm_nor_program(&nor, 0, BM_ARRAY(some)), BM_E_FLASH_BITS);
    CHECK(memory[0] == 0x50);
    CHECK_STATUS(bm_nor_erase(&nor, 0), BM_OK);
    CHECK_STATUS(bm_nor_program(&nor, 0, BM_ARRAY(some)), BM_OK);
}

static void only_whole_units_inside_the_flash(void)
{
    static const struct {
        const char *why;
        size_t offset;
        size_t n;
        bm_status want;
    } cases[] = {
        { "unaligned start", 2, 4, BM_E_FLASH_ALIGN },
        { "part of a unit", 0, 3, BM_E_FLASH_ALIGN },
        { "last unit", sizeof memory - 4, 4, BM_OK },
        { "past the end", sizeof memory - 4, 8, BM_E_FLASH_RANGE },
        { "at the end", sizeof memory, 4, BM_E_FLASH_RANGE },
        { "offset that wraps", SIZE_MAX - 3, 4, BM_E_FLASH_RANGE },
    };
    struct bm_nor nor = erased_flash();
    uint8_t byte;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bm_check_status(
            bm_nor_program(&nor, cases[i].offset,
                           (struct bm_bytes){ pattern, cases[i].n }),
            cases[i].want, cases[i].why, __FILE__, __LINE__);
    }
    CHECK_STATUS(bm_nor_erase(&nor, 512), BM_E_FLASH_ALIGN);
    CHECK_STATUS(bm_nor_erase(&nor, sizeof memory), BM_E_FLASH_RANGE);
    CHECK_STATUS(bm_nor_read(&nor, sizeof memory, &byte, 1), BM_E_FLASH_RANGE);
}

/* Where page `at` was torn: untouched after the edge, bits only cleared. */
static void check_torn_page(const uint8_t *at, const uint8_t *want, size_t edge)
{
    CHECK_BYTES(at, edge, want, edge);
    CHECK((want[edge] & ~at[edge]) == 0);
    for (size_t i = edge + 1; i < BM_NOR_PAGE; i++) {
        CHECK(at[i] == 0xff);
    }
}

static void a_cut_tears_the_operation_and_ends_all(void)
{
    for (uint32_t tear = 0; tear < 3 * BM_NOR_PAGE; tear += 85) {
        struct bm_nor nor = erased_flash();

        nor.cut_at = 2;
        nor.tear = tear;
        CHECK_STATUS(bm_nor_program(&nor, 0, BM_ARRAY(pattern)),
                     BM_E_FLASH_POWER);
        CHECK_BYTES(memory, BM_NOR_PAGE, pattern, BM_NOR_PAGE);
        check_torn_page(memory + BM_NOR_PAGE, pattern + BM_NOR_PAGE,
                        tear % BM_NOR_PAGE);
        CHECK_STATUS(bm_nor_erase(&nor, 0), BM_E_FLASH_POWER);
        CHECK_STATUS(bm_nor_program(&nor, 0, BM_ARRAY(pattern)),
                     BM_E_FLASH_POWER);
        CHECK(memory[BM_NOR_PAGE - 1] == pattern[BM_NOR_PAGE - 1]);
    }
}

static void a_torn_erase_leaves_the_rest(void)
{
    struct bm_nor nor = erased_flash();

    memset(memory, 0, sizeof memory);
    nor.cut_at = 1;
    nor.tear = 0x0a55; /* 0x0a55 bytes, then a byte with bits 0x0a */
    CHECK_STATUS(bm_nor_erase(&nor, 0), BM_E_FLASH_POWER);
    CHECK(memory[0] == 0xff && memory[0xa54] == 0xff);
    CHECK(memory[0xa55] == 0x0a && memory[0xa56] == 0);
}

static void the_board_has_flash(void)
{
    struct bm_nor nor;
    uint8_t back[sizeof pattern];

    bm_nor_board(&nor);
    CHECK_STATUS(bm_nor_erase(&nor, BM_NOR_BOARD_SIZE - BM_NOR_SECTOR), BM_OK);
    CHECK_STATUS(bm_nor_program(&nor, BM_NOR_BOARD_SIZE - sizeof pattern,
                                BM_ARRAY(pattern)),
                 BM_OK);
    CHECK_STATUS(bm_nor_read(&nor, BM_NOR_BOARD_SIZE - sizeof pattern, back,
                             sizeof back),
                 BM_OK);
    CHECK_BYTES(back, sizeof back, pattern, sizeof pattern);
}

int main(void)
{
    RUN(what_was_programmed_is_read);
    RUN(erasing_sets_all_bits_of_one_sector);
    RUN(a_cleared_bit_stays_clear_until_erased);
    RUN(only_whole_units_inside_the_flash);
    RUN(a_cut_tears_the_operation_and_ends_all);
    RUN(a_torn_erase_leaves_the_rest);
    RUN(the_board_has_flash);
    return bm_test_done();
}
