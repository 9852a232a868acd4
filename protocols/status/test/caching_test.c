/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/status/caching.h"

#include "core/time.h"
#include "tests/harness/bm_test.h"
#include "tests/harness/test_crypto.h"

/* RFC 9110 5.6.7, and what date(1) says */
static const struct {
    int64_t t;
    const char *text;
} dates[] = {
    { 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },
    { 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
    { -1, "Wed, 31 Dec 1969 23:59:59 GMT" },
    { 951782399, "Mon, 28 Feb 2000 23:59:59 GMT" },
    { 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
    { 4102444799, "Thu, 31 Dec 2099 23:59:59 GMT" },
    { BM_TIME_NEVER, "Fri, 31 Dec 9999 23:59:59 GMT" },
};

static void dates_are_written_and_read(void)
{
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        char text[STATUS_DATE_SIZE];
        int64_t t = 1;

        status_date_put(text, dates[i].t);
        CHECK(strcmp(text, dates[i].text) == 0);
        CHECK_STATUS(status_date_parse(text, &t), BM_OK);
        CHECK(t == dates[i].t);
    }
}

static void a_time_that_has_no_date_is_not_written(void)
{
    char text[STATUS_DATE_SIZE];

    status_date_put(text, BM_TIME_NEVER + 1);
    CHECK(text[0] == '\0');
    status_date_put(text, INT64_MIN);
    CHECK(text[0] == '\0');
    status_date_put(text, INT64_MAX);
    CHECK(text[0] == '\0');
}

static void other_dates_are_refused(void)
{
    static const char *const bad[] = {
        "",
        "Sunday, 06-Nov-94 08:49:37 GMT", /* obsolete */
        "Sun Nov  6 08:49:37 1994",       /* obsolete */
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT",
    };
    int64_t t;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        t = 1;
        CHECK(status_date_parse(bad[i], &t) != BM_OK);
        CHECK(t == 0);
    }
}

static void no_part_of_a_date_is_one(void)
{
    char text[STATUS_DATE_SIZE];
    char again[STATUS_DATE_SIZE];
    int64_t t;

    for (size_t n = 0; n < STATUS_DATE_SIZE - 1; n++) {
        memcpy(text, dates[0].text, STATUS_DATE_SIZE);
        text[n] = '\0';
        CHECK(status_date_parse(text, &t) != BM_OK);
        for (int bit = 0; bit < 8; bit++) {
            memcpy(text, dates[0].text, STATUS_DATE_SIZE);
            text[n] = (char)(text[n] ^ 1 << bit);
            if (status_date_parse(text, &t) == BM_OK) {
                status_date_put(again, t);
                CHECK(strcmp(text + 3, again + 3) == 0);
                CHECK(n < 3 || t != dates[0].t);
            }
        }
    }
}

/* RFC 9919 7.2: hexadecimal SHA-256; that of "abc" is known. */
static void a_tag_is_the_hash_of_the_body(void)
{
    char tag[STATUS_ETAG_SIZE];

    CHECK_STATUS(status_etag_put(tag, bm_test_crypto(), BM_LIT("abc")), BM_OK);
    CHECK(strcmp(tag, "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410"
                      "ff61f20015ad\"") == 0);
}

/* RFC 9110 13.1.2 and 8.8.3.2 */
static void a_tag_is_found_in_a_list(void)
{
    static const struct {
        const char *list;
        bool has;
    } rows[] = {
        { "\"tag\"", true },
        { "W/\"tag\"", true },
        { "*", true },
        { "\"a\", \"tag\"", true },
        { "\"a,b\",W/\"c\"\t,, \"tag\" ", true },
        { "\"a\", W/\"tag\", \"b\"", true },
        { "", false },
        { "tag", false },
        { "\"tag", false },
        { "\"tags\"", false },
        { "\"TAG\"", false },
        { "w/\"tag\"", false },
        { "\"a\", *", false },
        { "\"a\" x \"tag\"", false },
        { NULL, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(status_etag_matches(rows[i].list, "\"tag\"") == rows[i].has);
    }
    CHECK(!status_etag_matches("*", ""));
}

/* RFC 9110 13.2.2: with If-None-Match the date is not looked at. */
static void a_copy_that_is_good_is_seen(void)
{
    static const char at[] = "Sun, 06 Nov 1994 08:49:37 GMT";
    int64_t t = 784111777;

    CHECK(!status_not_modified(NULL, NULL, "\"x\"", t));
    CHECK(status_not_modified("\"x\"", NULL, "\"x\"", t));
    CHECK(!status_not_modified("\"y\"", at, "\"x\"", t));
    CHECK(status_not_modified(NULL, at, "\"x\"", t));
    CHECK(status_not_modified(NULL, at, "\"x\"", t - 1));
    CHECK(!status_not_modified(NULL, at, "\"x\"", t + 1));
    CHECK(!status_not_modified(NULL, "yesterday", "\"x\"", t));
}

/* RFC 9919 6 and 7.2 */
static void an_answer_says_how_long_it_is_good(void)
{
    struct status_caching c;
    char control[STATUS_CACHE_CONTROL_SIZE];

    CHECK_STATUS(status_caching_put(&c, bm_test_crypto(), BM_LIT("abc"),
                                    784111777, 784111777 + 3600),
                 BM_OK);
    CHECK(strcmp(c.last_modified, "Sun, 06 Nov 1994 08:49:37 GMT") == 0);
    CHECK(strcmp(c.expires, "Sun, 06 Nov 1994 09:49:37 GMT") == 0);
    CHECK(c.etag[0] == '"' && strlen(c.etag) == 66);
    status_cache_control_put(control, 300);
    CHECK(strcmp(control,
                 "max-age=300, public, no-transform, must-revalidate") == 0);
    status_cache_control_put(control, -5);
    CHECK(strncmp(control, "max-age=0,", 10) == 0);
    status_cache_control_put(control, INT64_MAX);
    CHECK(strstr(control, "must-revalidate") != NULL);
    /* What is signed is never said to be forbidden to keep. */
    CHECK(strstr(STATUS_CACHE_OWN, "no-store") == NULL &&
          strstr(STATUS_CACHE_OWN, "no-cache") == NULL);
}

int main(void)
{
    RUN(dates_are_written_and_read);
    RUN(a_time_that_has_no_date_is_not_written);
    RUN(other_dates_are_refused);
    RUN(no_part_of_a_date_is_one);
    RUN(a_tag_is_the_hash_of_the_body);
    RUN(a_tag_is_found_in_a_list);
    RUN(a_copy_that_is_good_is_seen);
    RUN(an_answer_says_how_long_it_is_good);
    return bm_test_done();
}
