/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way through a start: decide, tell, lock, jump. Reference: Arm DDI0403E,
 * B1.5.5 (reset), B3.2 (system control).
 */
#include "boot/harden.h"
#include "ports/mps2/boot/internal.h"
#include "ports/mps2/boot/map.h"

#define SCB_VTOR  REG32(0xe000ed08u)
#define SCB_AIRCR REG32(0xe000ed0cu)

#define AIRCR_RESET 0x05fa0004u /* the key, SYSRESETREQ */

#define FPGA_BUTTON REG32(0x40028008u)

/* VTOR has no lower bits: a table lies at a multiple (B3.2.5). */
#define VECTORS_ALIGN 128u

_Noreturn void mps2_boot_reset(void)
{
    __asm__ volatile("dsb" ::: "memory");
    SCB_AIRCR = AIRCR_RESET;
    bm_fault();
}

/*
 * Out of here, into the table of vectors at `address`: the stack pointer, then
 * the first instruction. Without both words of the verdict the address is
 * another, and nothing is there.
 */
static _Noreturn void jump(const struct bm_verdict *verdict, uint32_t address)
{
    if (!bm_verdict_yes(verdict)) {
        bm_fault();
    }
    address = bm_jump_address(verdict, address);
    SCB_VTOR = address;
    __asm__ volatile("dsb\n"
                     "ldrd r1, r2, [%0]\n"
                     "msr msp, r1\n"
                     "isb\n"
                     "bx r2\n" ::"r"(address)
                     : "r1", "r2", "memory");
    __builtin_unreachable();
}

/* By the application's wish, or by hand. */
static bool recovery_wanted(void)
{
    volatile uint32_t *word = mps2_boot_front.recovery;
    bool wanted = (word[0] == MAP_RECOVERY_WORD && word[1] == ~word[0]) ||
                  (FPGA_BUTTON & 1u) != 0;

    word[0] = 0; /* once; and the keys start as none */
    word[1] = 0;
    return wanted;
}

/* What the application is told. That it cannot be told is no reason not to
 * start it: it finds nothing that is valid, and knows. */
static void tell(const struct bm_boot_result *result,
                 enum bm_lifecycle lifecycle)
{
    struct bm_wr w;

    bm_wr_init(&w, mps2_boot_front.handover, sizeof mps2_boot_front.handover);
    bm_handover_begin(&w);
    bm_wr_put(&w, mps2_boot_others());
    bm_handover_image(&w, 0, &result->image);
    if (bm_handover_end(&w, result, lifecycle) != BM_OK) {
        mps2_boot_front.handover[0] = 0;
    }
}

_Noreturn void mps2_boot_main(void)
{
    struct bm_boot_result result = { .address = 0 };
    enum bm_lifecycle lifecycle = mps2_boot_lifecycle();
    bool wanted = recovery_wanted();
    bm_status rc;

    BM_VERDICT_NO(&result.verdict);
    if (!bm_sure_equal(lifecycle, BM_LIFECYCLE_OPEN) &&
        !bm_sure_equal(lifecycle, BM_LIFECYCLE_PROVISIONED)) {
        mps2_boot_lock_debug();
        mps2_boot_lock_debug();
    }
    /* A recovery that was asked for is entered after the decision, too: what
     * was begun is finished first (recovery.h). */
    rc = mps2_boot_counters_open();
    if (rc == BM_OK) {
        rc = mps2_boot_decide(&result);
    }
    if (wanted || rc != BM_OK || !bm_verdict_yes(&result.verdict) ||
        result.address % VECTORS_ALIGN != 0) {
        mps2_boot_recover(&result, rc);
    }
    tell(&result, lifecycle);
    mps2_boot_quiesce();
    if (!bm_sure_equal(lifecycle, BM_LIFECYCLE_OPEN)) {
        mps2_boot_lock(&result); /* sets, */
        mps2_boot_lock(&result); /* and compares */
    }
    jump(&result.verdict, result.address);
}
