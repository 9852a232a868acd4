/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/program.h"
#include "daemon/room_internal.h"
#include "daemon/supervisor.h"

struct arguments {
    const char *config;
    bool check;
    const char *room; /* of the supervisor's children only */
    const char *instance;
};

static int usage(FILE *to, int code)
{
    fprintf(to, "usage: birthmarkd --config DIR/birthmark.yaml [--check]\n"
                "       birthmarkd --help | --version\n");
    return code;
}

static int help(void)
{
    (void)usage(stdout, 0);
    printf("\nServe an instance that `birthmark init DIR` has made.\n\n"
           "  --config FILE  its settings, DIR/birthmark.yaml\n"
           "  --check        say what would run, and whether it can be read\n\n"
           "SIGHUP reads configuration and certificates again, SIGTERM stops\n"
           "when what was accepted is finished. birthmarkd(8) tells more.\n");
    return 0;
}

/* Why a command line is wrong, or NULL. `word` is what to blame. */
static const char *parse(int argc, char **argv, struct arguments *a,
                         const char **word)
{
    const struct {
        const char *name;
        const char **value;
    } rows[] = { { "--config", &a->config },
                 { "--room", &a->room },
                 { "--instance", &a->instance } };

    for (int i = 1; i < argc; i++) {
        size_t row = 0;

        *word = argv[i];
        if (strcmp(argv[i], "--check") == 0) {
            a->check = true;
            continue;
        }
        while (row < sizeof rows / sizeof rows[0] &&
               strcmp(argv[i], rows[row].name) != 0) {
            row++;
        }
        if (row == sizeof rows / sizeof rows[0]) {
            return "not an option";
        }
        if (i + 1 == argc) {
            return "nothing follows it";
        }
        if (*rows[row].value != NULL) {
            return "given twice";
        }
        *rows[row].value = argv[++i];
    }
    *word = "--config";
    return a->config != NULL ? NULL : "missing";
}

static int run_room(const struct arguments *a)
{
    char *end = NULL;
    unsigned long instance =
        a->instance == NULL ? 0 : strtoul(a->instance, &end, 10);

    for (unsigned kind = 0; kind < ROOM_COUNT; kind++) {
        if (room_types[kind] != NULL &&
            strcmp(room_types[kind]->name, a->room) == 0 && end != NULL &&
            *end == '\0' && instance <= 1024) {
            return room_run((enum room_kind)kind, (unsigned)instance,
                            a->config);
        }
    }
    return usage(stderr, ROOM_EXIT_USAGE);
}

int program_run(int argc, char **argv, const char *version)
{
    struct arguments a = { 0 };
    const char *word = "";
    const char *why;

    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("birthmarkd %s\n", version);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        return help();
    }
    why = parse(argc, argv, &a, &word);
    if (why != NULL) {
        fprintf(stderr, "birthmarkd: %s: %s\n", word, why);
        return usage(stderr, 2);
    }
    if (a.room != NULL) {
        /* Leak checks at exit would need what the sandbox forbids. */
        _exit(run_room(&a));
    }
    return a.check ? supervisor_check(a.config) : supervisor_run(a.config);
}
