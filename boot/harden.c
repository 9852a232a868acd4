/* SPDX-License-Identifier: Apache-2.0 */
#include "boot/harden.h"

/* By itself in its object: who defines another does not link this one. */
void bm_fault(void)
{
    for (;;) {
        /* The branch back is the last of a function: a trap is behind it. */
    }
}
