/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/args.h"

#include <string.h>

#include "agent/settings.h"
#include "agent/words.h"

struct option {
    const char *name;
    enum args_option bit;
    const char *value; /* "FILE", or NULL: a flag */
    const char *help;
};

/* Before a command or behind it; the first ones go with all of them. */
static const struct option options[] = {
    { "--config", ARGS_CONFIG, "FILE", "settings, instead of " SETTINGS_FILE },
    { "--check", ARGS_CHECK, NULL,
      "read the settings and what they name, and say so; do nothing" },
    { "--json", ARGS_JSON, NULL, "for programs (status)" },
    { "--birth", ARGS_BIRTH, NULL,
      "get the IDevID, by the one-time secret of birth (enroll)" },
    { "--no-wait", ARGS_NO_WAIT, NULL,
      "end when the server asks to come later (enroll, renew)" },
    { "--delete", ARGS_DELETE, NULL, "forget the record (seal)" },
    { "--help", ARGS_HELP, NULL, "print this" },
    { "--version", ARGS_VERSION, NULL, "print the version" },
    { NULL, 0, NULL, NULL },
};

#define ALWAYS (ARGS_CONFIG | ARGS_CHECK | ARGS_HELP)

void args_help(FILE *to, const struct args_command *commands)
{
    fprintf(to, "usage: birthmark-agent [--config FILE] COMMAND [OPTION]...\n"
                "       birthmark-agent [--config FILE] --check\n\n");
    for (const struct args_command *c = commands; c->name != NULL; c++) {
        fprintf(to, "  birthmark-agent %s%s%s\n      %s\n", c->name,
                c->word == NULL ? "" : " ", c->word == NULL ? "" : c->word,
                c->summary);
    }
    fprintf(to, "\n");
    for (const struct option *o = options; o->name != NULL; o++) {
        char left[40];

        (void)snprintf(left, sizeof left, "%s%s%s", o->name,
                       o->value == NULL ? "" : " ",
                       o->value == NULL ? "" : o->value);
        fprintf(to, "  %-16s %s\n", left, o->help);
    }
    fprintf(to, "\nexit code: 0 done, 1 tried and failed, 2 wrong usage,\n"
                "3 refused because it would destroy or weaken something,\n"
                "4 not now, the same again may succeed\n");
}

static int wrong(const char *word, const char *why)
{
    fprintf(stderr, "birthmark-agent: ");
    words_print(stderr, word);
    fprintf(stderr, ": %s (try: birthmark-agent --help)\n", why);
    return ARGS_USAGE;
}

static const struct option *find_option(const char *word)
{
    const struct option *o = options;

    while (o->name != NULL && strcmp(o->name, word) != 0) {
        o++;
    }
    return o->name == NULL ? NULL : o;
}

/* Where the reading stands. */
struct reading {
    int argc;
    char **argv;
    int at;
    const struct args_command *commands;
    const struct args_command *command;
};

static int take_option(struct reading *r, struct args *args)
{
    const char *word = r->argv[r->at];
    const struct option *o = find_option(word);

    if (o == NULL) {
        return wrong(word, "not an option");
    }
    if ((args->given & o->bit) != 0) {
        return wrong(word, "given twice");
    }
    args->given |= o->bit;
    if (o->value != NULL) {
        if (r->at + 1 == r->argc || r->argv[r->at + 1][0] == '\0') {
            return wrong(word, "nothing follows it");
        }
        args->config = r->argv[++r->at];
    }
    return ARGS_OK;
}

static int suggest(const struct args_command *commands, const char *word)
{
    size_t least = CONFIG_NEAR_MAX + 1;
    const char *best = NULL;
    char why[64];

    for (; commands->name != NULL; commands++) {
        best = config_is_nearer(word, commands->name, &least) ? commands->name
                                                              : best;
    }
    if (best == NULL) {
        return wrong(word, "no command");
    }
    (void)snprintf(why, sizeof why, "no command; did you mean '%s'?", best);
    return wrong(word, why);
}

static int take_word(struct reading *r, struct args *args)
{
    const char *word = r->argv[r->at];
    const struct args_command *c = r->commands;

    if (r->command == NULL) {
        while (c->name != NULL && strcmp(c->name, word) != 0) {
            c++;
        }
        r->command = c->name == NULL ? NULL : c;
        return r->command == NULL ? suggest(r->commands, word) : ARGS_OK;
    }
    if (r->command->word == NULL || args->word != NULL) {
        return wrong(word, "one word too many");
    }
    args->word = word;
    return ARGS_OK;
}

/* Does what was given go together? */
static int check(const struct reading *r, const struct args *args)
{
    char why[64];
    unsigned allowed =
        ALWAYS | (r->command == NULL ? ARGS_VERSION : r->command->options);

    for (const struct option *o = options; o->name != NULL; o++) {
        if ((args->given & o->bit) != 0 && (allowed & o->bit) == 0) {
            return wrong(o->name, r->command == NULL
                                      ? "goes with a command"
                                      : "does not go with this command");
        }
    }
    if (r->command != NULL && r->command->word != NULL && args->word == NULL &&
        (args->given & (ARGS_HELP | ARGS_CHECK)) == 0) {
        (void)snprintf(why, sizeof why, "%s is missing", r->command->word);
        return wrong(r->command->name, why);
    }
    if (r->command == NULL &&
        (args->given & (ARGS_CHECK | ARGS_HELP | ARGS_VERSION)) == 0) {
        args_help(stderr, r->commands);
        return ARGS_USAGE;
    }
    return ARGS_OK;
}

int args_read(int argc, char **argv, const struct args_command *commands,
              struct args *args, const struct args_command **command)
{
    struct reading r = { argc, argv, 1, commands, NULL };
    int rc = ARGS_OK;

    *command = NULL;
    *args = (struct args){ .config = SETTINGS_FILE };
    for (; rc == ARGS_OK && r.at < argc; r.at++) {
        rc = argv[r.at][0] == '-' ? take_option(&r, args) : take_word(&r, args);
    }
    if (rc == ARGS_OK) {
        rc = check(&r, args);
    }
    if (rc == ARGS_OK && (args->given & ARGS_HELP) != 0) {
        args_help(stdout, commands);
        return ARGS_OK;
    }
    if (rc == ARGS_OK && (args->given & (ARGS_CHECK | ARGS_VERSION)) == 0) {
        *command = r.command;
    }
    return rc;
}
