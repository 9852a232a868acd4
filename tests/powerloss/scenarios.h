/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_POWERLOSS_SCENARIOS_H
#define BM_TESTS_POWERLOSS_SCENARIOS_H

#include "tests/powerloss/life.h"

/* What is simulated: scenarios times geometries. */
extern const struct scenario scenarios[];
extern const unsigned scenarios_n;

extern const struct geometry geometries[];
extern const unsigned geometries_n;

#endif
