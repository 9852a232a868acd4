/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/powerloss/cuts.h"
#include "tests/powerloss/scenarios.h"
#include "tests/powerloss/trace.h"

/* One run by hand, with each operation of the flash: see README.md. */

static const struct scenario *scenario_by(const char *name)
{
    for (unsigned i = 0; i < scenarios_n; i++) {
        if (strcmp(scenarios[i].name, name) == 0) {
            return &scenarios[i];
        }
    }
    return NULL;
}

static const struct geometry *geometry_by(const char *name)
{
    for (unsigned i = 0; i < geometries_n; i++) {
        if (strcmp(geometries[i].name, name) == 0) {
            return &geometries[i];
        }
    }
    return NULL;
}

static enum tear tear_by(const char *name)
{
    unsigned tear = 0;

    while (tear + 1 < TEARS && strcmp(tear_names[tear], name) != 0) {
        tear++;
    }
    return (enum tear)tear;
}

static uint32_t number(char **argv, int argc, int i)
{
    return i < argc ? (uint32_t)strtoul(argv[i], NULL, 10) : 0;
}

int main(int argc, char **argv)
{
    const struct scenario *scenario = argc > 2 ? scenario_by(argv[1]) : NULL;
    const struct geometry *geometry = argc > 2 ? geometry_by(argv[2]) : NULL;
    struct cut cut = { .tear = argc > 3 ? tear_by(argv[3]) : TEAR_BEFORE,
                       .phase = number(argv, argc, 4),
                       .first = number(argv, argc, 5),
                       .second = number(argv, argc, 6) };

    if (scenario == NULL || geometry == NULL) {
        fprintf(stderr, "usage: powerloss_tool SCENARIO GEOMETRY "
                        "[TEAR PHASE FIRST [SECOND]]\n");
        return 2;
    }
    world_double = &trace_double;
    return cuts_one(scenario, geometry, &cut, WORLD_SEED) ? 0 : 1;
}
