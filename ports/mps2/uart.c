/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stdout and stderr on CMSDK UART 0, polled. Reference: Arm DDI0479D, 4.3.
 */
#include <stdio.h>

#include "ports/mps2/internal.h"

#define UART0_DATA    REG32(mps2_board.uart0)
#define UART0_STATE   REG32(mps2_board.uart0 + 4u)
#define UART0_CTRL    REG32(mps2_board.uart0 + 8u)
#define UART0_BAUDDIV REG32(mps2_board.uart0 + 16u)

#define STATE_TX_FULL 1u
#define CTRL_TX       1u

/* The smallest divider the device accepts; below it prints nothing. */
#define BAUDDIV_MIN 16u

void mps2_uart_init(void)
{
    UART0_BAUDDIV = BAUDDIV_MIN;
    UART0_CTRL = CTRL_TX;
}

void mps2_uart_put(char c)
{
    while ((UART0_STATE & STATE_TX_FULL) != 0) {
    }
    UART0_DATA = (uint8_t)c;
}

static int put(char c, FILE *file)
{
    (void)file;
    mps2_uart_put(c);
    return (unsigned char)c;
}

/* picolibc takes its streams from these names. */
static FILE uart = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);
FILE *const stdin = &uart;
FILE *const stdout = &uart;
FILE *const stderr = &uart;
