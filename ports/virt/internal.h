/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_VIRT_INTERNAL_H
#define BM_PORTS_VIRT_INTERNAL_H

#include <stdint.h>

/* What the files of this folder share, and nobody else needs. */

/* A device register. */
#define REG8(address)  (*(volatile uint8_t *)(address))
#define REG32(address) (*(volatile uint32_t *)(address))

void virt_uart_put(char c);
void virt_clock_init(void);
void virt_clock_tick(void);

/* From virt.ld. */
extern uint32_t virt_stack_bottom[];
extern uint32_t virt_stack_top[];

/* What start.c paints the stack with. */
#define VIRT_STACK_PAINT 0xa5a5a5a5u

#endif
