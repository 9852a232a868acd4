/* SPDX-License-Identifier: Apache-2.0 */
#include "device/clock.h"

#include "core/time.h"
#include "device/test/flash_sim.h"
#include "tests/harness/bm_test.h"

/* 2026-01-01, when the firmware was built. */
#define BUILD INT64_C(1767225600)
#define DAY   INT64_C(86400)
#define HOUR  3600u
#define YEAR  (365 * DAY)

static const struct flash_sim_shape shape = { 512, 3, 8 };
static uint8_t memory[FLASH_SIM_SIZE(512, 3)];
static struct flash_sim sim;
static struct bm_log flash_log;
static struct bm_clock the_clock;

static const struct bm_clock_config usual = { .build = BUILD };

static void start(void)
{
    CHECK_STATUS(bm_log_open(&flash_log, &sim.flash), BM_OK);
    CHECK_STATUS(bm_clock_open(&the_clock, &flash_log, &usual), BM_OK);
}

static void begin(void)
{
    flash_sim_init(&sim, memory, &shape, 1);
    start();
}

/* A word, and what the clock says after it, counted from the build. */
struct word {
    int64_t moment;
    uint32_t connection;
    uint32_t uptime;
    int64_t want;
};

static void hear(const char *why, const struct word *word)
{
    int64_t now;

    CHECK_STATUS(bm_clock_learn(&the_clock, BM_CLOCK_STATUS,
                                BUILD + word->moment, word->connection,
                                word->uptime),
                 BM_OK);
    now = bm_clock_now(&the_clock, word->uptime) - BUILD;
    if (now != word->want) {
        printf("# %s: uptime %u: %ld, want %ld\n", why, (unsigned)word->uptime,
               (long)now, (long)word->want);
    }
    CHECK(now == word->want);
}

#define WORDS_MAX 6

static const struct {
    const char *why;
    struct word word[WORDS_MAX]; /* up to the first of connection 0 */
} stories[] = {
    { "a step within the bound counts at once",
      { { 399 * DAY, 1, 0, 399 * DAY }, { 400 * DAY, 1, 0, 400 * DAY } } },
    { "an earlier moment changes nothing",
      { { 10 * DAY, 1, 0, 10 * DAY },
        { 9 * DAY, 2, 0, 10 * DAY },
        { -DAY, 3, 0, 10 * DAY } } },
    { "a step to the second", { { 400 * DAY, 1, 0, 400 * DAY } } },
    { "and one more is too long", { { 400 * DAY + 1, 1, 0, 0 } } },
    { "the same connection cannot repeat it",
      { { 5 * YEAR, 1, 0, 0 }, { 5 * YEAR, 1, 2 * HOUR, 6975 } } },
    { "another connection, but too soon",
      { { 5 * YEAR, 1, 0, 0 }, { 5 * YEAR, 2, HOUR - 1, 3487 } } },
    { "another connection, an hour later",
      { { 5 * YEAR, 1, 0, 0 }, { 5 * YEAR, 2, HOUR, 5 * YEAR } } },
    { "what both say counts: the second says less",
      { { 50 * YEAR, 1, 0, 0 }, { 5 * YEAR, 2, HOUR, 5 * YEAR } } },
    { "what both say counts: the second says a little more",
      { { 5 * YEAR, 1, 0, 0 },
        { 5 * YEAR + 7200, 2, 2 * HOUR, 5 * YEAR + 7200 } } },
    { "what both say counts: the second says far more, and is doubtful now",
      { { 5 * YEAR, 1, 0, 0 },
        { 50 * YEAR, 2, HOUR, 5 * YEAR },
        { 50 * YEAR, 3, HOUR, 5 * YEAR },
        { 50 * YEAR, 3, 2 * HOUR, 50 * YEAR } } },
    { "whoever speaks again and again does not begin the hour anew",
      { { 50 * YEAR, 1, 0, 0 },
        { 50 * YEAR, 2, HOUR / 2, 1744 },
        { 50 * YEAR, 3, HOUR - 1, 3487 },
        { 5 * YEAR, 4, HOUR, 5 * YEAR } } },
    { "a step within the bound is heard beside a doubtful one",
      { { 50 * YEAR, 1, 0, 0 },
        { DAY, 2, HOUR, DAY },
        { 5 * YEAR, 3, HOUR, 5 * YEAR } } },
    { "a chain of short steps is one a step",
      { { 300 * DAY, 1, 0, 300 * DAY },
        { 600 * DAY, 1, 0, 600 * DAY },
        { 1001 * DAY, 1, 0, 600 * DAY } } },
    { "the uptime between two words counts, less what an oscillator gains",
      { { DAY, 1, 0, DAY },
        { 0, 1, 32000, DAY + 31000 },
        { DAY + 31500, 1, 32000, DAY + 31500 } } },
};

static void the_clock_believes_what_the_table_says(void)
{
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        begin();
        for (size_t w = 0; w < WORDS_MAX && stories[i].word[w].connection != 0;
             w++) {
            hear(stories[i].why, &stories[i].word[w]);
        }
    }
}

static void it_is_never_before_the_build(void)
{
    struct bm_clock_config newer = { .build = BUILD + 100 * DAY };

    begin();
    CHECK(bm_clock_now(&the_clock, 0) == BUILD);
    hear("within the life of old firmware",
         &(struct word){ 10 * DAY, 1, 0, 10 * DAY });
    CHECK_STATUS(bm_clock_open(&the_clock, &flash_log, &newer), BM_OK);
    CHECK(bm_clock_now(&the_clock, 0) == BUILD + 100 * DAY);
    newer.build = BUILD + 5 * DAY;
    CHECK_STATUS(bm_clock_open(&the_clock, &flash_log, &newer), BM_OK);
    CHECK(bm_clock_now(&the_clock, 0) == BUILD + 10 * DAY);
    newer.build = 0;
    CHECK_STATUS(bm_clock_open(&the_clock, &flash_log, &newer), BM_E_ARGUMENT);
}

static void no_moment_is_no_moment(void)
{
    static const int64_t wrong[] = { 0, -1, INT64_MIN, BM_TIME_NEVER + 1,
                                     INT64_MAX };

    begin();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_STATUS(
            bm_clock_learn(&the_clock, BM_CLOCK_ANSWER, wrong[i], 1, 0),
            BM_E_TIME_RANGE);
    }
    CHECK_STATUS(
        bm_clock_learn(&the_clock, (enum bm_clock_source)9, BUILD + 1, 1, 0),
        BM_E_ARGUMENT);
    CHECK(bm_clock_now(&the_clock, 0) == BUILD);
    CHECK_STATUS(
        bm_clock_learn(&the_clock, BM_CLOCK_ISSUED, BM_TIME_NEVER, 1, 0),
        BM_OK);
    CHECK_STATUS(
        bm_clock_learn(&the_clock, BM_CLOCK_ISSUED, BM_TIME_NEVER, 2, HOUR),
        BM_OK);
    CHECK(bm_clock_now(&the_clock, UINT32_MAX) == BM_TIME_NEVER);
}

static void a_bound_of_ones_own_is_kept(void)
{
    struct bm_clock_config config = { .build = BUILD, .step_max = 10 };

    CHECK_STATUS(bm_clock_open(&the_clock, NULL, &config), BM_OK);
    hear("ten seconds", &(struct word){ 10, 1, 0, 10 });
    hear("eleven seconds", &(struct word){ 21, 1, 0, 10 });
}

/* Opened again while the device runs: what ran before is not counted twice. */
static void time_before_the_opening_is_not_counted(void)
{
    struct bm_clock_config config = { .build = BUILD, .uptime = 5000 };

    begin();
    hear("a word", &(struct word){ 10 * DAY, 1, 4000, 10 * DAY });
    CHECK_STATUS(bm_clock_open(&the_clock, &flash_log, &config), BM_OK);
    CHECK(bm_clock_now(&the_clock, 5000) == BUILD + 10 * DAY);
    CHECK(bm_clock_now(&the_clock, 5032) == BUILD + 10 * DAY + 31);
    CHECK(bm_clock_now(&the_clock, 100) == BUILD + 10 * DAY);
}

static void the_flash_is_written_once_a_day(void)
{
    uint32_t before;

    begin();
    hear("the first word", &(struct word){ 10 * DAY, 1, 0, 10 * DAY });
    before = sim.operations;
    /* A hundred days in one hour, a minute at a time. */
    for (uint32_t i = 1; i <= 60; i++) {
        CHECK_STATUS(bm_clock_learn(&the_clock, BM_CLOCK_STATUS,
                                    BUILD + (10 + 2 * i) * DAY, 1, i * 60),
                     BM_OK);
    }
    CHECK(sim.operations == before);
    CHECK(bm_clock_now(&the_clock, HOUR) == BUILD + 130 * DAY);
    CHECK_STATUS(bm_clock_keep(&the_clock, (uint32_t)DAY - 1), BM_OK);
    CHECK(sim.operations == before);
    CHECK_STATUS(bm_clock_keep(&the_clock, (uint32_t)DAY), BM_OK);
    CHECK(sim.operations > before);
    start();
    CHECK(bm_clock_now(&the_clock, 0) > BUILD + 130 * DAY);
}

/* A device that starts every minute, and learns the same each time. */
static void starting_again_writes_no_more_often(void)
{
    uint32_t before;

    begin();
    hear("the first word", &(struct word){ 10 * DAY, 1, 0, 10 * DAY });
    before = sim.operations;
    for (int64_t i = 1; i < 100; i++) {
        start();
        CHECK_STATUS(bm_clock_learn(&the_clock, BM_CLOCK_STATUS,
                                    BUILD + 10 * DAY + i * 60, 1, 30),
                     BM_OK);
    }
    CHECK(sim.operations == before);
    start();
    hear("the next day", &(struct word){ 11 * DAY, 1, 0, 11 * DAY });
    CHECK(sim.operations > before);
}

static void a_device_that_learns_nothing_keeps_its_uptime(void)
{
    begin();
    hear("the first word", &(struct word){ 10 * DAY, 1, 0, 10 * DAY });
    for (uint32_t day = 1; day <= 64; day++) {
        CHECK_STATUS(bm_clock_keep(&the_clock, day * (uint32_t)DAY), BM_OK);
    }
    start();
    /* 64 days less one in 32, less one that was not written yet. */
    CHECK(bm_clock_now(&the_clock, 0) >= BUILD + (10 + 62 - 2) * DAY);
    CHECK(bm_clock_now(&the_clock, 0) <= BUILD + (10 + 62) * DAY);
}

static void a_power_cut_leaves_the_old_moment_or_the_new_one(void)
{
    unsigned cuts = 0;

    for (uint32_t mode = 0; mode < FLASH_CUTS; mode++) {
        bool failed = true;

        for (uint32_t at = 1; failed; at++) {
            int64_t now;

            begin();
            for (int64_t day = 1; day < 8; day++) {
                hear("a week",
                     &(struct word){ day * DAY, 1, (uint32_t)(day * DAY),
                                     day * DAY });
            }
            flash_sim_cut(&sim, at, (enum flash_cut)mode, 5);
            failed =
                bm_clock_learn(&the_clock, BM_CLOCK_STATUS, BUILD + 9 * DAY, 1,
                               (uint32_t)(8 * DAY)) != BM_OK;
            CHECK(bm_clock_now(&the_clock, (uint32_t)(8 * DAY)) ==
                  BUILD + 9 * DAY);
            flash_sim_on(&sim);
            start();
            now = bm_clock_now(&the_clock, 0) - BUILD;
            CHECK(now == 7 * DAY || now == 9 * DAY);
            CHECK(failed || now == 9 * DAY);
            CHECK(!sim.broken);
            cuts += failed;
        }
    }
    printf("# %u power cuts\n", cuts);
    CHECK(cuts >= FLASH_CUTS);
}

static void a_record_that_makes_no_sense_is_none(void)
{
    static const struct bm_bytes records[] = {
        BM_LIT_INIT(""),
        BM_LIT_INIT("\x00\x00\x00\x00\x69"),
        BM_LIT_INIT("\x7f\xff\xff\xff\xff\xff\xff\xff"),
        BM_LIT_INIT("\xff\xff\xff\xff\xff\xff\xff\xff"),
        BM_LIT_INIT("\x00\x00\x00\x00\x69\x60\x00\x00\x00"),
        BM_LIT_INIT("\x00\x00\x00\x00\x00\x00\x00\x01")
    };

    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        begin();
        CHECK_STATUS(
            bm_log_put(&flash_log, BM_LOG_KEY(BM_LOG_CLOCK, 0), records[i]),
            BM_OK);
        start();
        CHECK(bm_clock_now(&the_clock, 0) == BUILD);
        hear("and it goes on", &(struct word){ 2 * DAY, 1, 0, 2 * DAY });
        start();
        CHECK(bm_clock_now(&the_clock, 0) == BUILD + 2 * DAY);
    }
}

/* A service that opens its log in rounds hears the second word in a later. */
static void a_doubt_outlives_a_closed_log(void)
{
    struct bm_clock_config later = usual;
    struct bm_clock before;

    begin();
    hear("far", &(struct word){ 5 * YEAR, 1, 0, 0 });
    before = the_clock;
    later.uptime = HOUR;
    CHECK_STATUS(bm_log_open(&flash_log, &sim.flash), BM_OK);
    CHECK_STATUS(bm_clock_open(&the_clock, &flash_log, &later), BM_OK);
    bm_clock_resume(&the_clock, &before);
    hear("far again", &(struct word){ 5 * YEAR, 2, HOUR, 5 * YEAR });
}

/* Each opening is a moment after what the one before knew: the day that is
 * waited for is not begun anew by it. */
static void a_log_that_is_opened_every_hour_is_written_daily(void)
{
    struct bm_clock_config config = { .build = BUILD };
    struct bm_clock before;

    begin();
    for (uint32_t hour = 1; hour <= 3 * 24; hour++) {
        before = the_clock;
        config.uptime = hour * HOUR;
        CHECK_STATUS(bm_clock_open(&the_clock, &flash_log, &config), BM_OK);
        bm_clock_resume(&the_clock, &before);
        CHECK_STATUS(bm_clock_keep(&the_clock, config.uptime), BM_OK);
    }
    start();
    CHECK(bm_clock_now(&the_clock, 0) >= BUILD + DAY);
}

static void a_factory_reset_goes_back_to_the_build(void)
{
    begin();
    hear("a word", &(struct word){ 10 * DAY, 1, 0, 10 * DAY });
    CHECK_STATUS(bm_clock_reset(&the_clock), BM_OK);
    CHECK(bm_clock_now(&the_clock, 0) == BUILD);
    start();
    CHECK(bm_clock_now(&the_clock, 0) == BUILD);
}

int main(void)
{
    RUN(the_clock_believes_what_the_table_says);
    RUN(it_is_never_before_the_build);
    RUN(no_moment_is_no_moment);
    RUN(a_bound_of_ones_own_is_kept);
    RUN(time_before_the_opening_is_not_counted);
    RUN(the_flash_is_written_once_a_day);
    RUN(starting_again_writes_no_more_often);
    RUN(a_device_that_learns_nothing_keeps_its_uptime);
    RUN(a_power_cut_leaves_the_old_moment_or_the_new_one);
    RUN(a_record_that_makes_no_sense_is_none);
    RUN(a_doubt_outlives_a_closed_log);
    RUN(a_log_that_is_opened_every_hour_is_written_daily);
    RUN(a_factory_reset_goes_back_to_the_build);
    return bm_test_done();
}
