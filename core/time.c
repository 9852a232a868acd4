/* SPDX-License-Identifier: Apache-2.0 */
#include "core/time.h"

#include <string.h>

/* A time as pairs of digits: century, year, month, day, hour... */
#define PAIRS 7

/*
 * The three written forms: X.680 46 and 47 as RFC 5280 4.1.2.5 restricts them
 * (seconds, no fraction, Z), and RFC 3339 5.6.
 */
struct form {
    uint8_t n;            /* characters in all */
    uint8_t first;        /* pair that it begins with */
    uint8_t after[PAIRS]; /* character behind each pair, or 0 */
};

static const struct form utc_form = { 13, 1, { 0, 0, 0, 0, 0, 0, 'Z' } };
static const struct form generalized_form = { 15,
                                              0,
                                              { 0, 0, 0, 0, 0, 0, 'Z' } };
static const struct form text_form = { 20,
                                       0,
                                       { 0, '-', '-', 'T', ':', ':', 'Z' } };

#define YEAR_MAX    9999
#define DAY_SECONDS 86400

/*
 * Days are counted from 1 March of the year -400: then the leap day is the
 * last day of its year, and no number is negative.
 */
#define EPOCH_DAYS  865565 /* from there to 1970-01-01 */
#define CYCLE_YEARS 400
#define CYCLE_DAYS  146097 /* of 400 years */

#define TIME_OF_YEAR_ZERO INT64_C(-62167219200)
#define TIME_OF_YEAR_1950 INT64_C(-631152000) /* the first of UTCTime */

static uint32_t days_before_year(uint32_t y)
{
    return 365 * y + y / 4 - y / 100 + y / 400;
}

/* Months are counted from March = 0; five of them have 153 days. */
static uint32_t days_before_month(uint32_t m)
{
    return (153 * m + 2) / 5;
}

/* Before the first day of a month from 1 on; 13 is the next January. */
static uint32_t days_before(uint32_t year, uint32_t month)
{
    year += month <= 2 ? CYCLE_YEARS - 1 : CYCLE_YEARS;
    return days_before_year(year) + days_before_month((month + 9) % 12);
}

bm_status bm_time_from_date(const struct bm_date *date, int64_t *t)
{
    uint32_t month = date->month;
    uint32_t year = date->year;
    uint32_t days = days_before(year, month) + date->day;

    if (year > YEAR_MAX || month < 1 || month > 12 || date->day < 1 ||
        days > days_before(year, month + 1) || date->hour > 23 ||
        date->minute > 59 || date->second > 59) {
        return BM_E_TIME_RANGE;
    }
    *t = (int64_t)((int32_t)days - 1 - EPOCH_DAYS) * DAY_SECONDS +
         (int32_t)((date->hour * 60u + date->minute) * 60u + date->second);
    return BM_OK;
}

void bm_time_to_date(int64_t t, struct bm_date *date)
{
    uint64_t since;
    uint32_t day;
    uint32_t second;
    uint32_t year;
    uint32_t month;

    *date = (struct bm_date){ 0 };
    if (t < TIME_OF_YEAR_ZERO || t > BM_TIME_NEVER) {
        return;
    }
    since = (uint64_t)(t + (int64_t)EPOCH_DAYS * DAY_SECONDS);
    day = (uint32_t)(since / DAY_SECONDS);
    second = (uint32_t)(since - (uint64_t)day * DAY_SECONDS);

    year = day / CYCLE_DAYS * CYCLE_YEARS - CYCLE_YEARS;
    day %= CYCLE_DAYS;
    /* Without the leap days before it, each year of a cycle has 365 days. */
    {
        uint32_t y = (day - day / 1460 + day / 36524 - day / 146096) / 365;

        day -= days_before_year(y);
        year += y;
    }
    month = (5 * day + 2) / 153;

    date->year = (uint16_t)(year + (month >= 10 ? 1 : 0));
    date->month = (uint8_t)(month < 10 ? month + 3 : month - 9);
    date->day = (uint8_t)(day - days_before_month(month) + 1);
    date->hour = (uint8_t)(second / 3600);
    date->minute = (uint8_t)(second / 60 % 60);
    date->second = (uint8_t)(second % 60);
}

/* Read the pairs that `form` has; those in front are left as they are. */
static bool read_pairs(struct bm_bytes text, const struct form *form,
                       uint8_t pairs[PAIRS])
{
    const uint8_t *p = text.p;

    if (text.n != form->n) {
        return false;
    }
    for (size_t i = form->first; i < PAIRS; i++) {
        unsigned tens = *p++ - (unsigned)'0';
        unsigned ones = *p++ - (unsigned)'0';

        if (tens > 9 || ones > 9) {
            return false;
        }
        pairs[i] = (uint8_t)(10 * tens + ones);
        if (form->after[i] != 0 && *p++ != form->after[i]) {
            return false;
        }
    }
    return true;
}

static bm_status read_form(struct bm_bytes text, const struct form *form,
                           int64_t *t)
{
    uint8_t pairs[PAIRS] = { 0 };
    struct bm_date date;

    if (!read_pairs(text, form, pairs)) {
        return BM_E_TIME_FORM;
    }
    if (form->first == 1) {
        pairs[0] = pairs[1] >= 50 ? 19 : 20; /* RFC 5280 4.1.2.5.1 */
    }
    date = (struct bm_date){ (uint16_t)(pairs[0] * 100 + pairs[1]),
                             pairs[2],
                             pairs[3],
                             pairs[4],
                             pairs[5],
                             pairs[6] };
    return bm_time_from_date(&date, t);
}

static bm_status take_form(struct bm_der *d, uint8_t tag,
                           const struct form *form, int64_t *t)
{
    const uint8_t *start = d->p;
    struct bm_bytes body;
    bm_status rc;

    BM_TRY(bm_der_take(d, tag, &body));
    rc = read_form(body, form, t);
    if (rc != BM_OK) {
        d->p = start;
        return bm_der_fail(d, rc);
    }
    return BM_OK;
}

bm_status bm_time_take(struct bm_der *d, int64_t *t)
{
    const uint8_t *start = d->p;
    int64_t value = 0;

    if (bm_der_at(d, BM_DER_UTC_TIME)) {
        return take_form(d, BM_DER_UTC_TIME, &utc_form, t);
    }
    BM_TRY(take_form(d, BM_DER_GENERALIZED_TIME, &generalized_form, &value));
    if (value < BM_TIME_2050) {
        d->p = start;
        return bm_der_fail(d, BM_E_TIME_TYPE);
    }
    *t = value;
    return BM_OK;
}

bm_status bm_time_take_generalized(struct bm_der *d, uint8_t tag, int64_t *t)
{
    return take_form(d, tag, &generalized_form, t);
}

bm_status bm_time_from_text(struct bm_bytes text, int64_t *t)
{
    return read_form(text, &text_form, t);
}

/* IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT", put into the order of a
 * GeneralizedTime. */
bm_status bm_time_from_http(struct bm_bytes text, int64_t *t)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const uint8_t at[] = { 12, 13, 14, 15, 0,  0,  5,
                                  6,  17, 18, 20, 21, 23, 24 };
    uint8_t ordered[sizeof at + 1];
    uint8_t month = 0;

    if (text.n != 29 || memcmp(text.p + 25, " GMT", 4) != 0) {
        return BM_E_TIME_FORM;
    }
    for (size_t i = 0; i < sizeof at; i++) {
        ordered[i] = text.p[at[i]];
    }
    while (month < 12 && memcmp(text.p + 8, months + 3 * month, 3) != 0) {
        month++;
    }
    month = month < 12 ? (uint8_t)(month + 1) : 0; /* which there is not */
    ordered[4] = (uint8_t)('0' + month / 10);
    ordered[5] = (uint8_t)('0' + month % 10);
    ordered[sizeof at] = 'Z';
    return read_form(BM_ARRAY(ordered), &generalized_form, t);
}

static void to_pairs(int64_t t, uint8_t pairs[PAIRS])
{
    struct bm_date date;

    bm_time_to_date(t, &date);
    pairs[0] = (uint8_t)(date.year / 100);
    pairs[1] = (uint8_t)(date.year % 100);
    pairs[2] = date.month;
    pairs[3] = date.day;
    pairs[4] = date.hour;
    pairs[5] = date.minute;
    pairs[6] = date.second;
}

static void put_form(struct bm_wr *w, const struct form *form, int64_t t)
{
    uint8_t pairs[PAIRS];

    to_pairs(t, pairs);
    for (size_t i = form->first; i < PAIRS; i++) {
        bm_wr_u8(w, (uint8_t)('0' + pairs[i] / 10));
        bm_wr_u8(w, (uint8_t)('0' + pairs[i] % 10));
        if (form->after[i] != 0) {
            bm_wr_u8(w, form->after[i]);
        }
    }
}

static bool is_written(int64_t t, int64_t earliest)
{
    return t >= earliest && t <= BM_TIME_NEVER;
}

void bm_time_put(struct bm_wr *w, int64_t t)
{
    if (t >= BM_TIME_2050) {
        bm_time_put_generalized(w, BM_DER_GENERALIZED_TIME, t);
    } else if (is_written(t, TIME_OF_YEAR_1950)) {
        bm_der_put_header(w, BM_DER_UTC_TIME, utc_form.n);
        put_form(w, &utc_form, t);
    }
}

void bm_time_put_generalized(struct bm_wr *w, uint8_t tag, int64_t t)
{
    if (is_written(t, TIME_OF_YEAR_ZERO)) {
        bm_der_put_header(w, tag, generalized_form.n);
        put_form(w, &generalized_form, t);
    }
}

void bm_time_put_text(struct bm_wr *w, int64_t t)
{
    if (is_written(t, TIME_OF_YEAR_ZERO)) {
        put_form(w, &text_form, t);
    }
}
