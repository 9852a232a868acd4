/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/instance.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark token revoke", "[--dir DIR] ID...",
    "End enrolment tokens that have not been used.\n", options
};

struct given {
    struct session_place place;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { 0, ARGS_FLAG, 0, false },
};

static int run(struct session *s, const struct args *args)
{
    int result = CMD_OK;
    int rc;

    for (int i = 0; i < args->words_n; i++) {
        json_t *params = json_object();
        json_t *token;

        session_set_text(params, "token", args->words[i]);
        rc = session_call(s, "revokeToken", params, &token);
        result = rc != CMD_OK ? rc : result;
        json_decref(token);
    }
    rc = session_publish(s);
    return rc != CMD_OK ? rc : result;
}

int cmd_token_revoke(int argc, char **argv)
{
    struct given given = { .place = { .dir = NULL } };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "ID",
                         .words_min = 1,
                         .words_max = argc };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_TOKEN_REVOKE };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, &args);
    }
    session_close(&s);
    return rc;
}
