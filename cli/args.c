/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/config.h"
#include "core/time.h"

bool args_parse_time(const char *text, int64_t *t)
{
    const bool is_day = strlen(text) == sizeof "2031-02-03" - 1;
    char full[40];
    int n =
        snprintf(full, sizeof full, "%s%s", text, is_day ? "T00:00:00Z" : "");

    return n > 0 && (size_t)n < sizeof full &&
           bm_time_from_text(
               (struct bm_bytes){ (const uint8_t *)full, (size_t)n }, t) ==
               BM_OK;
}

/* As birthmark.yaml writes it, so one reader serves both. */
static bool parse_duration(const char *text, int64_t *seconds)
{
    static const struct config_key key = { .name = "duration",
                                           .type = CONFIG_DURATION };
    const struct config_node node = {
        .kind = CONFIG_SCALAR, .plain = true, .text = text, .n = strlen(text)
    };

    return config_read_value(NULL, &node, &key, seconds, NULL) == BM_OK;
}

bool args_parse_when(const char *text, int64_t now, int64_t *t)
{
    int64_t seconds;

    if (args_parse_time(text, t)) {
        return true;
    }
    if (!parse_duration(text, &seconds) || seconds > BM_TIME_NEVER - now) {
        return false;
    }
    *t = now + seconds;
    return true;
}

static bool parse_number(const char *text, uint64_t *number)
{
    char *end;
    unsigned long long v;

    errno = 0;
    v = strtoull(text, &end, 10);
    *number = v;
    return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
           v != 0;
}

static const char *option_name(const struct args *a, int id)
{
    const struct cmd_option *o = a->verb->options;

    while (o->id != id) {
        o++;
    }
    return o->name;
}

static int wants(const struct args *a, int id, const char *what,
                 const char *value)
{
    return cmd_usage_error(a->verb->path, "%s wants %s, not '%.40s'",
                           option_name(a, id), what, value);
}

static int add_one(const struct args *a, int id, struct args_many *many,
                   const char *value)
{
    if (many->n == ARGS_MANY_MAX) {
        return cmd_usage_error(a->verb->path, "more than %d of %s",
                               ARGS_MANY_MAX, option_name(a, id));
    }
    many->value[many->n++] = value;
    return CMD_OK;
}

static int take_time(const struct args *a, const struct args_row *row,
                     int64_t *into, const char *value)
{
    if (row->type == ARGS_TIME) {
        return args_parse_time(value, into)
                   ? CMD_OK
                   : wants(a, row->id, "a time like 2031-02-03T04:05:06Z",
                           value);
    }
    return args_parse_when(value, (int64_t)time(NULL), into)
               ? CMD_OK
               : wants(a, row->id,
                       "a time like 2031-02-03T04:05:06Z or a duration like "
                       "90d",
                       value);
}

static int take(const struct args *a, const struct args_row *row,
                const char *value)
{
    void *into = (char *)a->into + row->offset;

    if (row->type != ARGS_FLAG && value[0] == '\0') {
        return cmd_usage_error(a->verb->path, "%s is empty",
                               option_name(a, row->id));
    }
    switch (row->type) {
    case ARGS_FLAG:
        *(bool *)into = true;
        return CMD_OK;
    case ARGS_TEXT:
        *(const char **)into = value;
        return CMD_OK;
    case ARGS_MANY:
        return add_one(a, row->id, into, value);
    case ARGS_NUMBER:
        return parse_number(value, into)
                   ? CMD_OK
                   : wants(a, row->id, "a number above 0", value);
    default:
        return take_time(a, row, into, value);
    }
}

static int take_option(const struct args *a, unsigned *given, int id,
                       const char *value)
{
    const struct args_row *row = a->rows;

    while (row->id != id) {
        row++;
    }
    if ((*given & 1u << id) != 0 && row->type != ARGS_MANY) {
        return cmd_usage_error(a->verb->path, "%s is given twice",
                               option_name(a, id));
    }
    *given |= 1u << id;
    return take(a, row, value);
}

static int check_all(const struct args *a, unsigned given)
{
    for (const struct args_row *row = a->rows; row->id != 0; row++) {
        if (row->required && (given & 1u << row->id) == 0) {
            return cmd_usage_error(a->verb->path, "no %s",
                                   option_name(a, row->id));
        }
    }
    if (a->words_n < a->words_min) {
        return cmd_usage_error(a->verb->path, "no %s named", a->words_name);
    }
    if (a->words_n > a->words_max) {
        return a->words_max == 0
                   ? cmd_usage_error(a->verb->path, "'%.40s' is no option",
                                     a->words[0])
                   : cmd_usage_error(a->verb->path, "one %s at a time",
                                     a->words_name);
    }
    return CMD_OK;
}

bool args_read(struct args *a, int argc, char **argv, int *exit_code)
{
    struct cmd_line line = { .argc = argc, .argv = argv, .next = 1 };
    unsigned given = 0;
    int rc = CMD_OK;
    int id;

    a->words = argv;
    a->words_n = 0;
    while (rc == CMD_OK &&
           (id = cmd_next_option(&line, a->verb)) != CMD_OPTION_END) {
        if (id == CMD_OPTION_HELP) {
            cmd_print_help(a->verb);
            *exit_code = CMD_OK;
            return false;
        }
        if (id == CMD_OPTION_FILE) {
            a->words[a->words_n++] = argv[line.next - 1];
        } else {
            rc = id == CMD_OPTION_ERROR
                     ? CMD_USAGE
                     : take_option(a, &given, id, line.value);
        }
    }
    if (rc == CMD_OK) {
        rc = check_all(a, given);
    }
    *exit_code = rc;
    return rc == CMD_OK;
}
