/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_ARGS_H
#define BM_AGENT_ARGS_H

#include <stdbool.h>
#include <stdio.h>

/*
 * The command line: birthmark-agent [OPTION]... COMMAND [OPTION]... [WORD].
 * Options may stand anywhere; which of them a command takes says its row, and
 * the help is printed from the same rows.
 */

/* Exit codes are an interface: scripts branch on them. */
enum {
    ARGS_OK = 0,
    ARGS_FAILED = 1,  /* tried, and did not succeed */
    ARGS_USAGE = 2,   /* the command line is wrong; nothing was tried */
    ARGS_REFUSED = 3, /* would destroy or weaken something */
    ARGS_LATER = 4    /* not now: the server asks to come later, or another
                         process is at work; the same again may succeed */
};

/* Options, as bits of those that a command takes. */
enum args_option {
    ARGS_CONFIG = 1,
    ARGS_CHECK = 2,
    ARGS_JSON = 4,
    ARGS_BIRTH = 8,
    ARGS_NO_WAIT = 16,
    ARGS_DELETE = 32,
    ARGS_HELP = 64,
    ARGS_VERSION = 128
};

struct args {
    const char *config;
    unsigned given; /* enum args_option */
    const char *word;
};

struct args_command { /* tables end with a zero row */
    const char *name;
    const char *word; /* what it is about, "NAME", or NULL */
    const char *summary;
    unsigned options; /* beside --config, --check and --help */
    int (*run)(const struct args *args);
};

/*
 * Read the command line. `*command` is the row to run, or NULL: then the exit
 * code is returned, and what was to be said has been said (`--check` without a
 * command gives NULL, ARGS_OK and the bit in args->given).
 */
int args_read(int argc, char **argv, const struct args_command *commands,
              struct args *args, const struct args_command **command);

void args_help(FILE *to, const struct args_command *commands);

#endif
