/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_INTERNAL_H
#define BM_PORTS_MPS2_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

/* What the files of this folder share, and nobody else needs. */

/* A device register. */
#define REG32(address) (*(volatile uint32_t *)(address))

/*
 * What differs between the boards that these files run on: an385.c here, and
 * an505/ with one for each of its two worlds. Linked as a constant, so that one
 * compilation serves all.
 */
struct mps2_board {
    uint32_t hz; /* of the CPU, and of FPGAIO's counter */
    uint32_t uart0;
    uint32_t fpgaio;
    uint32_t nor; /* what stands in for flash */
    uint32_t nor_size;
    /* The first code after reset, before there are variables; or NULL. */
    void (*early)(void);
    /* Let the CPU write to that flash, or fault if it tries to. */
    void (*nor_writable)(bool writable);
};
extern const struct mps2_board mps2_board;

void mps2_uart_init(void);
void mps2_uart_put(char c);
void mps2_clock_init(void);

/* Exception handlers named in start.c's table and written elsewhere. */
void mps2_systick(void);

/* From mps2.ld. */
extern uint32_t mps2_stack_bottom[];
extern uint32_t mps2_stack_top[];

/* What start.c paints the stack with. */
#define MPS2_STACK_PAINT 0xa5a5a5a5u

#endif
