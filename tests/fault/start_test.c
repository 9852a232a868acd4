/* SPDX-License-Identifier: Apache-2.0 */

/* Faults while an instance is recovered, and while it is made. */
#include <errno.h>
#include <unistd.h>

#include "tests/fault/points.h"

/* One that has something to recover. */
static char torn[WORLD_PATH_MAX];
static char torn_report[WORLD_PATH_MAX];
static int64_t torn_clock;

/* What a kill between signing and commit leaves: an instance to recover. */
static void make_torn(void)
{
    unsigned long calls;
    unsigned long changes;
    struct round round;
    struct round_result r = { 0 };

    world_path(torn, "torn");
    world_path(torn_report, "torn-report");
    measure(&calls, &changes);
    for (unsigned long n = changes; n > 0; n--) {
        struct round_fault f = { INJECT_KILL_BEFORE, n, 0 };

        round_begin(&round, base, base_clock);
        round_play(&round, &f, &short_script, &r);
        world_copy(round.dir, torn);
        torn_clock = base_clock;
        (void)round_verify(&round, &r);
        (void)rename(round.report, torn_report);
        round_end(&round);
        if (r.verify.abandoned >= 10) {
            torn_clock = r.verify.clock;
            return;
        }
        world_remove(torn);
    }
    world_must(false, "no kill leaves anything to recover");
}

static void start_once(void *arg, struct round_result *result)
{
    struct play_start {
        struct round *round;
        struct round_fault fault;
    } *p = arg;
    struct ca_refusal why = { BM_OK, "" };
    struct instance *in;

    inject_watch(p->round->dir);
    inject_arm(p->fault.what, p->fault.n, p->fault.error);
    result->script.last = instance_open(p->round->dir, INSTANCE_WRITE,
                                        world_port(), torn_clock, &in, &why);
    instance_close(in);
    result->calls = inject_calls();
    result->changes = inject_changes();
    result->came = inject_came();
    (void)snprintf(result->where, sizeof result->where, "%.400s",
                   inject_where());
    inject_disarm();
}

static void start_with(const struct round_fault *f, struct tally *tally,
                       struct round_result *r)
{
    struct round round;
    struct {
        struct round *round;
        struct round_fault fault;
    } p = { &round, *f };

    round_begin(&round, torn, torn_clock);
    (void)unlink(round.report);
    world_must(link(torn_report, round.report) == 0, "a report");
    round_process(r, start_once, &p);
    check_round(&round, f, r);
    count(tally, r);
    round_end(&round);
}

static void recovery_that_is_killed_is_done_again(void)
{
    struct tally tally = { 0 };
    struct round_fault f = { INJECT_NOTHING, 0, 0 };
    struct round_result r = { 0 };
    unsigned long changes;
    unsigned long stride;

    make_torn();
    start_with(&f, &tally, &r);
    CHECK_STATUS(r.script.last, BM_OK);
    changes = r.changes;
    stride = round_stride(changes, SAMPLE);
    for (unsigned long n = 1; n <= changes; n += stride) {
        f = (struct round_fault){ INJECT_KILL_BEFORE, n, 0 };
        start_with(&f, &tally, &r);
        f.what = INJECT_KILL_TORN;
        start_with(&f, &tally, &r);
    }
    print_tally("killed in recovery", &tally);
}

static void recovery_that_fails_is_done_again(void)
{
    static const int errors[] = { EIO, ENOSPC, EINTR };
    struct tally tally = { 0 };
    struct round_fault f = { INJECT_NOTHING, 0, 0 };
    struct round_result r = { 0 };
    unsigned long calls;
    unsigned long stride;

    start_with(&f, &tally, &r);
    calls = r.calls;
    stride = round_stride(calls, SAMPLE);
    for (unsigned long n = 1; n <= calls; n += stride) {
        for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
            /* A sample takes them in turn. */
            if (stride == 1 || n / stride % 3 == i) {
                f = (struct round_fault){ INJECT_FAIL, n, errors[i] };
                start_with(&f, &tally, &r);
            }
        }
    }
    print_tally("failed in recovery", &tally);
}

/* Making an instance: whole, or not there. */
static void init_once(void *arg, struct round_result *result)
{
    struct {
        struct round *round;
        struct round_fault fault;
    } *p = arg;
    struct ca_refusal why = { BM_OK, "" };

    inject_watch(p->round->dir);
    inject_arm(p->fault.what, p->fault.n, p->fault.error);
    result->script.last = world_init(p->round->dir, &why);
    result->calls = inject_calls();
    result->changes = inject_changes();
    result->came = inject_came();
    (void)snprintf(result->where, sizeof result->where, "%.400s",
                   inject_where());
    inject_disarm();
}

static void init_with(const struct round_fault *f, struct tally *tally,
                      struct round_result *r)
{
    struct round round;
    struct {
        struct round *round;
        struct round_fault fault;
    } p = { &round, *f };
    struct ca_refusal why = { BM_OK, "" };
    char unfinished[WORLD_PATH_MAX + 8];
    int failed = bm_test_failed;
    bm_status said;

    round_begin(&round, NULL, WORLD_START);
    (void)snprintf(unfinished, sizeof unfinished, "%s.new", round.dir);
    round_process(r, init_once, &p);
    said = r->killed ? BM_E_BUSY : r->script.last;
    CHECK(said != BM_OK || world_exists(round.dir));
    if (!world_exists(round.dir)) {
        CHECK_STATUS(world_init(round.dir, &why), BM_OK);
    }
    CHECK(!world_exists(unfinished) || said == BM_E_BUSY);
    check_round(&round, f, r);
    if (bm_test_failed != failed) {
        print_round(f, r);
        printf("# init said %s; again: %s\n", bm_status_name(said), why.words);
    }
    count(tally, r);
    if (world_exists(unfinished)) {
        world_remove(unfinished);
    }
    round_end(&round);
}

static void an_instance_is_made_whole_or_not_at_all(void)
{
    struct tally tally = { 0 };
    struct round_fault f = { INJECT_NOTHING, 0, 0 };
    struct round_result r = { 0 };
    unsigned long changes;
    unsigned long calls;
    unsigned long stride;

    init_with(&f, &tally, &r);
    changes = r.changes;
    calls = r.calls;
    stride = round_stride(changes, SAMPLE);
    for (unsigned long n = 1; n <= changes; n += stride) {
        f = (struct round_fault){ INJECT_KILL_BEFORE, n, 0 };
        init_with(&f, &tally, &r);
    }
    stride = round_stride(calls, SAMPLE);
    for (unsigned long n = 1; n <= calls; n += stride) {
        f = (struct round_fault){ INJECT_FAIL, n, ENOSPC };
        init_with(&f, &tally, &r);
    }
    print_tally("init", &tally);
}

int main(int argc, char **argv)
{
    static const struct points_test tests[] = {
        POINTS_TEST(recovery_that_is_killed_is_done_again),
        POINTS_TEST(recovery_that_fails_is_done_again),
        POINTS_TEST(an_instance_is_made_whole_or_not_at_all),
    };

    return points_main(tests, sizeof tests / sizeof tests[0], argc, argv);
}
