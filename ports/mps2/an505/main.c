/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secure image: who may touch what, then its keys, then the program of the
 * other world, which comes back through the veneers alone. References: Arm
 * DDI0553 (ARMv8-M; B8 for the SAU), DAI0505B (AN505), DDI0571 (SSE-200's
 * security controllers).
 */
#include <arm_cmse.h>
#include <stdio.h>

#include "boot/handover.h"
#include "ports/mps2/an505/an505.h"
#include "ports/mps2/an505/keys.h"
#include "ports/mps2/internal.h"

#define SAU_CTRL REG32(0xe000edd0u)
#define SAU_RNR  REG32(0xe000edd8u)
#define SAU_RBAR REG32(0xe000eddcu)
#define SAU_RLAR REG32(0xe000ede0u)

#define SAU_ENABLE    1u
#define RLAR_ENABLE   1u
#define RLAR_CALLABLE 2u

#define SCB_SHCSR    REG32(0xe000ed24u)
#define SECURE_FAULT (1u << 19)
#define SCB_NS_VTOR  REG32(0xe002ed08u)
#define SYST_CSR     REG32(0xe000e010u)

/* Gates of peripherals: a bit opens one to the other world. */
#define SPCTRL_NSCCFG   REG32(0x50080014u)
#define SPCTRL_AHB_EXP0 REG32(0x50080060u) /* Ethernet, GPIO */
#define SPCTRL_APB0     REG32(0x50080070u) /* timers */
#define SPCTRL_APB_EXP1 REG32(0x50080084u) /* UARTs, SPI, I2C */
#define SPCTRL_APB_EXP2 REG32(0x50080088u) /* FPGAIO, SCC */
#define NSCCFG_CODE     1u
#define GATES_ALL       0xffffffffu

/* The gate of the third SSRAM: a table with a bit for each of its blocks. The
 * gates themselves (APB_EXP0) stay shut. */
#define MPC3_CTRL     REG32(0x58009000u)
#define MPC3_BLK_MAX  REG32(0x58009010u)
#define MPC3_BLK_IDX  REG32(0x58009018u)
#define MPC3_BLK_LUT  REG32(0x5800901cu)
#define CTRL_AUTO_INC 0x100u

extern uint32_t mps2_veneers_start[];
extern uint32_t mps2_veneers_end[];

/* Everything that no region names is secure. */
static void open_region(uint32_t n, uint32_t from, uint32_t end, uint32_t how)
{
    SAU_RNR = n;
    SAU_RBAR = from;
    SAU_RLAR = ((end - 1u) & ~31u) | how | RLAR_ENABLE;
}

static void open_memory(void)
{
    MPC3_CTRL &= ~CTRL_AUTO_INC;
    for (uint32_t i = 0; i <= MPC3_BLK_MAX; i++) {
        MPC3_BLK_IDX = i;
        MPC3_BLK_LUT = GATES_ALL;
    }
}

/*
 * Before there are variables. Devices that are opened are not secure any more
 * for us either, which is why the UART is the same address in both worlds.
 */
static void open_world(void)
{
    open_region(0, AN505_RAM, AN505_RAM_END, 0);
    open_region(1, 0x40000000u, 0x50000000u, 0);
    open_region(2, AN505_NOR, AN505_NOR + AN505_NOR_SIZE, 0);
    open_region(3, (uint32_t)(uintptr_t)mps2_veneers_start,
                (uint32_t)(uintptr_t)mps2_veneers_end, RLAR_CALLABLE);
    SAU_CTRL = SAU_ENABLE;
    SPCTRL_AHB_EXP0 = GATES_ALL;
    SPCTRL_APB0 = GATES_ALL;
    SPCTRL_APB_EXP1 = GATES_ALL;
    SPCTRL_APB_EXP2 = GATES_ALL;
    SPCTRL_NSCCFG = NSCCFG_CODE;
    open_memory();
    SCB_SHCSR |= SECURE_FAULT;
    __asm__ volatile("dsb\n"
                     "isb" ::
                         : "memory");
}

const struct mps2_board mps2_board = {
    .hz = AN505_HZ,
    .uart0 = AN505_UART0,
    .fpgaio = AN505_FPGAIO,
    .nor = AN505_SECURE_NOR,
    .nor_size = AN505_SECURE_FLASH,
    .early = open_world,
    .nor_writable = an505_nor_writable,
};

/*
 * What a bootloader would say, where the program looks for it: that it started
 * as always. It was not verified, and the life cycle says that the board is one
 * of development.
 */
static bm_status hand_over(void)
{
    const struct bm_boot_result result = { .event = BM_BOOT_NORMAL };
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)(uintptr_t)AN505_RAM, BM_HANDOVER_MAX);
    bm_handover_begin(&w);
    return bm_handover_end(&w, &result, BM_LIFECYCLE_OPEN);
}

typedef void __attribute__((cmse_nonsecure_call)) program(void);

/* Its stack, its table of exceptions, its first instruction. */
static void start_program(void)
{
    const uint32_t *vectors = (const uint32_t *)(uintptr_t)AN505_PROGRAM;
    program *first =
        (program *)cmse_nsfptr_create((program *)(uintptr_t)vectors[1]);

    SYST_CSR = 0; /* time is the program's affair */
    SCB_NS_VTOR = AN505_PROGRAM;
    __asm__ volatile("msr msp_ns, %0\n"
                     "msr msplim, %1" ::"r"(vectors[0]),
                     "r"(mps2_stack_bottom));
    first();
}

int main(void)
{
    bm_status rc = keys_open();

    if (rc == BM_OK) {
        rc = hand_over();
    }
    if (rc != BM_OK) {
        printf("secure: no keys, status=%04x\n", (unsigned)rc);
        return 1;
    }
    start_program();
    return 1; /* it does not come back */
}
