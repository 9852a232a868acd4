/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_POWERLOSS_RECOVER_H
#define BM_TESTS_POWERLOSS_RECOVER_H

#include "tests/powerloss/world.h"

/*
 * The other side of recovery (boot/recovery.h): sends an image in frames, over
 * a line that is never damaged, and asks for a reset. The status is that of the
 * last answer but one: what the device said of the image. Without power, the
 * line is dead.
 */
bm_status recover_send(struct world *w, const struct bm_boot_result *result,
                       const struct image_made *image);

#endif
