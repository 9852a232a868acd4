/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stdout and stderr on UART 0, a 16550, polled. QEMU's needs neither a divider
 * nor its FIFOs to print.
 */
#include <stdio.h>

#include "ports/virt/internal.h"

#define UART_THR REG8(0x10000000u)
#define UART_LSR REG8(0x10000005u)

#define LSR_THR_EMPTY 0x20u

void virt_uart_put(char c)
{
    while ((UART_LSR & LSR_THR_EMPTY) == 0) {
    }
    UART_THR = (uint8_t)c;
}

static int put(char c, FILE *file)
{
    (void)file;
    virt_uart_put(c);
    return (unsigned char)c;
}

/* picolibc takes its streams from these names. */
static FILE uart = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);
FILE *const stdin = &uart;
FILE *const stdout = &uart;
FILE *const stderr = &uart;
