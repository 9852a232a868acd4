/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_BOARD_H
#define BM_PORTS_MPS2_BOARD_H

#include <stddef.h>
#include <stdint.h>

#include "ports/board.h"

/*
 * The Arm MPS2 board as QEMU models it; what it has beyond ports/board.h: with
 * the AN385 image, a Cortex-M3, and with AN505, a Cortex-M33 of other addresses
 * (an505/an505.h). stdout and stderr are UART 0.
 *
 * Random bytes are the host's /dev/urandom by semihosting: this board models
 * no random number generator, so they are a stand-in for development and not
 * a design to ship.
 *
 * AN385:   0x00000000  4 MB   code        0x21000000  16 MB  flash (nor.h)
 *          0x20000000  4 MB   data, stack at the end
 *
 * Reference: Arm DAI0385D (AN385), DDI0479D (CMSDK), DDI0403E (ARMv7-M).
 */

/* The counter's rate on mps2-an385: 25 ticks are one microsecond. What runs on
 * other boards too asks bm_board_hz(). */
#define BM_BOARD_HZ 25000000u
uint32_t bm_board_hz(void);

/*
 * Ticks since the start, from the FPGA's free-running counter. Under QEMU's
 * -icount shift=0 one tick is 40 instructions, repeatably.
 */
uint64_t bm_board_ticks(void);

/*
 * The value of word `key`=VALUE on the command line as a string in `value`;
 * 0, or -1 and an empty string if it is absent or longer than `cap` - 1.
 */
int bm_board_arg(const char *key, char *value, size_t cap);

#endif
