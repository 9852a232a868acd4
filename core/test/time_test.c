/* SPDX-License-Identifier: Apache-2.0 */
#include "core/time.h"

#include "tests/harness/bm_test.h"

#define DAY INT64_C(86400)

/* Unlike any time, to see whether a failure has left the result alone. */
#define UNTOUCHED INT64_C(-424242)

static struct bm_bytes str(const char *s)
{
    return (struct bm_bytes){ (const uint8_t *)s, strlen(s) };
}

/* RFC 3339 text of `t` must be `want`. */
static void check_text(int64_t t, const char *want)
{
    uint8_t buf[32];
    struct bm_wr w;

    bm_wr_init(&w, buf, sizeof buf);
    bm_time_put_text(&w, t);
    CHECK_BYTES(buf, w.len, want, strlen(want));
}

static const struct {
    int64_t t;
    const char *text;
} moments[] = {
    { INT64_C(-62167219200), "0000-01-01T00:00:00Z" },
    { INT64_C(-62162121600), "0000-02-29T00:00:00Z" },
    { INT64_C(-2203891201), "1900-02-28T23:59:59Z" },
    { INT64_C(-2203891200), "1900-03-01T00:00:00Z" },
    { INT64_C(-631152001), "1949-12-31T23:59:59Z" },
    { INT64_C(-631152000), "1950-01-01T00:00:00Z" },
    { -1, "1969-12-31T23:59:59Z" },
    { 0, "1970-01-01T00:00:00Z" },
    { INT64_C(951782400), "2000-02-29T00:00:00Z" },
    { INT64_C(1709251199), "2024-02-29T23:59:59Z" },
    { INT64_C(2147483648), "2038-01-19T03:14:08Z" },
    { INT64_C(4294967296), "2106-02-07T06:28:16Z" },
    { BM_TIME_2050 - 1, "2049-12-31T23:59:59Z" },
    { BM_TIME_2050, "2050-01-01T00:00:00Z" },
    { INT64_C(4107542399), "2100-02-28T23:59:59Z" },
    { INT64_C(4107542400), "2100-03-01T00:00:00Z" },
    { BM_TIME_NEVER, "9999-12-31T23:59:59Z" },
};

static void known_moments_have_their_text_both_ways(void)
{
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        int64_t t = UNTOUCHED;

        check_text(moments[i].t, moments[i].text);
        CHECK_STATUS(bm_time_from_text(str(moments[i].text), &t), BM_OK);
        CHECK(t == moments[i].t);
    }
}

/* A calendar that only knows how to turn the page. */
static void next_day(struct bm_date *d)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30,
                                    31, 31, 30, 31, 30, 31 };
    int leap = d->year % 400 == 0 || (d->year % 4 == 0 && d->year % 100 != 0);

    if (d->day < days[d->month - 1] + (d->month == 2 && leap)) {
        d->day++;
        return;
    }
    d->day = 1;
    if (d->month < 12) {
        d->month++;
        return;
    }
    d->month = 1;
    d->year++;
}

static int same_date(const struct bm_date *a, const struct bm_date *b)
{
    return a->year == b->year && a->month == b->month && a->day == b->day &&
           a->hour == b->hour && a->minute == b->minute &&
           a->second == b->second;
}

static void every_day_of_ten_thousand_years_makes_the_round_trip(void)
{
    struct bm_date want = { 0, 1, 1, 12, 34, 56 };
    int64_t t = moments[0].t + 12 * 3600 + 34 * 60 + 56;
    bool same = true;

    for (; same && want.year <= 9999; t += DAY) {
        struct bm_date date;
        int64_t back = UNTOUCHED;

        bm_time_to_date(t, &date);
        same = same_date(&date, &want) &&
               bm_time_from_date(&date, &back) == BM_OK && back == t;
        if (!same) {
            printf("# %u-%u-%u\n", want.year, want.month, want.day);
        }
        next_day(&want);
    }
    CHECK(same && t > BM_TIME_NEVER && t < BM_TIME_NEVER + DAY);
}

static void every_second_of_a_day_makes_the_round_trip(void)
{
    int64_t start = BM_TIME_2050 - DAY;
    int64_t t = start;
    bool same = true;

    for (; same && t < start + DAY; t++) {
        struct bm_date date;
        int64_t back = UNTOUCHED;

        bm_time_to_date(t, &date);
        same = bm_time_from_date(&date, &back) == BM_OK && back == t &&
               (date.hour * 60 + date.minute) * 60 + date.second == t - start;
    }
    CHECK(same && t == start + DAY);
}

static void a_date_that_does_not_exist_is_refused(void)
{
    static const struct bm_date bad[] = {
        { 10000, 1, 1, 0, 0, 0 },     { 2024, 0, 1, 0, 0, 0 },
        { 2024, 13, 1, 0, 0, 0 },     { 2024, 1, 0, 0, 0, 0 },
        { 2024, 1, 32, 0, 0, 0 },     { 2024, 2, 30, 0, 0, 0 },
        { 2023, 2, 29, 0, 0, 0 },     { 2100, 2, 29, 0, 0, 0 },
        { 1900, 2, 29, 0, 0, 0 },     { 2024, 4, 31, 0, 0, 0 },
        { 2024, 6, 31, 0, 0, 0 },     { 2024, 9, 31, 0, 0, 0 },
        { 2024, 11, 31, 0, 0, 0 },    { 2024, 1, 1, 24, 0, 0 },
        { 2024, 1, 1, 0, 60, 0 },     { 2024, 1, 1, 0, 0, 60 },
        { 2016, 12, 31, 23, 59, 60 }, /* a leap second that has been */
        { 0, 0, 0, 0, 0, 0 },
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t t = UNTOUCHED;

        CHECK_STATUS(bm_time_from_date(&bad[i], &t), BM_E_TIME_RANGE);
        CHECK(t == UNTOUCHED);
    }
}

/* Take a Time made of `tag` and the characters `s`. */
static bm_status take(uint8_t tag, const char *s, int64_t *t)
{
    uint8_t buf[40];
    struct bm_diag diag = { BM_OK, BM_OK, NULL };
    struct bm_der d;
    struct bm_wr w;
    bm_status rc;

    bm_wr_init(&w, buf, sizeof buf);
    bm_der_put(&w, tag, str(s));
    bm_der_init(&d, bm_wr_bytes(&w), &diag);
    *t = UNTOUCHED;
    rc = bm_time_take(&d, t);
    if (rc == BM_OK) {
        CHECK_STATUS(bm_der_end(&d), BM_OK);
    } else {
        CHECK(d.p == buf && *t == UNTOUCHED);
        CHECK(diag.status == rc && diag.at == buf);
    }
    return rc;
}

/* Each row is a phrase of RFC 5280 4.1.2.5 that a lenient reader gets wrong. */
static const struct {
    const char *why;
    uint8_t tag;
    const char *text;
    bm_status want;
} times[] = {
    { "first of UTCTime", 0x17, "500101000000Z", BM_OK },
    { "last of UTCTime", 0x17, "491231235959Z", BM_OK },
    { "first of GeneralizedTime", 0x18, "20500101000000Z", BM_OK },
    { "last", 0x18, "99991231235959Z", BM_OK },
    { "GeneralizedTime of 2049", 0x18, "20491231235959Z", BM_E_TIME_TYPE },
    { "GeneralizedTime of 1949", 0x18, "19491231235959Z", BM_E_TIME_TYPE },
    { "year 0", 0x18, "00000101000000Z", BM_E_TIME_TYPE },
    { "no seconds", 0x17, "9912312359Z", BM_E_TIME_FORM },
    { "no seconds", 0x18, "209912312359Z", BM_E_TIME_FORM },
    { "no Z", 0x17, "991231235959", BM_E_TIME_FORM },
    { "no Z", 0x18, "20991231235959", BM_E_TIME_FORM },
    { "digit for Z", 0x17, "9912312359590", BM_E_TIME_FORM },
    { "z", 0x17, "991231235959z", BM_E_TIME_FORM },
    { "offset", 0x17, "991231235959+0000", BM_E_TIME_FORM },
    { "offset", 0x18, "20991231235959+0000", BM_E_TIME_FORM },
    { "offset without seconds", 0x17, "9912312359+00", BM_E_TIME_FORM },
    { "fraction", 0x18, "20991231235959.5Z", BM_E_TIME_FORM },
    { "fraction of zero", 0x18, "20991231235959.0Z", BM_E_TIME_FORM },
    { "four digits of year", 0x17, "20991231235959Z", BM_E_TIME_FORM },
    { "two digits of year", 0x18, "991231235959Z", BM_E_TIME_FORM },
    { "space", 0x17, "99123123595 Z", BM_E_TIME_FORM },
    { "sign", 0x18, "+9991231235959Z", BM_E_TIME_FORM },
    { "letter", 0x17, "99a231235959Z", BM_E_TIME_FORM },
    { "empty", 0x17, "", BM_E_TIME_FORM },
    { "Z", 0x17, "Z", BM_E_TIME_FORM },
    { "leap second", 0x17, "161231235960Z", BM_E_TIME_RANGE },
    { "hour 24", 0x17, "161231240000Z", BM_E_TIME_RANGE },
    { "month 0", 0x17, "160031000000Z", BM_E_TIME_RANGE },
    { "month 13", 0x17, "161331000000Z", BM_E_TIME_RANGE },
    { "day 0", 0x17, "161200000000Z", BM_E_TIME_RANGE },
    { "no leap year", 0x18, "21000229000000Z", BM_E_TIME_RANGE },
    { "leap year", 0x17, "000229000000Z", BM_OK },
    { "another type", 0x13, "991231235959Z", BM_E_DER_TAG },
};

static void only_the_form_of_rfc_5280_is_taken(void)
{
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        int64_t t;

        bm_check_status(take(times[i].tag, times[i].text, &t), times[i].want,
                        times[i].why, __FILE__, __LINE__);
    }
}

/* RFC 5280 4.1.2.5.1: a year of two digits from 50 on is of 19xx. */
static void utc_time_runs_from_1950_to_2049(void)
{
    char s[] = "yy0101000000Z";

    for (int yy = 0; yy < 100; yy++) {
        struct bm_date date;
        int64_t t;

        s[0] = (char)('0' + yy / 10);
        s[1] = (char)('0' + yy % 10);
        CHECK_STATUS(take(BM_DER_UTC_TIME, s, &t), BM_OK);
        bm_time_to_date(t, &date);
        CHECK(date.year == (yy < 50 ? 2000 : 1900) + yy);
    }
}

static void a_generalized_time_alone_may_be_of_any_year(void)
{
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        uint8_t buf[24];
        struct bm_der d;
        struct bm_wr w;
        int64_t t = UNTOUCHED;

        bm_wr_init(&w, buf, sizeof buf);
        bm_time_put_generalized(&w, BM_DER_CONTEXT(3), moments[i].t);
        CHECK(w.len == 17);
        bm_der_init(&d, bm_wr_bytes(&w), NULL);
        CHECK_STATUS(bm_time_take_generalized(&d, BM_DER_CONTEXT(3), &t),
                     BM_OK);
        CHECK(t == moments[i].t && bm_der_left(&d) == 0);
    }
}

static void what_we_write_has_the_type_of_its_year(void)
{
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        int64_t t = UNTOUCHED;
        uint8_t buf[24];
        struct bm_der d;
        struct bm_wr w;

        bm_wr_init(&w, buf, sizeof buf);
        bm_time_put(&w, moments[i].t);
        if (moments[i].t < INT64_C(-631152000)) {
            CHECK(w.len == 0); /* cannot be written */
            continue;
        }
        CHECK(buf[0] == (moments[i].t < BM_TIME_2050 ? 0x17 : 0x18));
        bm_der_init(&d, bm_wr_bytes(&w), NULL);
        CHECK_STATUS(bm_time_take(&d, &t), BM_OK);
        CHECK(t == moments[i].t && bm_der_left(&d) == 0);
    }
}

static void a_time_outside_of_the_calendar_writes_nothing(void)
{
    static const int64_t outside[] = { INT64_MIN, INT64_C(-62167219201),
                                       BM_TIME_NEVER + 1, INT64_MAX };

    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        struct bm_date date = { 1, 1, 1, 1, 1, 1 };
        struct bm_wr w;
        int64_t t;

        bm_wr_init(&w, NULL, 0);
        bm_time_put(&w, outside[i]);
        bm_time_put_generalized(&w, BM_DER_GENERALIZED_TIME, outside[i]);
        bm_time_put_text(&w, outside[i]);
        CHECK(w.len == 0);
        bm_time_to_date(outside[i], &date);
        CHECK_STATUS(bm_time_from_date(&date, &t), BM_E_TIME_RANGE);
    }
}

static void text_has_one_form(void)
{
    static const char *const bad[] = {
        "",
        "2031-02-03T04:05:06",
        "2031-02-03T04:05:06z",
        "2031-02-03t04:05:06Z",
        "2031-02-03 04:05:06Z",
        "2031-02-03T04:05:06.0Z",
        "2031-02-03T04:05:06+00:00",
        "2031-02-03",
        "20310203040506Z",
        "2031-2-3T4:5:6Z",
        "12031-02-03T04:05:06Z",
        "2031/02/03T04:05:06Z",
    };
    int64_t t = UNTOUCHED;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(bm_time_from_text(str(bad[i]), &t), BM_E_TIME_FORM);
    }
    CHECK_STATUS(bm_time_from_text(str("2031-02-29T04:05:06Z"), &t),
                 BM_E_TIME_RANGE);
    CHECK(t == UNTOUCHED);
}

static void dates_of_http_are_read_in_the_form_of_today(void)
{
    static const struct {
        const char *text;
        bm_status status;
        int64_t t;
    } rows[] = {
        { "Sun, 06 Nov 1994 08:49:37 GMT", BM_OK, 784111777 },
        { "Thu, 29 Feb 2024 23:59:59 GMT", BM_OK, 1709251199 },
        { "Sat, 01 Jan 2050 00:00:00 GMT", BM_OK, BM_TIME_2050 },
        { "Sun, 29 Feb 2023 00:00:00 GMT", BM_E_TIME_RANGE, UNTOUCHED },
        { "Sun, 06 Abc 1994 08:49:37 GMT", BM_E_TIME_RANGE, UNTOUCHED },
        { "Sun, 06 Nov 1994 24:49:37 GMT", BM_E_TIME_RANGE, UNTOUCHED },
        { "Sun, 06 Nov 1994 08:49:3a GMT", BM_E_TIME_FORM, UNTOUCHED },
        { "Sun,  6 Nov 1994 08:49:37 GMT", BM_E_TIME_FORM, UNTOUCHED },
        { "Sun, 06 Nov 1994 08:49:37 UTC", BM_E_TIME_FORM, UNTOUCHED },
        { "Sunday, 06-Nov-94 08:49:37 GMT", BM_E_TIME_FORM, UNTOUCHED },
        { "Sun Nov  6 08:49:37 1994", BM_E_TIME_FORM, UNTOUCHED },
        { "", BM_E_TIME_FORM, UNTOUCHED },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t t = UNTOUCHED;

        CHECK_STATUS(bm_time_from_http(str(rows[i].text), &t), rows[i].status);
        CHECK(t == rows[i].t);
    }
}

/* Whatever a flipped bit makes of a time, it is refused or written back. */
static void each_flipped_bit_is_refused_or_is_another_time(void)
{
    static const char *const sample[] = { "991231235959Z", "20991231235959Z" };
    static const uint8_t tags[] = { BM_DER_UTC_TIME, BM_DER_GENERALIZED_TIME };

    for (size_t k = 0; k < 2; k++) {
        uint8_t der[24];
        size_t n = strlen(sample[k]) + 2;

        der[0] = tags[k];
        der[1] = (uint8_t)(n - 2);
        memcpy(der + 2, sample[k], n - 2);
        for (size_t bit = 0; bit < 8 * n; bit++) {
            uint8_t again[24];
            struct bm_der d;
            struct bm_wr w;
            int64_t t = UNTOUCHED;

            der[bit / 8] ^= (uint8_t)(1u << bit % 8);
            bm_der_init(&d, (struct bm_bytes){ der, n }, NULL);
            bm_wr_init(&w, again, sizeof again);
            if (bm_time_take(&d, &t) == BM_OK) {
                bm_time_put(&w, t);
                CHECK_BYTES(again, w.len, der, (size_t)(d.p - der));
            } else {
                CHECK(t == UNTOUCHED && d.p == der);
            }
            der[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t i = 0; i < n; i++) {
            struct bm_der d;
            int64_t t = UNTOUCHED;

            bm_der_init(&d, (struct bm_bytes){ der, i }, NULL);
            CHECK(bm_time_take(&d, &t) != BM_OK);
            CHECK(t == UNTOUCHED && d.p == der);
        }
    }
}

int main(void)
{
    RUN(known_moments_have_their_text_both_ways);
    RUN(every_day_of_ten_thousand_years_makes_the_round_trip);
    RUN(every_second_of_a_day_makes_the_round_trip);
    RUN(a_date_that_does_not_exist_is_refused);
    RUN(only_the_form_of_rfc_5280_is_taken);
    RUN(utc_time_runs_from_1950_to_2049);
    RUN(a_generalized_time_alone_may_be_of_any_year);
    RUN(what_we_write_has_the_type_of_its_year);
    RUN(a_time_outside_of_the_calendar_writes_nothing);
    RUN(text_has_one_form);
    RUN(dates_of_http_are_read_in_the_form_of_today);
    RUN(each_flipped_bit_is_refused_or_is_another_time);
    return bm_test_done();
}
