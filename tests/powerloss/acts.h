/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_POWERLOSS_ACTS_H
#define BM_TESTS_POWERLOSS_ACTS_H

#include "tests/powerloss/life.h"

/* What the application does between two starts: in flash, and in the model. */

bm_status act_do(struct life *l, const struct line *line);

/* All that may be there while the act goes on: chain[0] is `f`, the last one
 * what it comes to. */
#define ACT_CHAIN 5
unsigned act_facts(const struct life *l, const struct line *line,
                   const struct facts *f, struct facts chain[ACT_CHAIN]);

#endif
