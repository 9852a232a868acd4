/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_TIME_H
#define BM_CORE_TIME_H

#include "core/der.h"

/*
 * Points in time as certificates write them.
 *
 * A time is an int64_t: seconds since 1970-01-01T00:00:00Z, without leap
 * seconds, negative before. Nothing here reads a clock.
 */

/*
 * 99991231235959Z: "no well-defined expiration date" (RFC 5280 4.1.2.5).
 * It is also the latest time that can be written.
 */
#define BM_TIME_NEVER INT64_C(253402300799)

/* 2050-01-01T00:00:00Z: the first second that needs GeneralizedTime. */
#define BM_TIME_2050 INT64_C(2524608000)

struct bm_date {
    uint16_t year; /* 0..9999 */
    uint8_t month; /* 1..12 */
    uint8_t day;   /* 1..31 */
    uint8_t hour;
    uint8_t minute;
    uint8_t second; /* 0..59: a leap second cannot be told */
};

/*
 * Proleptic Gregorian calendar. Outside of the years 0..9999 `*date` is all
 * zero, which is no date.
 */
void bm_time_to_date(int64_t t, struct bm_date *date);

/* BM_E_TIME_RANGE when there is no such day or hour. */
BM_MUST_CHECK bm_status bm_time_from_date(const struct bm_date *date,
                                          int64_t *t);

/*
 * Take Time ::= CHOICE { UTCTime, GeneralizedTime } as RFC 5280 4.1.2.5
 * restricts it: seconds, Z, no fraction, UTCTime through 2049 and
 * GeneralizedTime from 2050.
 */
BM_MUST_CHECK bm_status bm_time_take(struct bm_der *d, int64_t *t);

/*
 * Take a GeneralizedTime of any year under `tag` (OCSP, invalidityDate):
 * YYYYMMDDHHMMSSZ.
 */
BM_MUST_CHECK bm_status bm_time_take_generalized(struct bm_der *d, uint8_t tag,
                                                 int64_t *t);

/*
 * Write in the type that RFC 5280 demands. `t` in the years 1950..9999 (0..9999
 * where the form is given); for another time nothing is written.
 */
void bm_time_put(struct bm_wr *w, int64_t t);
void bm_time_put_generalized(struct bm_wr *w, uint8_t tag, int64_t t);

/* Write "2031-02-03T04:05:06Z" (RFC 3339), for people and JSON. */
void bm_time_put_text(struct bm_wr *w, int64_t t);

/* Read the form that bm_time_put_text() writes. */
BM_MUST_CHECK bm_status bm_time_from_text(struct bm_bytes text, int64_t *t);

/* Read the form that is written in HTTP today (RFC 9110 5.6.7: IMF-fixdate),
 * "Sun, 06 Nov 1994 08:49:37 GMT"; the name of the day is not looked at. */
BM_MUST_CHECK bm_status bm_time_from_http(struct bm_bytes text, int64_t *t);

#endif
