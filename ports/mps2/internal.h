/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_INTERNAL_H
#define BM_PORTS_MPS2_INTERNAL_H

#include <stdint.h>

/* What the files of this folder share, and nobody else needs. */

/* A device register. */
#define REG32(address) (*(volatile uint32_t *)(address))

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
