/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_NOR_H
#define BM_PORTS_MPS2_NOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"
#include "core/status.h"

/*
 * NOR flash over memory. The board's 16 MB of PSRAM stand in for it: QEMU
 * backs them with a file of the host (BM_NOR=FILE, run.sh), so the contents
 * survive a reset, the end of QEMU and a power cut. Memory would take any
 * write; this driver enforces what real flash does: erasing a sector sets
 * all of its bits, programming only clears bits, both in fixed units. On the
 * board the MPU makes the region read-only between calls, so that a stray
 * write faults.
 *
 * For tests the power fails when wanted: operation number `cut_at` is torn,
 * which means done in part, and every later one is refused, or the program
 * ends (BM_BOARD_EXIT_POWER) where `exit_on_cut` is set. An operation is one
 * sector erased or one page programmed.
 */

#define BM_NOR_SECTOR 4096u /* bytes erased at once */
#define BM_NOR_PAGE   256u  /* most bytes programmed in one operation */
#define BM_NOR_UNIT   4u    /* programming starts and ends at multiples */

/* The flash of mps2-an385; what is compiled for another board says where that
 * has it. */
#ifndef BM_NOR_BOARD_BASE
#define BM_NOR_BOARD_BASE 0x21000000u
#endif
#define BM_NOR_BOARD_SIZE 0x01000000u

struct bm_nor {
    uint8_t *base;
    size_t size; /* a multiple of BM_NOR_SECTOR */

    uint32_t operations; /* done since the start, for a test to count */
    uint32_t cut_at;     /* the operation to tear, counted from 1; 0: none */
    uint32_t tear;       /* how much of it is done, any number */
    bool exit_on_cut;    /* end the program instead of refusing */
    bool off;            /* the power has failed */
};

/* Flash over the `size` bytes at `base`, which keep their contents. */
void bm_nor_init(struct bm_nor *nor, uint8_t *base, size_t size);

/* The board's flash. Erased only if the file behind it is new. */
void bm_nor_board(struct bm_nor *nor);

/* Copy `n` bytes at `offset` into `buf`; any alignment. */
BM_MUST_CHECK bm_status bm_nor_read(const struct bm_nor *nor, size_t offset,
                                    uint8_t *buf, size_t n);

/* Erase the sector that starts at `offset`: all of its bytes become 0xff. */
BM_MUST_CHECK bm_status bm_nor_erase(struct bm_nor *nor, size_t offset);

/*
 * Program `data` at `offset`; both in whole units. Bytes may be programmed
 * again as long as bits only go from 1 to 0; if one would have to go back,
 * nothing is written and the answer is BM_E_FLASH_BITS.
 */
BM_MUST_CHECK bm_status bm_nor_program(struct bm_nor *nor, size_t offset,
                                       struct bm_bytes data);

#endif
