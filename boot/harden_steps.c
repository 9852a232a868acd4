/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/harden.h"

/* Away from who calls them, so that they are called: there they would be in
 * line, and larger. */

#if BM_BOOT_HARDENING
bm_status bm_flow_step(struct bm_flow *flow, uint32_t number, bm_status status)
{
    flow->sum += number + (uint32_t)status;
    return status;
}
#endif

uint32_t bm_differ(const uint8_t a[32], const uint8_t b[32])
{
    uint32_t difference = 0;
    uint32_t i = 0;

    while (i < 32) {
        difference |= (uint32_t)a[i] ^ b[i];
        i++;
    }
    return difference | (i ^ 32);
}
