/* SPDX-License-Identifier: Apache-2.0 */

/* The power goes, after every change of the disk. */
#define _GNU_SOURCE /* MAP_NORESERVE */

#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "tests/fault/points.h"
#include "tests/fault/power.h"
#include "tests/fault/report.h"

/* Log of the longest script that is cut. */
#define LOG_SIZE ((size_t)256 << 20)

struct cut {
    struct round *round;
    struct inject_log *log;
    const char *watched;
    struct script_config script;
};

static struct inject_log *new_log(void)
{
    struct inject_log *log =
        mmap(NULL, LOG_SIZE, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    world_must(log != MAP_FAILED, "memory for a log");
    log->cap = LOG_SIZE - sizeof *log;
    return log;
}

static void play_logged(void *arg, struct round_result *result)
{
    struct cut *c = arg;

    c->script.dir = c->round->dir;
    c->script.report = report_open(c->round->report);
    c->script.now = c->round->clock + 1;
    inject_watch(c->round->dir);
    inject_keep_log(c->log);
    script_play(&c->script, &result->script);
    result->changes = inject_changes();
}

/* Look at the directory as a cut after `change` leaves it. */
static void check_cut(struct power *power, const struct round *round,
                      uint64_t change, uint64_t lot, struct tally *tally)
{
    struct round left;
    struct round_result r = { 0 };

    round_begin(&left, NULL, round->clock);
    power_build(power, left.dir, lot);
    (void)snprintf(left.report, sizeof left.report, "%s", round->report);
    left.changes = change;
    if (round_verify(&left, &r) != 0) {
        CHECK(!"nothing is lost");
        printf("# power cut after change %" PRIu64 ", lot %" PRIu64 "\n",
               change, lot);
    }
    count(tally, &r);
    world_remove(left.dir);
}

/* Inode numbers stand for files, and only there none is used again. */
static bool is_in_memory(const char *dir)
{
    struct statfs fs;

    return statfs(dir, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

/* `least`: cut after every so many changes, even where all are asked for. */
static void cut_everywhere(const struct script_config *script, unsigned sample,
                           unsigned long least)
{
    struct inject_log *log = new_log();
    struct tally tally = { 0 };
    struct round round;
    struct round_result r = { 0 };
    struct power *power;
    struct cut cut = { .round = &round, .log = log, .script = *script };
    unsigned long stride;

    round_begin(&round, base, base_clock);
    power = power_new(round.dir, log);
    round_process(&r, play_logged, &cut);
    CHECK(log->overflow == 0);
    CHECK(r.script.failed == 0);
    stride = round_stride(r.changes, sample);
    stride = stride < least ? least : stride;
    for (uint64_t change = 0; change <= r.changes; change += stride) {
        (void)power_feed(power, change);
        check_cut(power, &round, change, 0, &tally);
        check_cut(power, &round, change, 1 + change, &tally);
    }
    (void)snprintf(r.where, sizeof r.where, "power cut, %lu changes",
                   r.changes);
    print_tally(r.where, &tally);
    power_free(power);
    round_end(&round);
    (void)munmap(log, LOG_SIZE);
}

static void a_power_cut_loses_nothing(void)
{
    if (!is_in_memory(world_dir())) {
        SKIP("power cuts need a file system in memory");
    }
    cut_everywhere(&short_script, 2 * SAMPLE, 1);
}

static void a_power_cut_in_a_long_history_loses_nothing(void)
{
    struct script_config script = { .seed = 7, .acts = 120 };

    if (!is_in_memory(world_dir())) {
        SKIP("power cuts need a file system in memory");
    }
    /* Its acts are those of the short one; what is new is between them. */
    cut_everywhere(&script, SAMPLE / 2, 7);
}

static void init_logged(void *arg, struct round_result *result)
{
    struct cut *c = arg;
    struct ca_refusal why = { BM_OK, "" };

    inject_watch(c->watched);
    inject_keep_log(c->log);
    result->script.last = world_init(c->round->dir, &why);
    result->changes = inject_changes();
}

/* `left`: what holds the instance, or does not. */
static void check_cut_init(const char *left, bool finished, struct tally *tally)
{
    struct ca_refusal why = { BM_OK, "" };
    struct round round;
    struct round_result r = { 0 };

    round_begin(&round, NULL, WORLD_START);
    (void)snprintf(round.dir, sizeof round.dir, "%.400s/ca", left);
    CHECK(!finished || world_exists(round.dir));
    if (!world_exists(round.dir)) {
        CHECK_STATUS(world_init(round.dir, &why), BM_OK);
    }
    CHECK(round_verify(&round, &r) == 0);
    count(tally, &r);
}

static void a_power_cut_leaves_a_whole_instance_or_none(void)
{
    struct inject_log *log;
    struct tally tally = { 0 };
    char parent[WORLD_PATH_MAX];
    char left[WORLD_PATH_MAX];
    struct round round;
    struct round_result r = { 0 };
    struct power *power;
    struct cut cut = { .round = &round, .watched = parent };
    unsigned long stride;

    if (!is_in_memory(world_dir())) {
        SKIP("power cuts need a file system in memory");
    }
    world_path(parent, "parent");
    world_path(left, "left");
    world_must(mkdir(parent, 0700) == 0, "a directory");
    round_begin(&round, NULL, WORLD_START);
    (void)snprintf(round.dir, sizeof round.dir, "%.400s/ca", parent);
    log = new_log();
    cut.log = log;
    power = power_new(parent, log);
    round_process(&r, init_logged, &cut);
    CHECK_STATUS(r.script.last, BM_OK);
    CHECK(log->overflow == 0);
    stride = round_stride(r.changes, SAMPLE);
    for (uint64_t change = r.changes % stride; change <= r.changes;
         change += stride) {
        int failed = bm_test_failed;

        (void)power_feed(power, change);
        for (uint64_t lot = 0; lot < 2; lot++) {
            power_build(power, left, lot * (1 + change));
            check_cut_init(left, change == r.changes, &tally);
            world_remove(left);
        }
        if (bm_test_failed != failed) {
            printf("# power cut after change %" PRIu64 "\n", change);
        }
    }
    (void)snprintf(r.where, sizeof r.where, "power cut in init, %lu changes",
                   r.changes);
    print_tally(r.where, &tally);
    power_free(power);
    world_remove(parent);
    (void)munmap(log, LOG_SIZE);
}

int main(int argc, char **argv)
{
    static const struct points_test tests[] = {
        POINTS_TEST(a_power_cut_loses_nothing),
        POINTS_TEST(a_power_cut_in_a_long_history_loses_nothing),
        POINTS_TEST(a_power_cut_leaves_a_whole_instance_or_none),
    };

    return points_main(tests, sizeof tests / sizeof tests[0], argc, argv);
}
