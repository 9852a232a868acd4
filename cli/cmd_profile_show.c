/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

#include <string.h>
#include <unistd.h>

#include "cli/instance.h"
#include "cli/profile_source.h"
#include "cli/safe.h"

static const struct cmd_option options[] = {
    { "--dir", "DIR", "a profile of this instance, not of the program",
      SESSION_DIR },
    SESSION_SERVER_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark profile show", "[OPTION]... NAME|FILE",
    "Print the text of a profile as it is, a good start for one of your own.\n"
    "What has a '/' in it or ends in .yaml is a file.\n",
    options
};

struct given {
    struct session_place place;
    const char *word;
    bool help;
};

static int parse_command_line(struct given *s, int argc, char **argv)
{
    struct cmd_line line = { .argc = argc, .argv = argv, .next = 1 };
    int id;

    *s = (struct given){ .word = NULL };
    while ((id = cmd_next_option(&line, &verb)) != CMD_OPTION_END) {
        switch (id) {
        case CMD_OPTION_HELP:
            s->help = true;
            return CMD_OK;
        case CMD_OPTION_FILE:
            if (s->word != NULL) {
                return cmd_usage_error(verb.path, "one profile at a time");
            }
            s->word = line.value;
            break;
        default:
            if (!session_take_option(&s->place, id, line.value)) {
                return CMD_USAGE;
            }
            break;
        }
    }
    return s->word != NULL ? CMD_OK
                           : cmd_usage_error(verb.path, "no profile named");
}

/* As it is, but for a terminal, which gets no characters that act on it. */
static void print(const char *p, size_t n)
{
    const char *end = p + n;

    if (isatty(STDOUT_FILENO) == 0) {
        fwrite(p, 1, n, stdout);
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

static int show_served(const struct given *given)
{
    const struct session_config config = { .path = verb.path,
                                           .place = &given->place,
                                           .mode = INSTANCE_READ,
                                           .act = CA_ACT_PROFILE_READ };
    struct session s;
    int rc = session_open(&s, &config);

    if (rc == CMD_OK) {
        json_t *params = json_object();
        json_t *profile;

        session_set_text(params, "profile", given->word);
        rc = session_call(&s, "showProfile", params, &profile);
        if (rc == CMD_OK) {
            const json_t *text = json_object_get(profile, "text");

            print(json_string_value(text), json_string_length(text));
        }
        json_decref(profile);
    }
    session_close(&s);
    return rc;
}

int cmd_profile_show(int argc, char **argv)
{
    struct profile_source source;
    struct given s;
    int rc = parse_command_line(&s, argc, argv);

    if (rc != CMD_OK) {
        return rc;
    }
    if (s.help) {
        cmd_print_help(&verb);
        return CMD_OK;
    }
    if (s.place.url != NULL) {
        return show_served(&s);
    }
    if (!profile_source_open(&source, s.word, s.place.dir)) {
        return CMD_FAILED;
    }
    print(source.text, source.n);
    profile_source_close(&source);
    return CMD_OK;
}
