/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bootloader without recovery: it says why nothing runs, and stops.
 */
#include "boot/harden.h"
#include "ports/mps2/boot/internal.h"

_Noreturn void mps2_boot_recover(struct bm_boot_result *result, bm_status why)
{
    (void)result;
    mps2_boot_serial_open();
    for (unsigned shift = 16; shift > 0;) {
        unsigned digit;

        shift -= 4;
        digit = ((unsigned)why >> shift) & 15u;
        mps2_boot_put((uint8_t)(digit < 10 ? '0' + digit : 'a' - 10 + digit));
    }
    mps2_boot_put('\n');
    bm_fault();
}
