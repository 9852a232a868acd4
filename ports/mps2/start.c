/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From reset to main(), and what happens on a fault. Reference: Arm DDI0403E,
 * B1.5 (exception model), B3.2 (system control space).
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ports/mps2/board.h"
#include "ports/mps2/internal.h"
#include "ports/mps2/semihost.h"

#define SCB_VTOR  REG32(0xe000ed08u)
#define SCB_SHCSR REG32(0xe000ed24u)
#define SCB_CFSR  REG32(0xe000ed28u)
#define SCB_MMFAR REG32(0xe000ed34u)
#define SCB_BFAR  REG32(0xe000ed38u)

/* Memory management, bus and usage faults get handlers of their own. */
#define SHCSR_FAULTS_ENABLED (7u << 16)

/* Left unpainted below the stack pointer: the loop itself runs there. */
#define PAINT_MARGIN 64u

/* Words of an exception frame, in the order the CPU pushes them. */
enum {
    FRAME_LR = 5,
    FRAME_PC = 6
};

extern uint32_t mps2_data_load[];
extern uint32_t mps2_data_start[];
extern uint32_t mps2_data_end[];
extern uint32_t mps2_bss_start[];
extern uint32_t mps2_bss_end[];
extern char mps2_tls[];

int main(void);
void _set_tls(void *tls); /* picolibc: where errno and its like are kept */
void mps2_start(void);
void mps2_fault(const uint32_t *frame, uint32_t exception);
__attribute__((naked)) void mps2_fault_entry(void);

void mps2_fault(const uint32_t *frame, uint32_t exception)
{
    printf("\nBail out! fault %lu pc=%08lx lr=%08lx cfsr=%08lx bfar=%08lx "
           "mmfar=%08lx\n",
           (unsigned long)exception, (unsigned long)frame[FRAME_PC],
           (unsigned long)frame[FRAME_LR], (unsigned long)SCB_CFSR,
           (unsigned long)SCB_BFAR, (unsigned long)SCB_MMFAR);
    bm_board_exit(BM_BOARD_EXIT_FAULT);
}

/* The frame lies where the stack pointer was: take it before C moves it. */
void mps2_fault_entry(void)
{
    __asm__ volatile("mrs r0, msp\n"
                     "mrs r1, ipsr\n"
                     "b mps2_fault\n");
}

static void paint_stack(void)
{
    uint32_t here;
    uint32_t end = (uint32_t)(uintptr_t)&here - PAINT_MARGIN;

    for (volatile uint32_t *p = mps2_stack_bottom; (uint32_t)(uintptr_t)p < end;
         p++) {
        *p = MPS2_STACK_PAINT;
    }
}

/* The first code after reset; the CPU has loaded the stack pointer. */
void mps2_start(void)
{
    size_t data = (uintptr_t)mps2_data_end - (uintptr_t)mps2_data_start;
    size_t bss = (uintptr_t)mps2_bss_end - (uintptr_t)mps2_bss_start;

    if (mps2_board.early != NULL) {
        mps2_board.early();
    }
    paint_stack();
    memcpy(mps2_data_start, mps2_data_load, data);
    memset(mps2_bss_start, 0, bss);
    _set_tls(mps2_tls);
    SCB_SHCSR |= SHCSR_FAULTS_ENABLED;
    mps2_uart_init();
    mps2_clock_init();
    bm_board_exit(main());
}

/* The exception table; interrupts of devices are not used. */
typedef void (*handler)(void);

struct vectors {
    uint32_t *stack;
    handler exceptions[15];
};

__attribute__((section(".vectors"), used)) static const struct vectors table = {
    mps2_stack_top,
    {
        mps2_start,
        mps2_fault_entry, /* NMI */
        mps2_fault_entry, /* hard fault */
        mps2_fault_entry, /* memory management fault */
        mps2_fault_entry, /* bus fault */
        mps2_fault_entry, /* usage fault */
        mps2_fault_entry, /* secure fault (Armv8-M; reserved before) */
        NULL,
        NULL,
        NULL,
        mps2_fault_entry, /* SVCall */
        mps2_fault_entry, /* debug monitor */
        NULL,
        mps2_fault_entry, /* PendSV */
        mps2_systick,
    },
};
