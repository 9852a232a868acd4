/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MPS2_AN505_AN505_H
#define BM_PORTS_MPS2_AN505_AN505_H

#include <stdbool.h>

/*
 * The board mps2-an505 (Arm DAI0505B): a Cortex-M33 with TrustZone, and who has
 * which of its memory. main.c makes it so, before anything else runs.
 *
 *   0x10000000   4 MB  secure    code of the secure image, veneers at its end
 *   0x38000000   2 MB  secure    its data and stack
 *   0x28200000   2 MB            data and stack of the program
 *   0x80000000  15 MB            flash of the program (nor.h), of it
 *     +0x100200                  the program itself, as in slot 0 of an385
 *   0x80f00000   1 MB  secure    flash of the secure image: its keys
 */
#define AN505_HZ     20000000u
#define AN505_UART0  0x40200000u
#define AN505_FPGAIO 0x40302000u

#define AN505_RAM          0x28200000u
#define AN505_RAM_END      0x28400000u
#define AN505_NOR          0x80000000u
#define AN505_NOR_SIZE     0x00f00000u
#define AN505_PROGRAM      (AN505_NOR + 0x100200u)
#define AN505_SECURE_CODE  0x10000000u
#define AN505_SECURE_RAM   0x38000000u
#define AN505_SECURE_NOR   (AN505_NOR + AN505_NOR_SIZE)
#define AN505_SECURE_FLASH 0x00100000u

/* guard.c: struct mps2_board's function, for the range given to it once. */
void an505_nor_writable(bool writable);

#endif
