/* SPDX-License-Identifier: Apache-2.0 */
#include "device/clock.h"

#include "core/time.h"
#include "device/number.h"

/* The one record: seconds since 1970, eight octets, big end first. */
#define RECORD      BM_LOG_KEY(BM_LOG_CLOCK, 0)
#define RECORD_SIZE 8

_Static_assert(sizeof(void *) > 4 || sizeof(struct bm_clock) <= 80,
               "RAM budget of the clock");

static bool is_moment(int64_t t)
{
    return t > 0 && t <= BM_TIME_NEVER;
}

/* What the log holds, or 0: a record that makes no sense counts as none. */
static bm_status read_record(const struct bm_log *log, int64_t *t)
{
    uint8_t octets[RECORD_SIZE];
    uint64_t value;
    size_t n = 0;
    bm_status rc;

    *t = 0;
    rc = log == NULL ? BM_E_NOT_FOUND
                     : bm_log_get(log, RECORD, octets, sizeof octets, &n);
    if (rc == BM_E_NOT_FOUND || rc == BM_E_LOG_READ || rc == BM_E_BUFFER) {
        return BM_OK;
    }
    BM_TRY(rc);
    if (n != RECORD_SIZE) {
        return BM_OK;
    }
    value = bm_number_get(octets, RECORD_SIZE);
    if (value <= (uint64_t)BM_TIME_NEVER) {
        *t = (int64_t)value;
    }
    return BM_OK;
}

static bm_status write_record(struct bm_clock *clock, int64_t t,
                              uint32_t uptime)
{
    uint8_t octets[RECORD_SIZE];

    bm_number_put(octets, RECORD_SIZE, (uint64_t)t);
    BM_TRY(bm_log_put(clock->log, RECORD, BM_ARRAY(octets)));
    clock->written = t;
    clock->written_at = uptime;
    clock->wrote = true;
    return BM_OK;
}

/* Seconds from one uptime to a later one. */
static uint32_t since(uint32_t then, uint32_t uptime)
{
    return uptime > then ? uptime - then : 0;
}

/*
 * Once a day, in both senses: a device that starts every minute has the days
 * of the record to go by, and one that is told a hundred days in an hour has
 * those of its uptime.
 */
static bm_status write_daily(struct bm_clock *clock, int64_t t, uint32_t uptime)
{
    if (clock->log == NULL || t - clock->written < BM_CLOCK_WRITE ||
        (clock->wrote && since(clock->written_at, uptime) < BM_CLOCK_WRITE)) {
        return BM_OK;
    }
    return write_record(clock, t, uptime);
}

bm_status bm_clock_open(struct bm_clock *clock, struct bm_log *log,
                        const struct bm_clock_config *config)
{
    int64_t kept = 0;

    *clock = (struct bm_clock){ .log = log, .config = *config };
    if (clock->config.step_max == 0) {
        clock->config.step_max = BM_CLOCK_STEP_MAX;
    }
    clock->known = config->build;
    clock->known_at = config->uptime;
    if (!is_moment(config->build)) {
        return BM_E_ARGUMENT;
    }
    BM_TRY(read_record(log, &kept));
    clock->written = kept;
    if (kept > clock->known) {
        clock->known = kept;
    }
    return BM_OK;
}

void bm_clock_resume(struct bm_clock *clock, const struct bm_clock *before)
{
    if (bm_clock_now(before, clock->known_at) > clock->known) {
        clock->known = before->known;
        clock->known_at = before->known_at;
    }
    clock->written_at = before->written_at;
    clock->wrote = before->wrote;
    clock->doubtful = before->doubtful;
    clock->doubtful_at = before->doubtful_at;
    clock->doubtful_connection = before->doubtful_connection;
}

int64_t bm_clock_now(const struct bm_clock *clock, uint32_t uptime)
{
    uint32_t passed = since(clock->known_at, uptime);
    int64_t now = clock->known + (passed - passed / BM_CLOCK_DRIFT);

    return now < BM_TIME_NEVER ? now : BM_TIME_NEVER;
}

static bool is_near(const struct bm_clock *clock, int64_t moment,
                    uint32_t uptime)
{
    return moment - bm_clock_now(clock, uptime) <= clock->config.step_max;
}

static void move(struct bm_clock *clock, int64_t moment, uint32_t uptime)
{
    if (moment > bm_clock_now(clock, uptime)) {
        clock->known = moment;
        clock->known_at = uptime;
    }
}

static void doubt(struct bm_clock *clock, int64_t moment, uint32_t connection,
                  uint32_t uptime)
{
    clock->doubtful = moment;
    clock->doubtful_at = uptime;
    clock->doubtful_connection = connection;
}

/*
 * A step that is too long. What is remembered is never replaced by a word
 * that comes too early, or whoever speaks often enough could keep the clock
 * from ever moving.
 */
static void hear_far(struct bm_clock *clock, int64_t moment,
                     uint32_t connection, uint32_t uptime)
{
    int64_t agreed = moment < clock->doubtful ? moment : clock->doubtful;

    if (clock->doubtful == 0) {
        doubt(clock, moment, connection, uptime);
        return;
    }
    if (connection == clock->doubtful_connection ||
        since(clock->doubtful_at, uptime) < BM_CLOCK_AGAIN) {
        return;
    }
    move(clock, agreed, uptime);
    clock->doubtful = 0;
    if (is_near(clock, moment, uptime)) {
        move(clock, moment, uptime);
    } else {
        doubt(clock, moment, connection, uptime);
    }
}

bm_status bm_clock_learn(struct bm_clock *clock, enum bm_clock_source source,
                         int64_t moment, uint32_t connection, uint32_t uptime)
{
    if (source > BM_CLOCK_ANSWER) {
        return BM_E_ARGUMENT;
    }
    if (!is_moment(moment)) {
        return BM_E_TIME_RANGE;
    }
    if (moment <= bm_clock_now(clock, uptime)) {
        return BM_OK;
    }
    if (is_near(clock, moment, uptime)) {
        move(clock, moment, uptime);
    } else {
        hear_far(clock, moment, connection, uptime);
    }
    return bm_clock_keep(clock, uptime);
}

bm_status bm_clock_keep(struct bm_clock *clock, uint32_t uptime)
{
    int64_t now = bm_clock_now(clock, uptime);

    /* The build time needs no flash: it is in the firmware. */
    return now - clock->config.build < BM_CLOCK_WRITE
               ? BM_OK
               : write_daily(clock, now, uptime);
}

bm_status bm_clock_reset(struct bm_clock *clock)
{
    clock->known = clock->config.build;
    clock->written = 0;
    clock->wrote = false;
    clock->doubtful = 0;
    return clock->log == NULL ? BM_OK : bm_log_delete(clock->log, RECORD);
}
