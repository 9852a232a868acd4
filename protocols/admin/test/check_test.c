/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "protocols/admin/admin.h"
#include "tests/harness/bm_test.h"

static void seconds_are_written_as_they_are_typed(void)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = { { 0, "0s" },         { 1, "1s" },         { 59, "59s" },
                 { 60, "1m" },        { 90, "90s" },       { 3600, "1h" },
                 { 5400, "90m" },     { 86399, "86399s" }, { 86400, "1d" },
                 { 129600, "36h" },   { 604800, "7d" },    { 2592000, "30d" },
                 { 604860, "10081m" } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[ADMIN_SECONDS_MAX];

        admin_seconds(rows[i].seconds, text);
        CHECK(strcmp(text, rows[i].text) == 0);
    }
}

static void a_time_that_is_too_long_is_refused_in_the_units_it_is_typed_in(void)
{
    static const struct admin_field fields[] = {
        { .name = "wait", .type = ADMIN_SECONDS, .min = 60, .max = 172800 },
        { .name = NULL },
    };
    static const struct {
        json_int_t seconds;
        bool ok;
    } rows[] = {
        { 59, false }, { 60, true }, { 172800, true }, { 172801, false }
    };
    char words[ADMIN_WORDS_MAX];
    json_t *o;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        o = json_pack("{s:I}", "wait", rows[i].seconds);
        CHECK(admin_check(fields, o, words) == rows[i].ok);
        CHECK(rows[i].ok || strcmp(words, "wait is outside of 1m to 2d") == 0);
        json_decref(o);
    }
    o = json_pack("{s:s}", "wait", "1d");
    CHECK(!admin_check(fields, o, words));
    CHECK(strcmp(words, "wait is not an integer") == 0);
    json_decref(o);
}

int main(void)
{
    RUN(seconds_are_written_as_they_are_typed);
    RUN(a_time_that_is_too_long_is_refused_in_the_units_it_is_typed_in);
    return bm_test_done();
}
