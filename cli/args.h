/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_ARGS_H
#define BM_CLI_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/cmd.h"

/*
 * The command line of a verb, read into a struct as a table says. An option
 * that is given twice is wrong use: the second would silently take the place
 * of the first.
 */
enum args_type {
    ARGS_FLAG,   /* bool */
    ARGS_TEXT,   /* const char *, of argv; never empty */
    ARGS_MANY,   /* struct args_many: an option that may be repeated */
    ARGS_NUMBER, /* uint64_t: decimal, above 0 */
    ARGS_TIME,   /* int64_t: 2031-02-03T04:05:06Z, or 2031-02-03 */
    ARGS_WHEN    /* int64_t: the same, or a duration from now: 90d */
};

/* More of one kind than anybody gives. */
#define ARGS_MANY_MAX 16

struct args_many {
    const char *value[ARGS_MANY_MAX];
    size_t n;
};

/* One row for each option of the verb. */
struct args_row {
    int id; /* of the option; positive and below 32; 0 ends the table */
    enum args_type type;
    size_t offset; /* of the member that it fills */
    bool required;
};

struct args {
    const struct cmd_verb *verb;
    const struct args_row *rows;
    void *into; /* members of options that are not given stay as they are */
    const char *words_name; /* "FILE", for messages */
    int words_min;          /* arguments that are no options */
    int words_max;

    /* Filled in: */
    char **words; /* in argv, gathered at its front */
    int words_n;
};

/*
 * Read all of it. False when the verb is not to be run: help or a message has
 * been printed, and `*exit_code` is what to return.
 */
bool args_read(struct args *args, int argc, char **argv, int *exit_code);

/* "2031-02-03T04:05:06Z", or "2031-02-03" for the first second of that day. */
bool args_parse_time(const char *text, int64_t *time);

/* The same, or "90d" after `now`: units as in birthmark.yaml. */
bool args_parse_when(const char *text, int64_t now, int64_t *time);

#endif
