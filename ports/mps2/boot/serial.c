/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CMSDK UART 0, polled, and the board's counter. Reference: Arm DDI0479D, 4.3;
 * DAI0385D, 4.4.
 */
#include "ports/mps2/boot/internal.h"

#define UART0_DATA    REG32(0x40004000u)
#define UART0_STATE   REG32(0x40004004u)
#define UART0_CTRL    REG32(0x40004008u)
#define UART0_BAUDDIV REG32(0x40004010u)

#define STATE_TX_FULL 1u
#define STATE_RX_FULL 2u
#define CTRL_TX_RX    3u
#define BAUDDIV_MIN   16u /* below it the device does nothing */

#define FPGA_COUNTER REG32(0x40028018u)
#define SECOND       25000000u

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

bm_status mps2_boot_get(void *self, uint8_t *octet)
{
    uint32_t start = FPGA_COUNTER;

    (void)self;
    while ((UART0_STATE & STATE_RX_FULL) == 0) {
        if (FPGA_COUNTER - start > SECOND) {
            return BM_E_RECOVERY_TIMEOUT;
        }
    }
    *octet = (uint8_t)UART0_DATA;
    return BM_OK;
}
