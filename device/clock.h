/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_CLOCK_H
#define BM_DEVICE_CLOCK_H

#include "device/log.h"

/*
 * Time for a device without a clock: the last known good time, a moment that
 * is certainly past. It proves that something has expired, never that
 * something is not valid yet. It only moves forward, from the sources below,
 * and with the uptime since; never from TLS randoms, HTTP dates, or a peer
 * whose certificate passed though expired (bm_trust_verdict.expired).
 *
 * One who can forge a source once can move it by one step, `step_max`. To
 * move it further takes the same word again over another connection, an hour
 * or more later; so a device that was in a drawer for years comes back, and
 * one bad answer does not carry it beyond the life of its certificates. What
 * waits to be told again is in memory: a device that starts anew within the
 * hour hears it for the first time again.
 *
 * One thread at a time. Nothing blocks but the log.
 */
enum bm_clock_source {
    BM_CLOCK_ISSUED, /* notBefore of a certificate just issued to us */
    BM_CLOCK_STATUS, /* thisUpdate of a CRL, OCSP answer or trust bundle that
                        was validated under a pinned anchor */
    BM_CLOCK_ANSWER  /* an authenticated answer to our nonce */
};

struct bm_clock_config {
    int64_t build;     /* never below: SOURCE_DATE_EPOCH of the firmware */
    uint32_t step_max; /* seconds in one step; 0: 400 days */
    uint32_t uptime;   /* at which the clock is opened; 0 at the start */
};
/* A year and a renewal: a device that was offline as long as a CRL of a root
 * or an operational certificate may last. */
#define BM_CLOCK_STEP_MAX ((uint32_t)400 * 86400)
/* A step that is too long must be told again, this much later, over another
 * connection. */
#define BM_CLOCK_AGAIN 3600
/* The flash is written at most this often; the rest is kept in memory. What
 * a power cut takes is at most a day, and an earlier bound is a bound, too. */
#define BM_CLOCK_WRITE 86400

/*
 * One second in so many is not counted while the device runs: an oscillator
 * without a crystal may be that much too fast, and a bound that runs ahead
 * would stay ahead for ever.
 */
#define BM_CLOCK_DRIFT 32

/* 80 octets on a Cortex-M3. */
struct bm_clock {
    struct bm_log *log;
    struct bm_clock_config config;
    /* Private. */
    int64_t known;       /* last known good time, */
    uint32_t known_at;   /* learned at this uptime */
    int64_t written;     /* what the log holds, or 0 */
    uint32_t written_at; /* uptime of the last write */
    bool wrote;          /* since the start */
    int64_t doubtful;    /* a step that was too long, or 0, */
    uint32_t doubtful_at;
    uint32_t doubtful_connection;
};

/* Uptimes are seconds since the device started, from any monotonic counter:
 * 136 years of them fit. */

/*
 * `log` may be NULL: nothing is kept. A record that makes no sense counts as
 * none: the clock then starts at `build`.
 */
BM_MUST_CHECK bm_status bm_clock_open(struct bm_clock *clock,
                                      struct bm_log *log,
                                      const struct bm_clock_config *config);

/*
 * After bm_clock_open(), for who opens the log now and then: take over what
 * `before` had in memory alone: how far its bound had come, a step that waits
 * to be told again, and when the flash was written. Uptimes go on:
 * config.uptime is one of `before`, too.
 */
void bm_clock_resume(struct bm_clock *clock, const struct bm_clock *before);

/* The last known good time, moved on by the uptime since: a lower bound. */
int64_t bm_clock_now(const struct bm_clock *clock, uint32_t uptime);

/*
 * Learn a moment. `connection` tells connections apart (any number that
 * differs). An earlier moment changes nothing. One that is too far ahead is
 * remembered; the first word that comes from another connection, BM_CLOCK_AGAIN
 * or more later, and is too far ahead as well, moves the clock to the lesser of
 * the two. BM_OK in each of these cases: see bm_clock_now(). When the log
 * fails, the moment counts until the next start all the same. BM_E_TIME_RANGE
 * for no moment that a certificate could have.
 */
BM_MUST_CHECK bm_status bm_clock_learn(struct bm_clock *clock,
                                       enum bm_clock_source source,
                                       int64_t moment, uint32_t connection,
                                       uint32_t uptime);

/*
 * Write what time it is, if it has moved and the flash was not written today:
 * for a device that runs for months and learns nothing. Call it now and then.
 */
BM_MUST_CHECK bm_status bm_clock_keep(struct bm_clock *clock, uint32_t uptime);

/*
 * Back to the build time: a factory reset, by somebody who holds the device.
 * Never on a word from the network.
 */
BM_MUST_CHECK bm_status bm_clock_reset(struct bm_clock *clock);

#endif
