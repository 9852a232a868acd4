/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_POWERLOSS_TRACE_H
#define BM_TESTS_POWERLOSS_TRACE_H

#include "tests/powerloss/world.h"

/* Each start, and each program and erase in it, as a line on stdout. */
extern const struct world_double trace_double;

#endif
