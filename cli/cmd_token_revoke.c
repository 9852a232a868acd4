/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/token.h"
#include "cli/args.h"
#include "cli/instance.h"

enum {
    OPTION_DIR = 1
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark token revoke", "[--dir DIR] ID...",
    "End enrolment tokens that have not been used.\n", options
};

struct given {
    const char *dir;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { 0, ARGS_FLAG, 0, false },
};

static int run(struct session *s, const struct args *args)
{
    int result = CMD_OK;
    int rc;

    for (int i = 0; i < args->words_n; i++) {
        struct ca_refusal why = { .status = BM_OK };
        bm_status status = ca_token_revoke(s->instance->ca, &s->actor,
                                           args->words[i], s->now, &why);

        rc = session_result(s, status, &why);
        result = rc != CMD_OK ? rc : result;
    }
    rc = session_publish(s);
    return rc != CMD_OK ? rc : result;
}

int cmd_token_revoke(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "ID",
                         .words_min = 1,
                         .words_max = argc };
    struct session_config config = { .path = verb.path,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_TOKEN_REVOKE };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    config.dir = given.dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, &args);
    }
    session_close(&s);
    return rc;
}
