/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_BOARD_H
#define BM_PORTS_BOARD_H

#include <stddef.h>
#include <stdint.h>

/*
 * What every board of this project gives the program that runs on it: time,
 * random bytes, an end. Start-up code comes before main(): it copies .data,
 * clears .bss, paints the stack, starts a console and a clock. What main()
 * returns becomes the exit code of QEMU; stdout and stderr are the console.
 *
 * A board is a folder beside this header; its own board.h says what else it
 * has. Tests that run on all of them, and the harness, need no more than this.
 */

/* Exit codes of the QEMU process that main() does not choose. */
enum {
    BM_BOARD_EXIT_FAULT = 99, /* CPU fault; registers were printed */
    BM_BOARD_EXIT_POWER = 98  /* the flash model cut the power */
};

/* Milliseconds since the start; wraps after 49 days. */
uint32_t bm_board_ms(void);

/* Wait for the next interrupt, at the latest for the next millisecond. */
void bm_board_idle(void);

/*
 * Fill `buf` with random bytes; 0, or -1 and `buf` zero. Where they come from,
 * and whether that is fit for keys, each board says for itself.
 */
int bm_board_random(uint8_t *buf, size_t n);

/* The deepest the stack has been since the start, in bytes, and its size. */
size_t bm_board_stack_used(void);
size_t bm_board_stack_size(void);

/* End the program as if main() had returned `code`. */
__attribute__((noreturn)) void bm_board_exit(int code);

#endif
