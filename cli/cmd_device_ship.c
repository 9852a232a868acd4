/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/instance.h"

enum {
    OPTION_AT = 1
};

static const struct cmd_option stock_options[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_option ship_options[] = {
    SESSION_OPTIONS,
    { "--at", "TIME", "when: a time, or a duration from now; now", OPTION_AT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb stock_verb = {
    "birthmark device stock", "[--dir DIR] NAME...",
    "Say that devices are in stock: whoever uses their certificates now is\n"
    "noted as a signal.\n",
    stock_options
};

static const struct cmd_verb ship_verb = {
    "birthmark device ship", "[--dir DIR] [--at TIME] NAME...",
    "Say that devices are shipped, or will be: before that their certificates\n"
    "are used by nobody.\n",
    ship_options
};

struct given {
    struct session_place place;
    int64_t at;
};

static const struct args_row stock_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { 0, ARGS_FLAG, 0, false },
};

static const struct args_row ship_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_AT, ARGS_WHEN, offsetof(struct given, at), false },
    { 0, ARGS_FLAG, 0, false },
};

static int say(struct session *s, const char *operation, const char *name,
               int64_t at)
{
    json_t *params = json_object();
    json_t *said;
    int rc;

    session_set_text(params, "device", name);
    session_set_time(params, "at", at);
    rc = session_call(s, operation, params, &said);
    json_decref(said);
    return rc;
}

static int run(int argc, char **argv, const struct cmd_verb *verb,
               const struct args_row *rows, const char *operation)
{
    struct given given = { .at = 0 };
    struct args args = { .verb = verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "NAME",
                         .words_min = 1,
                         .words_max = argc };
    struct session_config config = { .path = verb->path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_DEVICE_SHIP };
    struct session s;
    int result;
    int rc;

    if (!args_read(&args, argc, argv, &result)) {
        return result;
    }
    result = session_open(&s, &config);
    if (result != CMD_OK) {
        return result;
    }
    for (int i = 0; i < args.words_n; i++) {
        rc = say(&s, operation, args.words[i], given.at);
        result = rc != CMD_OK ? rc : result;
    }
    rc = session_publish(&s);
    result = rc != CMD_OK ? rc : result;
    session_close(&s);
    return result;
}

int cmd_device_stock(int argc, char **argv)
{
    return run(argc, argv, &stock_verb, stock_rows, "stockDevice");
}

int cmd_device_ship(int argc, char **argv)
{
    return run(argc, argv, &ship_verb, ship_rows, "shipDevice");
}
