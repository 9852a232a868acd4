/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_BOARD_H
#define BM_PORTS_MPS2_BOARD_H

#include <stddef.h>
#include <stdint.h>

/*
 * The Arm MPS2 board with the AN385 image (Cortex-M3) as QEMU models it.
 * start.c runs first: it copies .data, clears .bss, paints the stack, starts
 * the UART and the clock, and calls main(). What main() returns becomes the
 * exit code of QEMU. stdout and stderr are UART 0.
 *
 * Memory:  0x00000000  4 MB   code        0x21000000  16 MB  flash (nor.h)
 *          0x20000000  4 MB   data, stack at the end
 *
 * Reference: Arm DAI0385D (AN385), DDI0479D (CMSDK), DDI0403E (ARMv7-M).
 */

/* Exit codes of the QEMU process that main() does not choose. */
enum {
    BM_BOARD_EXIT_FAULT = 99, /* CPU fault; registers were printed */
    BM_BOARD_EXIT_POWER = 98  /* the flash model cut the power (nor.h) */
};

/* The counter's rate on mps2-an385: 25 ticks are one microsecond. What runs on
 * other boards too asks bm_board_hz(). */
#define BM_BOARD_HZ 25000000u
uint32_t bm_board_hz(void);

/*
 * Ticks since the start, from the FPGA's free-running counter. Under QEMU's
 * -icount shift=0 one tick is 40 instructions, repeatably.
 */
uint64_t bm_board_ticks(void);

/* Milliseconds since the start; wraps after 49 days. */
uint32_t bm_board_ms(void);

/* Wait for the next interrupt, at the latest for the next millisecond. */
void bm_board_idle(void);

/*
 * Fill `buf` with random bytes; 0, or -1 and `buf` zero. They are the host's
 * /dev/urandom by semihosting: this board models no random number generator,
 * so this is a stand-in for development and not a design to ship.
 */
int bm_board_random(uint8_t *buf, size_t n);

/*
 * The value of word `key`=VALUE on the command line as a string in `value`;
 * 0, or -1 and an empty string if it is absent or longer than `cap` - 1.
 */
int bm_board_arg(const char *key, char *value, size_t cap);

/* The deepest the stack has been since the start, in bytes, and its size. */
size_t bm_board_stack_used(void);
size_t bm_board_stack_size(void);

/* End the program as if main() had returned `code`. */
__attribute__((noreturn)) void bm_board_exit(int code);

#endif
