/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FAULT_POINTS_H
#define BM_TESTS_FAULT_POINTS_H

/* What the programs here share: the instance that all rounds begin with, and
 * one round of the short script at one point. Each program is one file. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/fault/rounds.h"
#include "tests/harness/bm_test.h"

/* What CI takes of each enumeration, in each way to fail; `make fault` takes
 * all of them. */
#define SAMPLE 5

/* The instance that rounds begin with, which has a history already. */
static char base[WORLD_PATH_MAX];
static int64_t base_clock;

static const struct script_config short_script = { .seed = 2 };
static const struct script_config patient_script = { .seed = 2,
                                                     .patient = true };
static const struct round_fault no_fault = { INJECT_NOTHING, 0, 0 };

static const char *const kinds[] = { "nothing",   "kill before", "kill after",
                                     "kill torn", "fail",        "short",
                                     "full" };

static inline void print_round(const struct round_fault *f,
                               const struct round_result *r)
{
    printf("# %s, number %lu, errno %d: %s\n", kinds[f->what], f->n, f->error,
           r->where);
    printf("# acts: %u done, %u failed, first by %s, last by %s; %u starts\n",
           r->script.done, r->script.failed, bm_status_name(r->script.first),
           bm_status_name(r->script.last), r->script.reopened);
}

/* Verify, and say which fault it was if something is found. */
static inline void check_round(struct round *round, const struct round_fault *f,
                               struct round_result *r)
{
    int failed = bm_test_failed;

    CHECK(round_verify(round, r) == 0);
    if (bm_test_failed != failed) {
        print_round(f, r);
    }
}

struct tally {
    unsigned long points;
    unsigned long came;
    unsigned long failed;   /* acts */
    unsigned long reopened; /* instances */
    uint64_t abandoned;
};

static inline void count(struct tally *t, const struct round_result *r)
{
    t->points++;
    t->came += r->came || r->killed;
    t->failed += r->script.failed;
    t->reopened += r->script.reopened;
    t->abandoned += r->verify.abandoned;
}

static inline void print_tally(const char *what, const struct tally *t)
{
    printf("# %s: %lu points, %lu acts failed, %lu new starts, %" PRIu64
           " signatures abandoned\n",
           what, t->points, t->failed, t->reopened, t->abandoned);
}

/* One round of the short script with a fault. */
static inline void one_point(const struct round_fault *f,
                             const struct script_config *script,
                             struct tally *tally, struct round_result *r)
{
    struct round round;

    round_begin(&round, base, base_clock);
    round_play(&round, f, script, r);
    check_round(&round, f, r);
    count(tally, r);
    round_end(&round);
}

/* So many calls does the script make; those that change something. */
static inline void measure(unsigned long *calls, unsigned long *changes)
{
    struct round round;
    struct round_result r = { 0 };

    round_begin(&round, base, base_clock);
    round_play(&round, &no_fault, &short_script, &r);
    *calls = r.calls;
    *changes = r.changes;
    round_end(&round);
}

static inline void make_base(void)
{
    struct ca_refusal why = { BM_OK, "" };
    struct round round;
    struct round_result r = { 0 };
    struct script_config script = { .seed = 1 };

    world_path(base, "base");
    if (world_init(base, &why) != BM_OK) {
        printf("# init: %s, %s\n", bm_status_name(why.status), why.words);
        world_must(false, "there is no instance");
    }
    round_begin(&round, base, WORLD_START);
    round_play(&round, &no_fault, &script, &r);
    world_remove(base);
    world_copy(round.dir, base);
    base_clock = r.script.now;
    round_end(&round);
}

/* With arguments only the tests are run whose names contain one of them. */
static inline bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strstr(name, argv[i]) != NULL) {
            return true;
        }
    }
    return argc == 1;
}

struct points_test {
    const char *name;
    void (*run)(void);
};

#define POINTS_TEST(function) \
    {                         \
#function, function   \
    }

static inline int points_main(const struct points_test *tests, size_t n,
                              int argc, char **argv)
{
    int rc;

    make_base();
    for (size_t i = 0; i < n; i++) {
        if (wanted(tests[i].name, argc, argv)) {
            bm_test_run(tests[i].run, tests[i].name);
        }
    }
    rc = bm_test_done();
    world_end();
    return rc;
}

#endif
