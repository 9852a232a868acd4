/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time. The FPGA's 32-bit counter runs at 25 MHz and wraps after 171 s (an505:
 * 20 MHz, 214 s); the
 * 1 kHz tick extends it to 64 bits. Ticks may be lost when the host is busy,
 * so they never count as time themselves: they only wake the CPU and look at
 * the counter often enough. (QEMU's user network also needs a guest that
 * wakes up regularly: without a tick each packet may wait up to a second.)
 */
#include "ports/mps2/board.h"
#include "ports/mps2/internal.h"

#define FPGAIO_COUNTER  REG32(mps2_board.fpgaio + 0x18u)
#define FPGAIO_PRESCALE REG32(mps2_board.fpgaio + 0x1cu)
#define SYST_CSR        REG32(0xe000e010u)
#define SYST_RVR        REG32(0xe000e014u)
#define SYST_CVR        REG32(0xe000e018u)

#define SYST_ENABLE_INTERRUPT_CPU_CLOCK 7u

#define TICKS_PER_MS (mps2_board.hz / 1000u)

static uint32_t wraps;
static uint32_t last;

void mps2_clock_init(void)
{
    FPGAIO_PRESCALE = 0; /* COUNTER advances with every cycle */
    FPGAIO_COUNTER = 0;
    SYST_RVR = TICKS_PER_MS - 1;
    SYST_CVR = 0;
    SYST_CSR = SYST_ENABLE_INTERRUPT_CPU_CLOCK;
}

static uint32_t interrupts_off(void)
{
    uint32_t before;

    __asm__ volatile("mrs %0, primask\n"
                     "cpsid i"
                     : "=r"(before)
                     :
                     : "memory");
    return before;
}

static void interrupts_restore(uint32_t before)
{
    __asm__ volatile("msr primask, %0" : : "r"(before) : "memory");
}

uint32_t bm_board_hz(void)
{
    return mps2_board.hz;
}

uint64_t bm_board_ticks(void)
{
    uint32_t before = interrupts_off();
    uint32_t now = FPGAIO_COUNTER;
    uint64_t ticks;

    if (now < last) {
        wraps++;
    }
    last = now;
    ticks = ((uint64_t)wraps << 32) | now;
    interrupts_restore(before);
    return ticks;
}

uint32_t bm_board_ms(void)
{
    return (uint32_t)(bm_board_ticks() / TICKS_PER_MS);
}

void mps2_systick(void)
{
    (void)bm_board_ticks();
}

void bm_board_idle(void)
{
    __asm__ volatile("wfi");
}
