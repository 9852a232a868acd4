/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

#include <string.h>
#include <unistd.h>

#include "cli/profile_source.h"
#include "cli/safe.h"

enum {
    OPTION_DIR = 1
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "a profile of this instance, not of the program",
      OPTION_DIR },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark profile show", "[OPTION]... NAME|FILE",
    "Print the text of a profile as it is, a good start for one of your own.\n"
    "What has a '/' in it or ends in .yaml is a file.\n",
    options
};

struct settings {
    const char *dir;
    const char *word;
    bool help;
};

static int parse_command_line(struct settings *s, int argc, char **argv)
{
    struct cmd_line line = { .argc = argc, .argv = argv, .next = 1 };
    int id;

    *s = (struct settings){ .dir = NULL };
    while ((id = cmd_next_option(&line, &verb)) != CMD_OPTION_END) {
        switch (id) {
        case CMD_OPTION_HELP:
            s->help = true;
            return CMD_OK;
        case OPTION_DIR:
            s->dir = line.value;
            break;
        case CMD_OPTION_FILE:
            if (s->word != NULL) {
                return cmd_usage_error(verb.path, "one profile at a time");
            }
            s->word = line.value;
            break;
        default:
            return CMD_USAGE;
        }
    }
    return s->word != NULL ? CMD_OK
                           : cmd_usage_error(verb.path, "no profile named");
}

/* As it is, but for a terminal, which gets no characters that act on it. */
static void print(const struct profile_source *source)
{
    const char *p = source->text;
    const char *end = p + source->n;

    if (isatty(STDOUT_FILENO) == 0) {
        fwrite(p, 1, source->n, stdout);
        return;
    }
    while (p != end) {
        const char *line = memchr(p, '\n', (size_t)(end - p));

        line = line != NULL ? line : end;
        safe_print(stdout,
                   (struct bm_bytes){ (const uint8_t *)p, (size_t)(line - p) });
        fputc('\n', stdout);
        p = line != end ? line + 1 : end;
    }
}

int cmd_profile_show(int argc, char **argv)
{
    struct profile_source source;
    struct settings s;
    int rc = parse_command_line(&s, argc, argv);

    if (rc != CMD_OK) {
        return rc;
    }
    if (s.help) {
        cmd_print_help(&verb);
        return CMD_OK;
    }
    if (!profile_source_open(&source, s.word, s.dir)) {
        return CMD_FAILED;
    }
    print(&source);
    profile_source_close(&source);
    return CMD_OK;
}
