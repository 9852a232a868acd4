/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From reset to mps2_boot_main(). Reference: Arm DDI0403E, B1.5.
 */
#include "boot/harden.h"
#include "ports/mps2/boot/internal.h"

void mps2_boot_start(void);

/* The first code after reset; the CPU has loaded the stack pointer. */
void mps2_boot_start(void)
{
    uint32_t end = (uint32_t)(uintptr_t)mps2_boot_bss_end;

    for (volatile uint32_t *p = mps2_boot_clear_start;
         (uint32_t)(uintptr_t)p < end; p++) {
        *p = 0;
    }
    mps2_boot_main();
}

typedef void (*handler)(void);

/* No interrupt is used. A fault stops the device: it is the answer to an
 * attack as well as to a bug, and a watchdog ends it. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    handler exceptions[15];
} table = {
    mps2_boot_stack_top,
    { mps2_boot_start, bm_fault, bm_fault, bm_fault, bm_fault, bm_fault,
      bm_fault, bm_fault, bm_fault, bm_fault, bm_fault, bm_fault, bm_fault,
      bm_fault, bm_fault },
};
