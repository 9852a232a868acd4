/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/bm_test.h"

/* What follows the time. */
static const char *format(char *room, size_t cap, enum log_level level,
                          const struct log_field *fields)
{
    static const char time[] = "2026-01-01T00:00:00Z ";
    struct bm_wr w;

    bm_wr_init(&w, (uint8_t *)room, cap - 1);
    log_format(&w, level, "some.event", fields);
    CHECK(w.len < cap);
    room[w.len] = '\0';
    CHECK(w.len > sizeof time && room[10] == 'T' && room[20] == ' ');
    return room + sizeof time - 1;
}

static void a_line_says_level_event_and_values(void)
{
    char room[512];

    log_open("issuer", LOG_LEVEL_NOTICE);
    CHECK(strcmp(format(room, sizeof room, LOG_LEVEL_ERROR, NULL),
                 "error event=some.event room=issuer\n") == 0);
    CHECK(strcmp(format(room, sizeof room, LOG_LEVEL_INFO,
                        (struct log_field[]){ log_text("a", "word"),
                                              log_number("n", -7),
                                              log_bytes("b", BM_LIT("x/y")),
                                              { 0 } }),
                 "info event=some.event room=issuer a=word n=-7 b=x/y\n") == 0);
    log_open(NULL, LOG_LEVEL_NOTICE);
    CHECK(strcmp(format(room, sizeof room, LOG_LEVEL_WARNING, NULL),
                 "warning event=some.event\n") == 0);
}

static void what_a_stranger_wrote_stays_one_value(void)
{
    static const struct {
        struct bm_bytes value;
        const char *text;
    } rows[] = {
        { BM_LIT_INIT(""), "\"\"" },
        { BM_LIT_INIT("a b"), "\"a b\"" },
        { BM_LIT_INIT("a=b"), "\"a=b\"" },
        { BM_LIT_INIT("a\nerror event=x"), "\"a\\x0aerror event=x\"" },
        { BM_LIT_INIT("a\"b\\"), "\"a\\\"b\\\\\"" },
        { BM_LIT_INIT("\0\x1b[2J\x7f\x9b"), "\"\\x00\\x1b[2J\\x7f\\x9b\"" },
        { BM_LIT_INIT("\xe2\x80\xae"), "\"\\xe2\\x80\\xae\"" },
    };

    log_open(NULL, LOG_LEVEL_NOTICE);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char room[512];
        char want[256];

        (void)snprintf(want, sizeof want, "notice event=some.event v=%s\n",
                       rows[i].text);
        CHECK(strcmp(format(room, sizeof room, LOG_LEVEL_NOTICE,
                            (struct log_field[]){ log_bytes("v", rows[i].value),
                                                  { 0 } }),
                     want) == 0);
    }
}

static void a_long_value_is_cut(void)
{
    static char value[5000];
    char room[4096];
    const char *line;

    memset(value, 'a', sizeof value - 1);
    log_open(NULL, LOG_LEVEL_NOTICE);
    line = format(room, sizeof room, LOG_LEVEL_NOTICE,
                  (struct log_field[]){ log_text("v", value), { 0 } });
    CHECK(strlen(line) < 600);
    CHECK(strcmp(line + strlen(line) - 6, "a...\"\n") == 0);
}

/* Standard error becomes a file for the time of `say`. */
static size_t capture(void (*say)(void), char *text, size_t cap, bool journal)
{
    char path[] = "/tmp/bm-log-XXXXXX";
    int fd = mkstemp(path);
    int kept = dup(STDERR_FILENO);
    struct stat st;
    ssize_t n;

    CHECK(fd >= 0 && kept >= 0 && unlink(path) == 0);
    CHECK(dup2(fd, STDERR_FILENO) >= 0 && fstat(fd, &st) == 0);
    if (journal) {
        (void)snprintf(text, cap, "%ju:%ju", (uintmax_t)st.st_dev,
                       (uintmax_t)st.st_ino);
        CHECK(setenv("JOURNAL_STREAM", text, 1) == 0);
    }
    say();
    CHECK(dup2(kept, STDERR_FILENO) >= 0);
    n = pread(fd, text, cap - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    close(kept);
    close(fd);
    CHECK(unsetenv("JOURNAL_STREAM") == 0);
    return n > 0 ? (size_t)n : 0;
}

static void say_levels(void)
{
    log_open("signer", LOG_LEVEL_NOTICE);
    log_put(LOG_LEVEL_ERROR, "one", NULL);
    log_put(LOG_LEVEL_INFO, "never", NULL);
    log_put(LOG_LEVEL_NOTICE, "two", NULL);
}

static void what_is_below_the_level_is_not_said(void)
{
    char text[1024];

    CHECK(capture(say_levels, text, sizeof text, false) > 0);
    CHECK(strstr(text, "error event=one room=signer\n") != NULL);
    CHECK(strstr(text, "notice event=two room=signer\n") != NULL);
    CHECK(strstr(text, "never") == NULL);
}

static void the_journal_gets_its_own_levels_and_no_time(void)
{
    char text[1024];

    CHECK(capture(say_levels, text, sizeof text, true) > 0);
    CHECK(strcmp(text, "<3>event=one room=signer\n"
                       "<5>event=two room=signer\n") == 0);
}

static void say_much(void)
{
    static char value[600];
    struct log_field fields[20] = { 0 };

    memset(value, '\n', sizeof value - 1);
    for (size_t i = 0; i < 19; i++) {
        fields[i] = log_text("k", value);
    }
    log_open(NULL, LOG_LEVEL_NOTICE);
    log_put(LOG_LEVEL_ERROR, "much", fields);
}

static void a_line_has_an_end_whatever_is_in_it(void)
{
    char text[20000];
    size_t n = capture(say_much, text, sizeof text, false);

    CHECK(n == 4096 && text[n - 1] == '\n' &&
          strchr(text, '\n') == text + n - 1);
}

static void say_refusal(void)
{
    struct ca_refusal why;

    log_open(NULL, LOG_LEVEL_INFO);
    CHECK_STATUS(ca_refuse(&why, BM_E_PATH_EXPIRED, "since %d", 2020),
                 BM_E_PATH_EXPIRED);
    log_refusal(LOG_LEVEL_INFO, "est.refused", &why);
    CHECK_STATUS(ca_refuse(&why, BM_E_MEMORY, "%s", ""), BM_E_MEMORY);
    log_refusal(LOG_LEVEL_INFO, "est.refused", &why);
}

static void a_refusal_names_status_clause_and_words(void)
{
    char text[1024];

    CHECK(capture(say_refusal, text, sizeof text, false) > 0);
    CHECK(strstr(text, "event=est.refused status=BM_E_PATH_EXPIRED "
                       "clause=\"RFC 5280 6.1.3 (a)(2)\" text=expired "
                       "why=\"since 2020\"\n") != NULL);
    CHECK(strstr(text, "status=BM_E_MEMORY text=\"out of memory\"\n") != NULL);
}

/* A reader that has stopped costs lines, not the service. */
static void a_full_pipe_loses_lines_and_says_so(void)
{
    int kept = dup(STDERR_FILENO);
    int ends[2];
    static char text[1 << 17];
    ssize_t n = 0;

    CHECK(kept >= 0 && pipe(ends) == 0);
    CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
    while (write(ends[1], text, sizeof text) > 0 || write(ends[1], "", 1) > 0) {
    }
    CHECK(dup2(ends[1], STDERR_FILENO) >= 0);
    log_open(NULL, LOG_LEVEL_NOTICE);
    log_put(LOG_LEVEL_NOTICE, "gone", NULL);
    CHECK(read(ends[0], text, sizeof text) > 0);
    log_put(LOG_LEVEL_NOTICE, "back", NULL);
    CHECK(dup2(kept, STDERR_FILENO) >= 0);
    n = read(ends[0], text, sizeof text - 1);
    CHECK(n > 0);
    text[n > 0 ? n : 0] = '\0';
    CHECK(strstr(text, "warning event=log.lost lines=1\n") != NULL);
    CHECK(strstr(text, "notice event=back\n") != NULL);
    CHECK(strstr(text, "gone") == NULL);
    close(kept);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    RUN(a_line_says_level_event_and_values);
    RUN(what_a_stranger_wrote_stays_one_value);
    RUN(a_long_value_is_cut);
    RUN(what_is_below_the_level_is_not_said);
    RUN(the_journal_gets_its_own_levels_and_no_time);
    RUN(a_line_has_an_end_whatever_is_in_it);
    RUN(a_refusal_names_status_clause_and_words);
    RUN(a_full_pipe_loses_lines_and_says_so);
    return bm_test_done();
}
