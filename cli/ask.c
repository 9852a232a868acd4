/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/each.h"
#include "cli/pages.h"
#include "cli/text.h"

const struct cmd_option ask_acting[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};
const struct cmd_option ask_looking[] = {
    SESSION_OPTIONS,
    ASK_JSON_OPTION,
    { NULL, NULL, NULL, 0 },
};

/* What those read into. */
struct given {
    struct session_place place;
    const char *filters[ASK_FILTERS_MAX];
    bool json;
};

#define FILTER_ROW(i)                                                     \
    {                                                                     \
        ASK_JSON + 1 + (i), ARGS_TEXT,                                    \
            offsetof(struct given, filters) + (i) * sizeof(const char *), \
            false                                                         \
    }

static const struct args_row acting_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    FILTER_ROW(0),
    FILTER_ROW(1),
    { 0, ARGS_FLAG, 0, false },
};
static const struct args_row looking_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { ASK_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    FILTER_ROW(0),
    FILTER_ROW(1),
    { 0, ARGS_FLAG, 0, false },
};

static bool looks(const struct ask *ask)
{
    return ask->answer == ASK_SHOW || ask->answer == ASK_LIST;
}

static int count(const struct ask *ask)
{
    int n = 0;

    while (ask->params != NULL && ask->params[n].name != NULL) {
        n++;
    }
    return n;
}

static int fill(const struct ask *ask, char **words, const struct given *given,
                json_t *params)
{
    for (int i = 0; i < count(ask); i++) {
        uint64_t number;

        if (!ask->params[i].number) {
            session_set_text(params, ask->params[i].name, words[i]);
        } else if (each_read_number(words[i], &number)) {
            session_set_int(params, ask->params[i].name, number);
        } else {
            return cmd_usage_error(ask->verb->path, "'%.40s' is no number",
                                   words[i]);
        }
    }
    for (size_t i = 0; i < ASK_FILTERS_MAX && ask->filters[i] != NULL; i++) {
        session_set_text(params, ask->filters[i], given->filters[i]);
    }
    return ask->fill == NULL || ask->fill(ask->given, params) ? CMD_OK
                                                              : CMD_USAGE;
}

/* Times as they are typed. */
static void put_units(const struct ask *ask, json_t *answer)
{
    const struct admin_field *f =
        admin_operations[admin_find(ask->operation)].result;

    for (; f->name != NULL; f++) {
        json_t *value = json_object_get(answer, f->name);
        char text[ADMIN_SECONDS_MAX];

        if (f->type == ADMIN_SECONDS && json_is_integer(value)) {
            admin_seconds(json_integer_value(value), text);
            (void)json_object_set_new(answer, f->name, json_string(text));
        }
    }
}

static bm_status print(const struct ask *ask, bool json, json_t *answer)
{
    static const struct tree t;
    const struct listing listing = { .json = true };
    bm_status rc = BM_OK;

    if (ask->answer == ASK_SHOW && json) {
        return listing_print(&listing, &t, answer);
    }
    if (ask->answer == ASK_SHOW) {
        put_units(ask, answer);
        rc = ask->print != NULL ? ask->print(answer)
                                : text_print(stdout, answer, 0);
    } else if (ask->answer == ASK_ID) {
        printf("%" PRIu64 "\n",
               (uint64_t)json_integer_value(json_object_get(answer, "id")));
    }
    json_decref(answer);
    return rc;
}

static int call(const struct ask *ask, struct session *s, json_t *params,
                bool json)
{
    const struct listing listing = { json, ask->columns };
    struct ca_refusal why = { .status = BM_OK };
    json_t *answer;
    int published;
    int rc;

    if (ask->answer == ASK_LIST) {
        return pages_print(s, ask->operation, params, &listing);
    }
    rc = session_call(s, ask->operation, params, &answer);
    if (rc != CMD_OK) {
        return rc;
    }
    rc = session_result(s, print(ask, json, answer), &why);
    published = looks(ask) ? CMD_OK : session_publish(s);
    return rc != CMD_OK ? rc : published;
}

static int run(const struct ask *ask, const struct args *args,
               const struct given *given)
{
    const struct session_config config = {
        .path = ask->verb->path,
        .place = ask->place != NULL ? ask->place : &given->place,
        .mode = looks(ask) ? INSTANCE_READ : INSTANCE_WRITE,
        .act = ask->act
    };
    json_t *params = json_object();
    struct session s;
    int rc = fill(ask, args->words, given, params);

    if (rc == CMD_OK) {
        rc = session_open(&s, &config);
    }
    if (rc != CMD_OK) {
        json_decref(params);
        return rc;
    }
    rc = call(ask, &s, params, given->json);
    session_close(&s);
    return rc;
}

int ask_run(const struct ask *ask, int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = ask->verb,
                         .rows = ask->rows != NULL ? ask->rows
                                 : looks(ask)      ? looking_rows
                                                   : acting_rows,
                         .into = ask->given != NULL ? ask->given : &given,
                         .words_name = ask->words_name,
                         .words_min = count(ask),
                         .words_max = count(ask) };
    int rc;

    return args_read(&args, argc, argv, &rc) ? run(ask, &args, &given) : rc;
}
