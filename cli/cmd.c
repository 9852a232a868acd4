/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "cli/safe.h"
#include "config/config.h"

/* What is wrong with a command line, with a part of what was typed. */
#define USAGE_WORDS_MAX 256

static const char *nearest_cmd(const struct cmd *table, const char *word)
{
    size_t least = CONFIG_NEAR_MAX + 1;
    const char *best = NULL;

    for (; table->name != NULL; table++) {
        best = config_is_nearer(word, table->name, &least) ? table->name : best;
    }
    return best;
}

static const char *nearest_option(const struct cmd_option *table,
                                  const char *word)
{
    size_t least = CONFIG_NEAR_MAX + 1;
    const char *best = NULL;

    for (; table->name != NULL; table++) {
        best = config_is_nearer(word, table->name, &least) ? table->name : best;
    }
    return best;
}

void cmd_print_table(FILE *to, const struct cmd *table, const char *path)
{
    for (; table->name != NULL; table++) {
        fprintf(to, "  %s %s%s%s\n      %s\n", path, table->name,
                table->args[0] == '\0' ? "" : " ", table->args, table->summary);
    }
}

static bool is_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 ||
           strcmp(word, "-h") == 0;
}

int cmd_dispatch(const struct cmd *table, const char *path, int argc,
                 char **argv)
{
    const char *near;

    if (argc < 2) {
        fprintf(stderr, "usage:\n");
        cmd_print_table(stderr, table, path);
        return CMD_USAGE;
    }
    if (is_help(argv[1])) {
        printf("usage:\n");
        cmd_print_table(stdout, table, path);
        return CMD_OK;
    }
    for (const struct cmd *c = table; c->name != NULL; c++) {
        if (strcmp(argv[1], c->name) == 0) {
            return c->run(argc - 1, argv + 1);
        }
    }
    near = nearest_cmd(table, argv[1]);
    fprintf(stderr, "%s: no command '", path);
    safe_print_str(stderr, argv[1]);
    if (near != NULL) {
        fprintf(stderr, "'; did you mean '%s'?\n", near);
    } else {
        fprintf(stderr, "' (try: %s --help)\n", path);
    }
    return CMD_USAGE;
}

/* Lines of a help below each other. */
static void print_option(const char *left, const char *help)
{
    const char *label = left;

    for (;;) {
        size_t n = strcspn(help, "\n");

        printf("  %-24s %.*s\n", label, (int)n, help);
        if (help[n] == '\0') {
            return;
        }
        help += n + 1;
        label = "";
    }
}

void cmd_print_help(const struct cmd_verb *verb)
{
    char left[64];

    printf("usage: %s%s%s\n\n%s\n", verb->path,
           verb->args[0] == '\0' ? "" : " ", verb->args, verb->about);
    for (const struct cmd_option *o = verb->options; o->name != NULL; o++) {
        snprintf(left, sizeof left, "%s%s%s", o->name,
                 o->arg != NULL ? " " : "", o->arg != NULL ? o->arg : "");
        print_option(left, o->help);
    }
    print_option("--help", "print this");
    printf("\nexit code: 0 done, 1 tried and failed, 2 wrong usage,\n"
           "3 refused because it would destroy or weaken something\n");
}

int cmd_usage_error(const char *path, const char *format, ...)
{
    char words[USAGE_WORDS_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    fprintf(stderr, "%s: ", path);
    safe_print_str(stderr, words);
    fprintf(stderr, " (try: %s --help)\n", path);
    return CMD_USAGE;
}

/* Complain about an option that is in no table. */
static int unknown_option(const struct cmd_verb *verb, const char *word)
{
    const char *near = nearest_option(verb->options, word);

    fprintf(stderr, "%s: no option '", verb->path);
    safe_print_str(stderr, word);
    if (near != NULL) {
        fprintf(stderr, "'; did you mean '%s'?\n", near);
    } else {
        fprintf(stderr, "' (try: %s --help)\n", verb->path);
    }
    return CMD_OPTION_ERROR;
}

/* The value of `o`: after '=' in its own word, or the next word. */
static int take_value(struct cmd_line *line, const struct cmd_verb *verb,
                      const struct cmd_option *o, const char *equals)
{
    if (o->arg == NULL) {
        if (equals != NULL) {
            (void)cmd_usage_error(verb->path, "%s takes no value", o->name);
            return CMD_OPTION_ERROR;
        }
        return o->id;
    }
    if (equals != NULL) {
        line->value = equals + 1;
    } else if (line->next < line->argc) {
        line->value = line->argv[line->next++];
    } else {
        (void)cmd_usage_error(verb->path, "%s wants %s", o->name, o->arg);
        return CMD_OPTION_ERROR;
    }
    return o->id;
}

int cmd_next_option(struct cmd_line *line, const struct cmd_verb *verb)
{
    const char *word;
    const char *equals;
    size_t n;

    if (!line->only_files && line->next < line->argc &&
        strcmp(line->argv[line->next], "--") == 0) {
        line->only_files = 1;
        line->next++;
    }
    if (line->next >= line->argc) {
        return CMD_OPTION_END;
    }
    word = line->argv[line->next++];
    line->value = word;
    if (line->only_files || word[0] != '-' || word[1] == '\0') {
        return CMD_OPTION_FILE;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        return CMD_OPTION_HELP;
    }
    equals = strchr(word, '=');
    n = equals != NULL ? (size_t)(equals - word) : strlen(word);
    for (const struct cmd_option *o = verb->options; o->name != NULL; o++) {
        if (strlen(o->name) == n && strncmp(o->name, word, n) == 0) {
            return take_value(line, verb, o, equals);
        }
    }
    return unknown_option(verb, word);
}
