/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CMSDK UART 0, polled. Reference: Arm DDI0479D, 4.3.
 */
#include "ports/mps2/boot/internal.h"

#define UART0_DATA    REG32(0x40004000u)
#define UART0_STATE   REG32(0x40004004u)
#define UART0_CTRL    REG32(0x40004008u)
#define UART0_BAUDDIV REG32(0x40004010u)

#define STATE_TX_FULL 1u
#define CTRL_TX_RX    3u
#define BAUDDIV_MIN   16u /* below it the device does nothing */

void mps2_boot_serial_open(void)
{
    UART0_BAUDDIV = BAUDDIV_MIN;
    UART0_CTRL = CTRL_TX_RX;
}

void mps2_boot_put(uint8_t octet)
{
    while ((UART0_STATE & STATE_TX_FULL) != 0) {
    }
    UART0_DATA = octet;
}
