/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/net/device.h"

/* A program without a firewall: no policy is taken for one that is obeyed. */

bm_status policy_open(struct device *d)
{
    (void)d;
    return BM_E_ARGUMENT;
}

void policy_turn(struct device *d)
{
    (void)d;
}

void policy_tell(struct device *d)
{
    (void)d;
}
