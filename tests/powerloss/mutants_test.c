/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/powerloss/mutants.h"

#include "tests/harness/bm_test.h"
#include "tests/powerloss/cuts.h"
#include "tests/powerloss/scenarios.h"

/* All scenarios on the smallest flash. */
static uint32_t findings(enum mutant mutant)
{
    const struct plan plan = { .first = 1 };
    struct counts counts = { 0 };

    mutant_choose(mutant);
    cuts_quiet = mutant != MUTANT_NONE;
    for (unsigned s = 0; s < scenarios_n; s++) {
        cuts_run(&scenarios[s], &geometries[0], &plan, WORLD_SEED, &counts);
    }
    printf("# %-14s %u findings\n", mutant_names[mutant],
           (unsigned)counts.failures);
    return counts.failures;
}

static void the_doubles_alone_break_nothing(void)
{
    CHECK(findings(MUTANT_NONE) == 0);
}

static void every_broken_bootloader_is_found(void)
{
    for (unsigned m = MUTANT_NONE + 1; m < MUTANTS; m++) {
        CHECK(findings((enum mutant)m) > 0);
    }
}

int main(void)
{
    RUN(the_doubles_alone_break_nothing);
    RUN(every_broken_bootloader_is_found);
    return bm_test_done();
}
