/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_CLOCK_H
#define BM_DEVICE_CLOCK_H

#include "device/log.h"

/*
 * Time for a device without a clock: the last known good time, a moment that
 * is certainly past. It proves that something has expired, never that
 * something is not valid yet. It only moves forward, from these sources:
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
};
#define BM_CLOCK_STEP_MAX ((uint32_t)400 * 86400)
/* A step that is too long must be told again, this much later, over another
 * connection. */
#define BM_CLOCK_AGAIN 3600
/* The flash is written at most this often; the rest is kept in memory. */
#define BM_CLOCK_WRITE 86400

struct bm_clock {
    struct bm_log *log;
    struct bm_clock_config config;
    /* Private. */
    int64_t known;       /* last known good time, */
    uint32_t known_at;   /* learned at this uptime */
    int64_t written;     /* what the log holds */
    uint32_t written_at; /* uptime; 0: not since the start */
    int64_t doubtful;    /* a step that was too long, or 0, */
    uint32_t doubtful_at;
    uint32_t doubtful_connection;
};

/* Uptimes are seconds since the device started, from any monotonic counter. */

BM_MUST_CHECK bm_status bm_clock_open(struct bm_clock *clock,
                                      struct bm_log *log,
                                      const struct bm_clock_config *config);

/* The last known good time, moved on by the uptime since: a lower bound. */
int64_t bm_clock_now(const struct bm_clock *clock, uint32_t uptime);

/*
 * Learn a moment. `connection` tells connections apart (any number that
 * differs). An earlier moment changes nothing; one that is too far ahead is
 * remembered until it is told again (BM_OK as well: see bm_clock_now()).
 */
BM_MUST_CHECK bm_status bm_clock_learn(struct bm_clock *clock,
                                       enum bm_clock_source source,
                                       int64_t moment, uint32_t connection,
                                       uint32_t uptime);

#endif
