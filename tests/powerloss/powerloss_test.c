/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "tests/harness/bm_test.h"
#include "tests/powerloss/cuts.h"
#include "tests/powerloss/scenarios.h"

/*
 * The simulation, in one of four sizes:
 *
 *     tests_powerloss tiny|sample|full|every [WORD]
 *
 * With a word, only scenarios that have it in their name.
 */
enum size {
    TINY,   /* under sanitizers: a few cuts, on the smallest flash */
    SAMPLE, /* what gates: all first cuts of small flash, parts of the rest */
    FULL,   /* all first cuts but on flash of 64 KB sectors, where it is some,
               and many second ones: make powerloss-full, an hour */
    EVERY   /* all first cuts there, too: a night */
};
static enum size size = SAMPLE;
static const char *word = "";
static uint32_t seed = WORLD_SEED;

static void print_head(void)
{
    printf("# lots are drawn from POWERLOSS_SEED=%u\n", (unsigned)seed);
    printf("# %-16s %-19s %5s", "scenario", "unit/slots", "ops");
    for (unsigned t = 0; t < TEARS; t++) {
        printf(" %8s", tear_names[t]);
    }
    printf(" %8s %6s %8s %5s\n", "second", "storms", "starts", "wrong");
}

static void print_row(const char *scenario, const char *geometry,
                      const struct counts *c)
{
    uint32_t second = 0;

    printf("# %-16s %-19s %5u", scenario, geometry, (unsigned)c->operations);
    for (unsigned t = 0; t < TEARS; t++) {
        printf(" %8u", (unsigned)c->first[t]);
        second += c->second[t];
    }
    printf(" %8u %6u %8u %5u\n", (unsigned)second, (unsigned)c->storms,
           (unsigned)c->starts, (unsigned)c->failures);
    fflush(stdout);
}

static void add(struct counts *all, const struct counts *c)
{
    for (unsigned t = 0; t < TEARS; t++) {
        all->first[t] += c->first[t];
        all->second[t] += c->second[t];
    }
    all->operations += c->operations;
    all->storms += c->storms;
    all->starts += c->starts;
    all->failures += c->failures;
}

static void run(const struct scenario *scenario,
                const struct geometry *geometry, const struct plan *plan,
                struct counts *all)
{
    struct counts counts = { 0 };

    if (strstr(scenario->name, word) == NULL) {
        return;
    }
    cuts_run(scenario, geometry, plan, seed, &counts);
    print_row(scenario->name, geometry->name, &counts);
    add(all, &counts);
}

static struct plan plan_for(const struct geometry *geometry)
{
    switch (size) {
    case TINY:
        return (struct plan){ .first = 2, .storms = 5 };
    case SAMPLE:
        return (struct plan){ .first = geometry->every,
                              .second = geometry->every <= 11 ? 199 : 0,
                              .storms = 6 };
    case FULL:
        return (struct plan){ .first = 1 + geometry->every / 32,
                              .second = 97,
                              .storms = 100 };
    case EVERY:
        break;
    }
    return (struct plan){ .first = 1, .second = 97, .storms = 100 };
}

static void every_cut_leaves_an_image_that_may_run(void)
{
    struct counts all = { 0 };

    print_head();
    for (unsigned s = 0; s < scenarios_n; s++) {
        for (unsigned g = 0; g < (size == TINY ? 1 : geometries_n); g++) {
            const struct plan plan = plan_for(&geometries[g]);

            run(&scenarios[s], &geometries[g], &plan, &all);
        }
    }
    print_row("all", "", &all);
    CHECK(all.failures == 0);
}

/* One swap and its way back, on a small slot. */
static void every_second_cut_does_too(void)
{
    const struct plan plan = { .first = size == TINY ? 11 : 1,
                               .second = size == TINY ? 11 : 1,
                               .all_tears = size >= FULL };
    struct counts all = { 0 };

    print_head();
    for (unsigned s = 0; s < scenarios_n; s++) {
        if (scenarios[s].second_cuts) {
            run(&scenarios[s], &geometries[0], &plan, &all);
        }
    }
    CHECK(all.failures == 0);
}

int main(int argc, char **argv)
{
    static const char *const sizes[] = { "tiny", "sample", "full", "every" };
    const char *drawn = getenv("POWERLOSS_SEED");

    for (unsigned i = 0; argc > 1 && i <= EVERY; i++) {
        if (strcmp(argv[1], sizes[i]) == 0) {
            size = (enum size)i;
        }
    }
    if (argc > 2) {
        word = argv[2];
    }
    if (drawn != NULL) {
        seed = (uint32_t)strtoul(drawn, NULL, 10);
    }
    RUN(every_cut_leaves_an_image_that_may_run);
    RUN(every_second_cut_does_too);
    return bm_test_done();
}
