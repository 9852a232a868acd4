/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board mps2-an385: where its devices are (Arm DAI0385D), and the MPU of
 * ARMv7-M (DDI0403E, B3.5) as the guard of its flash.
 */
#include "ports/mps2/board.h"
#include "ports/mps2/internal.h"
#include "ports/mps2/nor.h"

#define MPU_CTRL REG32(0xe000ed94u)
#define MPU_RNR  REG32(0xe000ed98u)
#define MPU_RBAR REG32(0xe000ed9cu)
#define MPU_RASR REG32(0xe000eda0u)

#define MPU_ENABLE_WITH_DEFAULT_MAP 5u
/* The highest number wins: what a bootloader locked stays so. */
#define MPU_REGION         0u
#define RASR_ENABLE_16MB   ((23u << 1) | 1u)
#define RASR_NORMAL_MEMORY (1u << 17)
#define RASR_READ_ONLY     (6u << 24)
#define RASR_READ_WRITE    (3u << 24)

static void nor_writable(bool writable)
{
    MPU_RNR = MPU_REGION;
    MPU_RBAR = BM_NOR_BOARD_BASE;
    MPU_RASR = RASR_ENABLE_16MB | RASR_NORMAL_MEMORY |
               (writable ? RASR_READ_WRITE : RASR_READ_ONLY);
    MPU_CTRL = MPU_ENABLE_WITH_DEFAULT_MAP;
    __asm__ volatile("dsb\n"
                     "isb" ::
                         : "memory");
}

const struct mps2_board mps2_board = {
    .hz = BM_BOARD_HZ,
    .uart0 = 0x40004000u,
    .fpgaio = 0x40028000u,
    .nor = BM_NOR_BOARD_BASE,
    .nor_size = BM_NOR_BOARD_SIZE,
    .nor_writable = nor_writable,
};
