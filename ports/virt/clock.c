/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time: the machine timer, 64 bits at 10 MHz, which compares itself with a
 * second register and interrupts when it has passed it. Reference: RISC-V
 * privileged architecture 1.12, 3.2.1.
 */
#include "ports/board.h"
#include "ports/virt/internal.h"

#define MTIMECMP_LOW  REG32(0x02004000u)
#define MTIMECMP_HIGH REG32(0x02004004u)
#define MTIME_LOW     REG32(0x0200bff8u)
#define MTIME_HIGH    REG32(0x0200bffcu)

#define TICKS_PER_MS 10000u

#define MIE_MACHINE_TIMER 0x80u
#define MSTATUS_MIE       0x08u

static uint64_t ticks(void)
{
    uint32_t high;
    uint32_t low;

    /* The low half may wrap between the two. */
    do {
        high = MTIME_HIGH;
        low = MTIME_LOW;
    } while (high != MTIME_HIGH);
    return ((uint64_t)high << 32) | low;
}

/* The next interrupt, in a millisecond. */
void virt_clock_tick(void)
{
    uint64_t next = ticks() + TICKS_PER_MS;

    /* Never a value in between that has passed already. */
    MTIMECMP_HIGH = UINT32_MAX;
    MTIMECMP_LOW = (uint32_t)next;
    MTIMECMP_HIGH = (uint32_t)(next >> 32);
}

void virt_clock_init(void)
{
    virt_clock_tick();
    __asm__ volatile("csrs mie, %0\n"
                     "csrs mstatus, %1"
                     :
                     : "r"(MIE_MACHINE_TIMER), "r"(MSTATUS_MIE)
                     : "memory");
}

uint32_t bm_board_ms(void)
{
    return (uint32_t)(ticks() / TICKS_PER_MS);
}

void bm_board_idle(void)
{
    __asm__ volatile("wfi");
}
