/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/each.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/safe.h"

struct given {
    struct session_place place;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { 0, ARGS_FLAG, 0, false },
};

bool each_read_number(const char *word, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(word, &end, 10);
    return word[0] >= '1' && word[0] <= '9' && *end == '\0' && errno == 0 &&
           *number <= INT64_MAX;
}

static int do_one(struct session *s, const struct each *each, const char *word)
{
    json_t *params = json_object();
    uint64_t number;
    json_t *result;
    int rc;

    if (!each->number) {
        session_set_text(params, each->param, word);
    } else if (each_read_number(word, &number)) {
        session_set_int(params, each->param, number);
    } else {
        json_decref(params);
        return cmd_usage_error(each->verb->path, "'%.40s' is no number", word);
    }
    rc = session_call(s, each->operation, params, &result);
    json_decref(result);
    return rc;
}

static int do_all(struct session *s, const struct each *each,
                  const struct args *args)
{
    int result = CMD_OK;
    int rc;

    for (int i = 0; i < args->words_n; i++) {
        rc = do_one(s, each, args->words[i]);
        result = rc != CMD_OK ? rc : result;
    }
    rc = session_publish(s);
    return result != CMD_OK ? result : rc;
}

int each_run(const struct each *each, int argc, char **argv)
{
    struct given given = { .place = { .dir = NULL } };
    struct args args = { .verb = each->verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = each->words_name,
                         .words_min = 1,
                         .words_max = argc };
    struct session_config config = { .path = each->verb->path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = each->act };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = do_all(&s, each, &args);
    }
    session_close(&s);
    return rc;
}
