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
#define DHCSR     REG32(0xe000edf0u)
#define DEMCR     REG32(0xe000edfcu)

struct mpu {
    uint32_t type;
    uint32_t ctrl;
    uint32_t rnr;
    uint32_t rbar;
    uint32_t rasr;
};
#define MPU ((volatile struct mpu *)0xe000ed90u)

#define ICSR_PENDING_CLEAR  ((1u << 27) | (1u << 25)) /* PendSV, SysTick */
#define DHCSR_DEBUG_ENABLED 1u

#define MPU_ENABLE_WITH_DEFAULT_MAP 5u
#define RASR_READ_ONLY              (6u << 24)
#define RASR_READ_WRITE             (3u << 24)
#define RASR_NO_EXECUTE             (1u << 28)
#define RASR_NORMAL_MEMORY          (1u << 17)
#define RASR_ENABLE                 1u

#define ERASED 0xffffffffu

/* B3.5.8: the size is 2^(SIZE+1), and the base a multiple of it. */
#define RASR_SIZE(size) ((30u - (uint32_t)__builtin_clz(size)) << 1 | 1u)
#define REGION(base, size, attributes)                            \
    {                                                             \
        base, RASR_SIZE(size) | RASR_NORMAL_MEMORY | (attributes) \
    }

enum {
    LOAD = 1, /* where something runs in RAM */
    SLOTS = 4 /* from here on, of each image two */
};

static const struct region {
    uint32_t base;
    uint32_t attributes;
} regions[] = {
    REGION(MAP_RAM, MAP_RAM_ALL, RASR_READ_WRITE | RASR_NO_EXECUTE),
    REGION(MAP_LOAD, MAP_LOAD_SIZE, RASR_READ_ONLY),
    REGION(MAP_CODE, MAP_CODE_ALL, RASR_READ_ONLY),
    REGION(MAP_BOOT, MAP_BOOT_SIZE, RASR_READ_ONLY | RASR_NO_EXECUTE),
    REGION(MAP_SLOT0, MAP_SLOT_SIZE, RASR_READ_WRITE | RASR_NO_EXECUTE),
    REGION(MAP_SLOT1, MAP_SLOT_SIZE, RASR_READ_WRITE | RASR_NO_EXECUTE),
    REGION(MAP_SECOND_SLOT0, MAP_SECOND_SIZE,
           RASR_READ_WRITE | RASR_NO_EXECUTE),
    REGION(MAP_SECOND_SLOT1, MAP_SECOND_SIZE,
           RASR_READ_WRITE | RASR_NO_EXECUTE),
};

/*
 * Regions from 1: number 0 is left to drivers of the application, and where
 * two overlap the greater number wins (B3.5.1), so it opens nothing. What runs
 * is read-only; RAM and the slots that do not run cannot be executed.
 *
 * While the MPU is off a region is written, then it is only compared: locked
 * twice, all regions are as they are to be, whichever instruction was skipped.
 */
void mps2_boot_lock(const struct bm_boot_result *result)
{
    volatile struct mpu *mpu = MPU;
    bool in_ram = mps2_boot.ram != NULL;
    uint32_t number = 0;

    BM_OPAQUE(mpu); /* offsets from there are shorter */
    for (uint32_t i = 0; i < SLOTS + 2 * mps2_boot.images; i++) {
        uint32_t base = regions[i].base;
        uint32_t attributes = regions[i].attributes;

        if (i >= SLOTS && i % 2 == result->slot) {
            attributes ^= RASR_READ_WRITE ^ RASR_READ_ONLY;
            attributes ^= in_ram ? 0 : RASR_NO_EXECUTE;
        }
        if (i != LOAD || in_ram) {
            mpu->rnr = ++number;
            if (mpu->ctrl == 0) {
                mpu->rbar = base;
                mpu->rasr = attributes;
            }
            if (mpu->rbar != (base | number) || mpu->rasr != attributes) {
                bm_fault();
            }
        }
    }
    mpu->ctrl = MPU_ENABLE_WITH_DEFAULT_MAP;
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
