/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MPU of ARMv8-M (Arm DDI0553, B8; PMSAv8) as the guard of flash. Each
 * world has an MPU of its own at these addresses, so both link this file.
 */
#include "ports/mps2/an505/an505.h"
#include "ports/mps2/internal.h"

#define MPU_CTRL  REG32(0xe000ed94u)
#define MPU_RNR   REG32(0xe000ed98u)
#define MPU_RBAR  REG32(0xe000ed9cu)
#define MPU_RLAR  REG32(0xe000eda0u)
#define MPU_MAIR0 REG32(0xe000edc0u)

#define MPU_ENABLE_WITH_DEFAULT_MAP 5u
#define MPU_REGION                  0u
#define MAIR_NORMAL_UNCACHED        0x44u
#define RBAR_READ_WRITE             (1u << 1)
#define RBAR_READ_ONLY              (3u << 1)
#define RLAR_ENABLE                 1u

void an505_nor_writable(bool writable)
{
    MPU_MAIR0 = MAIR_NORMAL_UNCACHED;
    MPU_RNR = MPU_REGION;
    MPU_RBAR = mps2_board.nor | (writable ? RBAR_READ_WRITE : RBAR_READ_ONLY);
    MPU_RLAR =
        ((mps2_board.nor + mps2_board.nor_size - 1u) & ~31u) | RLAR_ENABLE;
    MPU_CTRL = MPU_ENABLE_WITH_DEFAULT_MAP;
    __asm__ volatile("dsb\n"
                     "isb" ::
                         : "memory");
}
