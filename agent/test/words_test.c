/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/words.h"

#include <string.h>

#include "agent/args.h"
#include "agent/event.h"
#include "tests/harness/bm_test.h"

static int ran;

static int run(const struct args *args)
{
    (void)args;
    ran++;
    return ARGS_OK;
}

static const struct args_command commands[] = {
    { "enroll", NULL, "x", ARGS_BIRTH, run },
    { "seal", "NAME", "x", 0, run },
    { NULL, NULL, NULL, 0, NULL },
};

static void a_command_line_is_read_or_refused(void)
{
    static const struct {
        const char *words[6];
        int code;
        const char *name; /* of the command, or NULL */
    } rows[] = {
        { { "enroll" }, ARGS_OK, "enroll" },
        { { "--config", "/x", "enroll", "--birth" }, ARGS_OK, "enroll" },
        { { "enroll", "--birth", "--birth" }, ARGS_USAGE, NULL },
        { { "enroll", "--json" }, ARGS_USAGE, NULL },
        { { "enroll", "x" }, ARGS_USAGE, NULL },
        { { "enrol" }, ARGS_USAGE, NULL },
        { { "seal" }, ARGS_USAGE, NULL },
        { { "seal", "a" }, ARGS_OK, "seal" },
        { { "seal", "a", "b" }, ARGS_USAGE, NULL },
        { { "--config" }, ARGS_USAGE, NULL },
        { { "--config", "" }, ARGS_USAGE, NULL },
        { { "--nothing" }, ARGS_USAGE, NULL },
        { { "--check" }, ARGS_OK, NULL },
        { { "--version" }, ARGS_OK, NULL },
        { { "enroll", "--version" }, ARGS_USAGE, NULL },
        { { "enroll", "--check" }, ARGS_OK, NULL },
        { { NULL }, ARGS_USAGE, NULL },
    };

    (void)!freopen("/dev/null", "w", stderr);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct args_command *command;
        char *argv[8] = { (char *)(uintptr_t) "birthmark-agent" };
        struct args args;
        int n = 1;

        for (size_t k = 0; rows[i].words[k] != NULL; k++) {
            argv[n++] = (char *)(uintptr_t)rows[i].words[k];
        }
        CHECK(args_read(n, argv, commands, &args, &command) == rows[i].code);
        CHECK((command != NULL) == (rows[i].name != NULL));
        CHECK(command == NULL || strcmp(command->name, rows[i].name) == 0);
    }
    CHECK(ran == 0);
}

static void an_event_is_one_line_of_plain_words(void)
{
    uint8_t line[1024];
    struct bm_wr w;

    event_open(EVENT_INFO);
    bm_wr_init(&w, line, sizeof line - 1);
    event_format(&w, EVENT_WARNING, "a.b",
                 (struct event_field[]){ { "plain", "x/1", 0 },
                                         { "n", NULL, -3 },
                                         { "odd", "a \"b\"\n\x1b[31m", 0 },
                                         { "empty", "", 0 },
                                         { 0 } });
    line[w.len] = '\0';
    CHECK(strstr((char *)line,
                 " warning event=a.b plain=x/1 n=-3 "
                 "odd=\"a \\\"b\\\"\\x0a\\x1b[31m\" empty=\"\"\n") != NULL);
}

static void a_span_is_told_in_its_largest_unit(void)
{
    static const struct {
        int64_t seconds;
        const char *words;
    } rows[] = { { -5, "0 seconds" },     { 1, "1 second" },
                 { 119, "119 seconds" },  { 120, "2 minutes" },
                 { 7199, "119 minutes" }, { 7200, "2 hours" },
                 { 172800, "2 days" },    { 8640000, "100 days" } };
    char buf[WORDS_TIME_MAX];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(strcmp(words_span(rows[i].seconds, buf), rows[i].words) == 0);
    }
}

int main(void)
{
    RUN(a_command_line_is_read_or_refused);
    RUN(an_event_is_one_line_of_plain_words);
    RUN(a_span_is_told_in_its_largest_unit);
    return bm_test_done();
}
