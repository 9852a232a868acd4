/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

#include <stdlib.h>
#include <string.h>

#include "cli/profile_source.h"
#include "cli/safe.h"

static const struct cmd_option options[] = {
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark profile check", "FILE...",
    "Read profiles as the server would and say in words what they say, or\n"
    "what is wrong and where: FILE:LINE:COLUMN.\n",
    options
};

struct settings {
    char **files; /* in argv, gathered at its front */
    int files_n;
    bool help;
};

static int parse_command_line(struct settings *s, int argc, char **argv)
{
    struct cmd_line line = { .argc = argc, .argv = argv, .next = 1 };
    int id;

    *s = (struct settings){ .files = argv };
    while ((id = cmd_next_option(&line, &verb)) != CMD_OPTION_END) {
        if (id == CMD_OPTION_HELP) {
            s->help = true;
            return CMD_OK;
        }
        if (id != CMD_OPTION_FILE) {
            return CMD_USAGE;
        }
        s->files[s->files_n++] = argv[line.next - 1];
    }
    return s->files_n != 0 ? CMD_OK
                           : cmd_usage_error(verb.path, "no file named");
}

static bool explain(const struct profile_source *source)
{
    struct bm_bytes left;
    struct bm_wr w;
    uint8_t *words;

    bm_wr_init(&w, NULL, 0);
    ca_profile_explain(source->profile, &w);
    words = malloc(w.len);
    if (words == NULL) {
        fputs("birthmark: out of memory\n", stderr);
        return false;
    }
    bm_wr_init(&w, words, w.len);
    ca_profile_explain(source->profile, &w);
    left = bm_wr_bytes(&w);
    while (left.n != 0) {
        const uint8_t *end = memchr(left.p, '\n', left.n);
        size_t n = end != NULL ? (size_t)(end - left.p) : left.n;

        safe_print(stdout, (struct bm_bytes){ left.p, n });
        fputc('\n', stdout);
        n += end != NULL ? 1 : 0;
        left.p += n;
        left.n -= n;
    }
    free(words);
    return true;
}

int cmd_profile_check(int argc, char **argv)
{
    struct settings s;
    int rc = parse_command_line(&s, argc, argv);
    bool started = false;

    if (rc != CMD_OK) {
        return rc;
    }
    if (s.help) {
        cmd_print_help(&verb);
        return CMD_OK;
    }
    for (int i = 0; i < s.files_n && ferror(stdout) == 0; i++) {
        struct profile_source source;

        fflush(stdout); /* keeps the order where both go to one terminal */
        if (!profile_source_file(&source, s.files[i])) {
            rc = CMD_FAILED;
            continue;
        }
        fputs(started ? "\n" : "", stdout);
        started = true;
        rc = explain(&source) ? rc : CMD_FAILED;
        profile_source_close(&source);
    }
    return rc;
}
