/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mps2/nor.h"

#include <string.h>

#include "ports/mps2/board.h"
#include "ports/mps2/internal.h"

/* Only the board's flash is guarded; memory of tests is not. */
static void board_writable(const struct bm_nor *nor, bool writable)
{
    if ((uint32_t)(uintptr_t)nor->base == mps2_board.nor) {
        mps2_board.nor_writable(writable);
    }
}

void bm_nor_init(struct bm_nor *nor, uint8_t *base, size_t size)
{
    *nor = (struct bm_nor){ .base = base, .size = size };
}

void bm_nor_board(struct bm_nor *nor)
{
    bm_nor_init(nor, (uint8_t *)(uintptr_t)mps2_board.nor, mps2_board.nor_size);
    board_writable(nor, false);
}

/* BM_OK if `n` bytes at `offset` are there, aligned to `unit`, and powered. */
static bm_status usable(const struct bm_nor *nor, size_t offset, size_t n,
                        size_t unit)
{
    if (nor->off) {
        return BM_E_FLASH_POWER;
    }
    if (offset > nor->size || n > nor->size - offset) {
        return BM_E_FLASH_RANGE;
    }
    return offset % unit == 0 && n % unit == 0 ? BM_OK : BM_E_FLASH_ALIGN;
}

bm_status bm_nor_read(const struct bm_nor *nor, size_t offset, uint8_t *buf,
                      size_t n)
{
    BM_TRY(usable(nor, offset, n, 1));
    memcpy(buf, nor->base + offset, n);
    return BM_OK;
}

/* Count an operation; true if the power fails during it. */
static bool power_fails(struct bm_nor *nor)
{
    nor->operations++;
    return nor->operations == nor->cut_at;
}

/* The power has failed; nothing after the torn operation happens. */
static bm_status power_off(struct bm_nor *nor)
{
    nor->off = true;
    if (nor->exit_on_cut) {
        bm_board_exit(BM_BOARD_EXIT_POWER);
    }
    return BM_E_FLASH_POWER;
}

bm_status bm_nor_erase(struct bm_nor *nor, size_t offset)
{
    uint8_t *sector = nor->base + offset;
    size_t whole = BM_NOR_SECTOR;
    bool torn;

    BM_TRY(usable(nor, offset, BM_NOR_SECTOR, BM_NOR_SECTOR));
    torn = power_fails(nor);
    if (torn) {
        whole = nor->tear % BM_NOR_SECTOR;
    }
    board_writable(nor, true);
    memset(sector, 0xff, whole);
    if (torn) {
        /* The cell at the edge has some of its bits back. */
        sector[whole] |= (uint8_t)(nor->tear >> 8);
    }
    board_writable(nor, false);
    return torn ? power_off(nor) : BM_OK;
}

/* Program at most a page. */
static bm_status program_page(struct bm_nor *nor, size_t offset,
                              struct bm_bytes data)
{
    uint8_t *at = nor->base + offset;
    size_t whole = data.n;
    bool torn = power_fails(nor);

    if (torn) {
        whole = nor->tear % data.n;
    }
    board_writable(nor, true);
    for (size_t i = 0; i < whole; i++) {
        at[i] &= data.p[i];
    }
    if (torn) {
        /* The cell at the edge has lost only some of its bits. */
        at[whole] &= (uint8_t)(data.p[whole] | (nor->tear >> 8));
    }
    board_writable(nor, false);
    return torn ? power_off(nor) : BM_OK;
}

bm_status bm_nor_program(struct bm_nor *nor, size_t offset,
                         struct bm_bytes data)
{
    BM_TRY(usable(nor, offset, data.n, BM_NOR_UNIT));
    for (size_t i = 0; i < data.n; i++) {
        if ((data.p[i] & ~nor->base[offset + i]) != 0) {
            return BM_E_FLASH_BITS;
        }
    }
    while (data.n > 0) {
        size_t room = BM_NOR_PAGE - offset % BM_NOR_PAGE;
        size_t n = data.n < room ? data.n : room;

        BM_TRY(program_page(nor, offset, (struct bm_bytes){ data.p, n }));
        data.p += n;
        data.n -= n;
        offset += n;
    }
    return BM_OK;
}
