/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/batch_secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "tests/harness/bm_test.h"

#define TEXT "abcdefghijklmnopqrstuvwxyz234567"

static char folder[] = "/tmp/batch_secret.XXXXXX";
static char file[64];

static struct batch_secret one(void)
{
    return (struct batch_secret){ .path = "birthmark test", .file = file };
}

static void put_file(const char *octets, size_t n)
{
    FILE *f = fopen(file, "wb");

    CHECK(f != NULL && fwrite(octets, 1, n, f) == n && fclose(f) == 0);
}

static void check_file(const char *want)
{
    char got[256] = "";
    FILE *f = fopen(file, "rb");

    CHECK(f != NULL);
    if (f != NULL) {
        got[fread(got, 1, sizeof got - 1, f)] = '\0';
        (void)fclose(f);
    }
    CHECK(strcmp(got, want) == 0);
}

/* All that was made is gone, or the folder could not be removed. */
static void nothing_is_left(void)
{
    CHECK(rmdir(folder) == 0 && mkdir(folder, 0700) == 0);
}

static void a_secret_comes_into_a_new_file_of_its_owner(void)
{
    struct batch_secret s = one();
    struct stat st;

    CHECK(batch_secret_open(&s) == CMD_OK);
    CHECK(access(file, F_OK) != 0);
    CHECK(batch_secret_show(&s, TEXT) == CMD_OK);
    CHECK(strcmp(s.text, TEXT) == 0);
    batch_secret_close(&s);
    CHECK(s.text[0] == '\0');
    check_file(TEXT "\n");
    CHECK(stat(file, &st) == 0 && (st.st_mode & 07777) == 0600);
    CHECK(batch_secret_read(&s) == CMD_OK && strcmp(s.text, TEXT) == 0);
    batch_secret_close(&s);
    CHECK(unlink(file) == 0);
    nothing_is_left();
}

static void what_was_never_told_leaves_nothing(void)
{
    static const char *const none[] = { NULL, "", "short",
                                        "abcdefghijklmnopqrstuvwxyz234567a",
                                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" };

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        struct batch_secret s = one();

        CHECK(batch_secret_open(&s) == CMD_OK);
        CHECK(batch_secret_show(&s, none[i]) == CMD_FAILED);
        batch_secret_close(&s);
        batch_secret_close(&s);
        nothing_is_left();
    }
}

/* Whoever was killed before the answer has not closed anything. */
static void an_interrupted_order_does_not_block_the_next(void)
{
    struct batch_secret killed = one();
    struct batch_secret s = one();

    CHECK(batch_secret_open(&killed) == CMD_OK);
    CHECK(batch_secret_open(&s) == CMD_OK);
    CHECK(batch_secret_show(&s, TEXT) == CMD_OK);
    batch_secret_close(&s);
    check_file(TEXT "\n");
    CHECK(unlink(file) == 0);
    nothing_is_left();
}

static void what_is_there_is_never_touched(void)
{
    struct batch_secret s = one();

    put_file("mine", 4);
    CHECK(batch_secret_open(&s) == CMD_REFUSED);
    batch_secret_close(&s);
    check_file("mine");
    CHECK(unlink(file) == 0);

    CHECK(symlink("nowhere", file) == 0);
    CHECK(batch_secret_open(&s) == CMD_REFUSED);
    batch_secret_close(&s);
    CHECK(unlink(file) == 0);

    /* made while the batch was ordered */
    CHECK(batch_secret_open(&s) == CMD_OK);
    put_file("mine", 4);
    CHECK(batch_secret_show(&s, TEXT) == CMD_FAILED);
    batch_secret_close(&s);
    check_file("mine");
    CHECK(unlink(file) == 0);
    nothing_is_left();
}

static void a_place_that_cannot_be_written_is_found_before_the_order(void)
{
    struct batch_secret s = one();

    s.file = "/nowhere/at/all";
    CHECK(batch_secret_open(&s) == CMD_FAILED);
    batch_secret_close(&s);
}

static void only_a_secret_is_read_as_one(void)
{
    static const struct {
        const char *octets;
        int want;
    } cases[] = {
        { TEXT, CMD_OK },
        { TEXT "\n", CMD_OK },
        { TEXT " \r\n\n", CMD_OK },
        { "", CMD_FAILED },
        { "\n", CMD_FAILED },
        { " " TEXT, CMD_FAILED },
        { TEXT "\n" TEXT, CMD_FAILED },
        { "abcdefghijklmnopqrstuvwxyz23456", CMD_FAILED },
        { "abcdefghijklmnopqrstuvwxyz234561", CMD_FAILED },
    };
    char large[300];
    struct batch_secret s = one();

    CHECK(batch_secret_read(&s) == CMD_FAILED);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_file(cases[i].octets, strlen(cases[i].octets));
        CHECK(batch_secret_read(&s) == cases[i].want);
        CHECK((s.text[0] != '\0') == (cases[i].want == CMD_OK));
        batch_secret_close(&s);
    }
    memset(large, '\n', sizeof large);
    memcpy(large, TEXT, sizeof TEXT - 1);
    put_file(large, sizeof large);
    CHECK(batch_secret_read(&s) == CMD_FAILED);
    CHECK(unlink(file) == 0);
}

static void without_a_file_it_is_for_a_terminal_or_the_answer(void)
{
    struct batch_secret s = { .path = "birthmark test" };

    CHECK(batch_secret_open(&s) ==
          (isatty(STDOUT_FILENO) == 1 ? CMD_OK : CMD_USAGE));
    s.json = true;
    CHECK(batch_secret_open(&s) == CMD_OK);
    CHECK(batch_secret_show(&s, TEXT) == CMD_OK);
    CHECK(strcmp(s.text, TEXT) == 0);
    batch_secret_close(&s);
}

int main(void)
{
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(file, sizeof file, "%s/secret", folder);
    RUN(a_secret_comes_into_a_new_file_of_its_owner);
    RUN(what_was_never_told_leaves_nothing);
    RUN(an_interrupted_order_does_not_block_the_next);
    RUN(what_is_there_is_never_touched);
    RUN(a_place_that_cannot_be_written_is_found_before_the_order);
    RUN(only_a_secret_is_read_as_one);
    RUN(without_a_file_it_is_for_a_terminal_or_the_answer);
    CHECK(rmdir(folder) == 0);
    return bm_test_done();
}
