/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the application cannot change, and what is left of us for it to find.
 * Reference: Arm DDI0403E, B3.2 (system control), B3.3 (SysTick), B3.4 (NVIC),
 * B3.5 (MPU), C1.6 (debug).
 */
#include "boot/harden.h"
#include "ports/mps2/boot/internal.h"
#include "ports/mps2/boot/map.h"

#define SYST_CSR  REG32(0xe000e010u)
#define NVIC_ICER REG32(0xe000e180u)
#define NVIC_ICPR REG32(0xe000e280u)
#define SCB_ICSR  REG32(0xe000ed04u)
#define MPU_CTRL  REG32(0xe000ed94u)
#define MPU_RBAR  REG32(0xe000ed9cu)
#define MPU_RASR  REG32(0xe000eda0u)
#define DHCSR     REG32(0xe000edf0u)
#define DEMCR     REG32(0xe000edfcu)

#define ICSR_PENDING_CLEAR  ((1u << 27) | (1u << 25)) /* PendSV, SysTick */
#define DHCSR_DEBUG_ENABLED 1u

#define MPU_ENABLE_WITH_DEFAULT_MAP 5u
#define RBAR_VALID                  (1u << 4)
#define RASR_READ_ONLY              (6u << 24)
#define RASR_NO_EXECUTE             ((1u << 28) | (3u << 24))
#define RASR_NORMAL_MEMORY          (1u << 17)
#define RASR_ENABLE                 1u

#define ERASED 0xffffffffu

static void guard(uint32_t number, uint32_t base, uint32_t size,
                  uint32_t attributes)
{
    /* B3.5.8: the size is 2^(SIZE+1), and the base a multiple of it. */
    uint32_t log2 = 31u - (uint32_t)__builtin_clz(size);

    MPU_RBAR = base | RBAR_VALID | number;
    MPU_RASR = attributes | (log2 - 1) << 1 | RASR_ENABLE;
}

/*
 * Regions from 1: number 0 is left to drivers of the application, and where
 * two overlap the greater number wins (B3.5.1), so it opens nothing. What runs
 * is read-only, what may be written cannot run.
 */
void mps2_boot_lock(const struct bm_boot_result *result)
{
    uint32_t number = 1;

    guard(number++, MAP_CODE, MAP_CODE_SIZE, RASR_READ_ONLY);
    guard(number++, MAP_BOOT, MAP_BOOT_SIZE,
          RASR_READ_ONLY | RASR_NORMAL_MEMORY);
    for (unsigned i = 0; i < mps2_boot.images; i++) {
        for (unsigned s = 0; s < 2; s++) {
            const struct bm_flash *f = &mps2_boot.slot[i][s].flash;

            guard(number++, (uint32_t)(uintptr_t)f->self,
                  f->sector * f->sectors,
                  RASR_NORMAL_MEMORY |
                      (s == result->slot ? RASR_READ_ONLY : RASR_NO_EXECUTE));
        }
    }
    MPU_CTRL = MPU_ENABLE_WITH_DEFAULT_MAP;
}

enum bm_lifecycle mps2_boot_lifecycle(void)
{
    if (!bm_sure_equal(REG32(MAP_LIFECYCLE_CLOSED), ERASED)) {
        return BM_LIFECYCLE_CLOSED;
    }
    if (!bm_sure_equal(REG32(MAP_LIFECYCLE_PROVISIONED), ERASED)) {
        return BM_LIFECYCLE_PROVISIONED;
    }
    return BM_LIFECYCLE_OPEN;
}

/*
 * A part that can be closed has a fuse for it, and here it would be checked
 * that it is blown. This board has none: a probe that halted the CPU before it
 * came here is noticed, one that comes later is not.
 */
void mps2_boot_lock_debug(void)
{
    if ((DHCSR & DHCSR_DEBUG_ENABLED) != 0) {
        bm_fault();
    }
    DEMCR = 0;
}

void mps2_boot_quiesce(void)
{
    SYST_CSR = 0;
    NVIC_ICER = ~0u;
    NVIC_ICPR = ~0u;
    SCB_ICSR = ICSR_PENDING_CLEAR;
}
