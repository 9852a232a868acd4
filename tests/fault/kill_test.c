/* SPDX-License-Identifier: Apache-2.0 */

/* The process ends: at every change of the disk, and at random. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/fault/points.h"
#include "tests/fault/report.h"

static void the_script_works_without_a_fault(void)
{
    struct round round;
    struct round_result r = { 0 };

    round_begin(&round, base, base_clock);
    round_play(&round, &no_fault, &short_script, &r);
    CHECK(r.script.done == script_length());
    CHECK(r.script.failed == 0);
    if (r.script.failed != 0) {
        printf("# %s: %s\n", bm_status_name(r.script.last), r.script.why.words);
    }
    check_round(&round, &no_fault, &r);
    CHECK(r.verify.certs > 25);
    CHECK(r.verify.abandoned == 0);
    printf("# %lu calls, %lu of them changes\n", r.calls, r.changes);
    round_end(&round);
}

static void kill_everywhere(enum inject what)
{
    struct tally tally = { 0 };
    unsigned long calls;
    unsigned long changes;
    unsigned long stride;

    measure(&calls, &changes);
    stride = round_stride(changes, SAMPLE);
    for (unsigned long n = 1; n <= changes; n += stride) {
        struct round_fault f = { what, n, 0 };
        struct round_result r;

        one_point(&f, &short_script, &tally, &r);
    }
    print_tally(kinds[what], &tally);
    /* Sizes of signatures vary, and so does the number of pages a little. */
    CHECK(tally.came + 10 >= tally.points);
}

static void killed_before_any_change_nothing_is_lost(void)
{
    kill_everywhere(INJECT_KILL_BEFORE);
}

static void killed_in_the_middle_of_any_write_nothing_is_lost(void)
{
    kill_everywhere(INJECT_KILL_TORN);
}

/* SIGKILL whenever it comes. */
static void play_long(void *arg, struct round_result *result)
{
    struct round *round = arg;
    struct script_config c = { .dir = round->dir,
                               .report = report_open(round->report),
                               .seed = 1000 + round->number,
                               .now = round->clock + 1,
                               .acts = 2000 };

    script_play(&c, &result->script);
}

static unsigned kill_at_random(struct round *round, uint64_t lot,
                               struct round_result *r)
{
    struct timespec wait = { 0, (long)(lot % 250000000) };
    int status;
    pid_t child;

    (void)fflush(stdout);
    child = fork();
    world_must(child >= 0, "fork");
    if (child == 0) {
        play_long(round, r);
        _exit(0);
    }
    (void)nanosleep(&wait, NULL);
    (void)kill(child, SIGKILL);
    world_must(waitpid(child, &status, 0) == child, "waitpid");
    return round_verify(round, r);
}

static void killed_at_random_again_and_again_nothing_is_lost(void)
{
    unsigned long rounds = round_number("FAULT_ROUNDS", 12);
    uint64_t state = round_number("FAULT_SEED", 1);
    uint64_t abandoned = 0;
    size_t certs = 0;
    struct round round;
    struct round_result r = { 0 };

    /* Each goes on where the one before was killed; a new instance now and
     * then, so that verifying does not get slow. */
    for (unsigned long i = 0; i < rounds; i++) {
        if (i % 16 == 0) {
            round_begin(&round, base, base_clock);
        }
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        if (kill_at_random(&round, state >> 24, &r) != 0) {
            printf("# in round %lu\n", i);
            CHECK(!"nothing is lost");
            return;
        }
        abandoned += r.verify.abandoned;
        certs = r.verify.certs;
        if (i % 16 == 15 || i + 1 == rounds) {
            printf("# after round %lu: %zu certificates, %" PRIu64
                   " signatures abandoned\n",
                   i + 1, certs, abandoned);
            round_end(&round);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct points_test tests[] = {
        POINTS_TEST(the_script_works_without_a_fault),
        POINTS_TEST(killed_before_any_change_nothing_is_lost),
        POINTS_TEST(killed_in_the_middle_of_any_write_nothing_is_lost),
        POINTS_TEST(killed_at_random_again_and_again_nothing_is_lost),
    };

    return points_main(tests, sizeof tests / sizeof tests[0], argc, argv);
}
