/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"
#include "cli/each.h"

/* Events that were given up: list, retry, drop. */

enum {
    OPTION_EVENT = 1,
    OPTION_ALL
};

static const struct cmd_option list_options[] = {
    SESSION_OPTIONS,
    ASK_JSON_OPTION_OF("one JSON object per event and line"),
    { NULL, NULL, NULL, 0 },
};
static const struct cmd_verb list_verb = {
    "birthmark destination dead", "[--dir DIR] [--json] NAME",
    "List events that were given up: number, when, what, how often it was\n"
    "tried, and why the last time.\n",
    list_options
};

static const struct cmd_option act_options[] = {
    SESSION_OPTIONS,
    { "--event", "N", "this one alone; may be repeated", OPTION_EVENT },
    { "--all", NULL, "all of them", OPTION_ALL },
    { NULL, NULL, NULL, 0 },
};
static const struct cmd_verb retry_verb = {
    "birthmark destination retry", "[--dir DIR] NAME --event N... | NAME --all",
    "Try events again that were given up. They come behind those that their\n"
    "devices had since.\n",
    act_options
};
static const struct cmd_verb drop_verb = {
    "birthmark destination drop", "[--dir DIR] NAME --event N... | NAME --all",
    "Forget that events were not delivered. They stay on record: see\n"
    "`device events`.\n",
    act_options
};

struct given {
    struct session_place place;
    struct args_many events;
    bool all;
};

static const struct args_row act_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_EVENT, ARGS_MANY, offsetof(struct given, events), false },
    { OPTION_ALL, ARGS_FLAG, offsetof(struct given, all), false },
    { 0, ARGS_FLAG, 0, false },
};

int cmd_destination_dead(int argc, char **argv)
{
    static const struct ask_param name[] = { { "destination", false },
                                             { NULL, false } };
    static const struct listing_column columns[] = {
        { "id", 8, NULL },    { "at", 20, NULL }, { "event", 16, NULL },
        { "tries", 5, NULL }, { "why", 0, NULL }, { NULL, 0, NULL },
    };
    static const struct ask ask = { .verb = &list_verb,
                                    .words_name = "NAME",
                                    .params = name,
                                    .operation = "listDeadEvents",
                                    .act = CA_ACT_DESTINATION_READ,
                                    .answer = ASK_LIST,
                                    .columns = columns };

    return ask_run(&ask, argc, argv);
}

/* `word` NULL: all of them. */
static int act_once(struct session *s, const char *operation, const char *name,
                    const char *word)
{
    json_t *params = json_object();
    json_t *result;
    uint64_t event;
    int rc;

    session_set_text(params, "destination", name);
    if (word != NULL && !each_read_number(word, &event)) {
        json_decref(params);
        return cmd_usage_error(s->path, "'%.40s' is no number", word);
    }
    if (word != NULL) {
        session_set_int(params, "event", event);
    }
    rc = session_call(s, operation, params, &result);
    json_decref(result);
    return rc;
}

static int act_all(struct session *s, const char *operation, const char *name,
                   const struct given *given)
{
    int result = given->all ? act_once(s, operation, name, NULL) : CMD_OK;

    for (size_t i = 0; i < given->events.n; i++) {
        int rc = act_once(s, operation, name, given->events.value[i]);

        result = rc != CMD_OK ? rc : result;
    }
    return result;
}

static int act(const struct cmd_verb *verb, const char *operation, int argc,
               char **argv)
{
    struct given given = { .all = false };
    struct args args = { .verb = verb,
                         .rows = act_rows,
                         .into = &given,
                         .words_name = "NAME",
                         .words_min = 1,
                         .words_max = 1 };
    const struct session_config config = { .path = verb->path,
                                           .place = &given.place,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_DESTINATION_RETRY };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (given.all == (given.events.n != 0)) {
        return cmd_usage_error(verb->path, "either --event or --all");
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = act_all(&s, operation, args.words[0], &given);
    }
    session_close(&s);
    return rc;
}

int cmd_destination_retry(int argc, char **argv)
{
    return act(&retry_verb, "retryDeadEvents", argc, argv);
}

int cmd_destination_drop(int argc, char **argv)
{
    return act(&drop_verb, "dropDeadEvents", argc, argv);
}
