/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From reset to main(), and what happens on a fault. Reference: RISC-V
 * privileged architecture 1.12: 3.1 (machine-level CSRs), 3.7 (PMP).
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ports/board.h"
#include "ports/virt/internal.h"

/* Left unpainted below the stack pointer: the loop itself runs there. */
#define PAINT_MARGIN 64u

extern uint32_t virt_data_load[];
extern uint32_t virt_data_start[];
extern uint32_t virt_data_end[];
extern uint32_t virt_bss_start[];
extern uint32_t virt_bss_end[];

/* A fault may be that the stack is used up: it is printed from another one. */
uint8_t virt_fault_stack[2048] __attribute__((aligned(16)));

int main(void);
void virt_main(void);
void virt_fault(uint32_t cause, uint32_t pc, uint32_t value);
__attribute__((interrupt("machine"))) void virt_timer(void);
__attribute__((naked, aligned(4))) void virt_trap(void);
__attribute__((naked, section(".start"))) void virt_start(void);

void virt_fault(uint32_t cause, uint32_t pc, uint32_t value)
{
    printf("\nBail out! fault %lu pc=%08lx value=%08lx\n", (unsigned long)cause,
           (unsigned long)pc, (unsigned long)value);
    bm_board_exit(BM_BOARD_EXIT_FAULT);
}

void virt_timer(void)
{
    virt_clock_tick();
}

/* Interrupts have the highest bit of mcause set. The timer's is the only one
 * that is switched on; what is no interrupt does not come back. */
void virt_trap(void)
{
    __asm__ volatile("csrw mscratch, t0\n"
                     "csrr t0, mcause\n"
                     "bgez t0, 1f\n"
                     "csrr t0, mscratch\n"
                     "j virt_timer\n"
                     "1: la sp, virt_fault_stack + 2048\n"
                     "csrr a0, mcause\n"
                     "csrr a1, mepc\n"
                     "csrr a2, mtval\n"
                     "call virt_fault\n");
}

/* The first code after reset: QEMU jumps to the start of memory. */
void virt_start(void)
{
    __asm__ volatile("csrw mie, zero\n"
                     "la sp, virt_stack_top\n"
                     "la tp, virt_tls\n"
                     "la t0, virt_trap\n"
                     "csrw mtvec, t0\n"
                     "call virt_main\n");
}

/*
 * What the program was loaded into can be read and executed, not written, by
 * nobody and until reset: a stray write faults, as it would where code is in
 * flash, and so does a stack that grows out of its place, which is right
 * behind it (virt.ld). A naturally aligned power of two, 4 MB: the address is
 * counted in words, and its low ones are the size.
 */
static void lock_code(void)
{
    const uint32_t code = (0x80000000u >> 2) | ((0x00400000u >> 3) - 1);
    const uint32_t locked_napot_execute_read = 0x80u | 0x18u | 0x04u | 0x01u;

    __asm__ volatile("csrw pmpaddr0, %0\n"
                     "csrw pmpcfg0, %1"
                     :
                     : "r"(code), "r"(locked_napot_execute_read)
                     : "memory");
}

static void paint_stack(void)
{
    uint32_t here;
    uint32_t end = (uint32_t)(uintptr_t)&here - PAINT_MARGIN;

    for (volatile uint32_t *p = virt_stack_bottom; (uint32_t)(uintptr_t)p < end;
         p++) {
        *p = VIRT_STACK_PAINT;
    }
}

void virt_main(void)
{
    size_t data = (uintptr_t)virt_data_end - (uintptr_t)virt_data_start;
    size_t bss = (uintptr_t)virt_bss_end - (uintptr_t)virt_bss_start;

    paint_stack();
    memcpy(virt_data_start, virt_data_load, data);
    memset(virt_bss_start, 0, bss);
    lock_code();
    virt_clock_init();
    bm_board_exit(main());
}
