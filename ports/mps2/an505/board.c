/* SPDX-License-Identifier: Apache-2.0 */
/* The board as the program of the non-secure world finds it. */
#include "ports/mps2/an505/an505.h"
#include "ports/mps2/internal.h"
#include "ports/mps2/nor.h"

_Static_assert(BM_NOR_BOARD_BASE == AN505_NOR && MAP_RAM == AN505_RAM,
               "bm_an505() of CMakeLists.txt says what an505.h does");

const struct mps2_board mps2_board = {
    .hz = AN505_HZ,
    .uart0 = AN505_UART0,
    .fpgaio = AN505_FPGAIO,
    .nor = AN505_NOR,
    .nor_size = AN505_NOR_SIZE,
    .nor_writable = an505_nor_writable,
};
