/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step of nor_persist.sh per run of QEMU, named by do=STEP. Exit code 0
 * if the flash is as the step expects it.
 */
#include "ports/mps2/board.h"
#include "ports/mps2/nor.h"

#include <string.h>

static const uint8_t first[8] = "written";
static const uint8_t second[8] = "again";

static int holds(const struct bm_nor *nor, size_t offset, const uint8_t *want)
{
    uint8_t found[8];

    return bm_nor_read(nor, offset, found, sizeof found) == BM_OK &&
           memcmp(found, want, sizeof found) == 0;
}

static int is_erased(const struct bm_nor *nor)
{
    static const uint8_t erased[8] = { 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff };

    return holds(nor, 0, erased) && holds(nor, nor->size - 8, erased);
}

/* The power fails in the middle of the second word: half of it is there. */
static int write_and_fail(struct bm_nor *nor)
{
    nor->cut_at = 2;
    nor->tear = sizeof second / 2;
    nor->exit_on_cut = true;
    return bm_nor_program(nor, 0, BM_ARRAY(first)) == BM_OK &&
           bm_nor_program(nor, 8, BM_ARRAY(second)) == BM_OK;
}

static int kept_what_was_whole(const struct bm_nor *nor)
{
    uint8_t found[8];

    return holds(nor, 0, first) &&
           bm_nor_read(nor, 8, found, sizeof found) == BM_OK &&
           memcmp(found, second, 4) == 0 && found[7] == 0xff;
}

static int write_past_the_driver(void)
{
    *(volatile uint8_t *)(uintptr_t)BM_NOR_BOARD_BASE = 0;
    return 1;
}

int main(void)
{
    struct bm_nor nor;
    char step[16];
    int ok = 0;

    bm_nor_board(&nor);
    if (bm_board_arg("do", step, sizeof step) != 0) {
        return 2;
    }
    if (strcmp(step, "erased") == 0) {
        ok = is_erased(&nor);
    } else if (strcmp(step, "fail") == 0) {
        ok = write_and_fail(&nor);
    } else if (strcmp(step, "kept") == 0) {
        ok = kept_what_was_whole(&nor);
    } else if (strcmp(step, "stray") == 0) {
        ok = write_past_the_driver();
    }
    return ok ? 0 : 1;
}
