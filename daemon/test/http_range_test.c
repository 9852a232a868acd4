/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_range.h"

#include "tests/harness/bm_test.h"

#define SIZE 1000

static const struct {
    const char *value;
    enum http_range want;
    uint64_t at;
    uint64_t n;
} cases[] = {
    { NULL, HTTP_RANGE_WHOLE, 0, SIZE },
    { "bytes=0-", HTTP_RANGE_PART, 0, SIZE },
    { "bytes=0-0", HTTP_RANGE_PART, 0, 1 },
    { "bytes=10-19", HTTP_RANGE_PART, 10, 10 },
    { "BYTES=10-19", HTTP_RANGE_PART, 10, 10 },
    { "bytes= 10-19 ", HTTP_RANGE_PART, 10, 10 },
    { "bytes=999-", HTTP_RANGE_PART, 999, 1 },
    { "bytes=990-5000", HTTP_RANGE_PART, 990, 10 },
    { "bytes=990-99999999999999999999999", HTTP_RANGE_PART, 990, 10 },
    { "bytes=0-18446744073709551615", HTTP_RANGE_PART, 0, SIZE },
    { "bytes=-1", HTTP_RANGE_PART, 999, 1 },
    { "bytes=-1000", HTTP_RANGE_PART, 0, SIZE },
    { "bytes=-5000", HTTP_RANGE_PART, 0, SIZE },
    /* RFC 9110 14.1.2: not satisfiable */
    { "bytes=1000-", HTTP_RANGE_NONE, 0, 0 },
    { "bytes=1000-2000", HTTP_RANGE_NONE, 0, 0 },
    { "bytes=99999999999999999999999-", HTTP_RANGE_NONE, 0, 0 },
    { "bytes=-0", HTTP_RANGE_NONE, 0, 0 },
    /* RFC 9110 14.2: another unit, several, or none is ignored */
    { "", HTTP_RANGE_WHOLE, 0, SIZE },
    { "bytes", HTTP_RANGE_WHOLE, 0, SIZE },
    { "bytes=", HTTP_RANGE_WHOLE, 0, SIZE },
    { "bytes=-", HTTP_RANGE_WHOLE, 0, SIZE },
    { "bytes=5", HTTP_RANGE_WHOLE, 0, SIZE },
    { "bytes=9-8", HTTP_RANGE_WHOLE, 0, SIZE },
    { "bytes=0-1,5-6", HTTP_RANGE_WHOLE, 0, SIZE },
    { "bytes=0-1x", HTTP_RANGE_WHOLE, 0, SIZE },
    { "bytes=+1-2", HTTP_RANGE_WHOLE, 0, SIZE },
    { "bytes=0x1-2", HTTP_RANGE_WHOLE, 0, SIZE },
    { "octets=0-1", HTTP_RANGE_WHOLE, 0, SIZE },
};

static void a_range_is_the_one_that_was_asked_for(void)
{
    struct http_part part;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK(http_range_parse(cases[i].value, SIZE, &part) == cases[i].want);
        CHECK(part.at == cases[i].at && part.n == cases[i].n);
    }
}

static void of_nothing_there_is_no_part(void)
{
    struct http_part part;

    CHECK(http_range_parse("bytes=0-", 0, &part) == HTTP_RANGE_NONE);
    CHECK(http_range_parse("bytes=-1", 0, &part) == HTTP_RANGE_NONE);
    CHECK(http_range_parse("bytes=x", 0, &part) == HTTP_RANGE_WHOLE);
    CHECK(part.n == 0);
}

/* RFC 9110 13.1.5 */
static void a_range_of_another_representation_is_not_heeded(void)
{
    CHECK(http_range_if(NULL, "\"a\""));
    CHECK(http_range_if("\"a\"", "\"a\""));
    CHECK(!http_range_if("\"b\"", "\"a\""));
    CHECK(!http_range_if("W/\"a\"", "\"a\""));
    CHECK(!http_range_if("Sat, 29 Oct 1994 19:43:31 GMT", "\"a\""));
}

int main(void)
{
    RUN(a_range_is_the_one_that_was_asked_for);
    RUN(of_nothing_there_is_no_part);
    RUN(a_range_of_another_representation_is_not_heeded);
    return bm_test_done();
}
