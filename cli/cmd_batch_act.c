/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/batch_run.h"
#include "cli/each.h"

enum {
    OPTION_REASON = 1,
    OPTION_CODE
};

#define REASON_OPTION                                               \
    {                                                               \
        "--reason", "TEXT", "why: it goes on record", OPTION_REASON \
    }

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    REASON_OPTION,
    { NULL, NULL, NULL, 0 },
};
static const struct cmd_option revoke_options[] = {
    SESSION_OPTIONS,
    { "--code", "CODE",
      "keyCompromise, superseded, cessationOfOperation, ... (RFC 5280 5.3.1)",
      OPTION_CODE },
    REASON_OPTION,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb approve_verb = {
    "birthmark batch approve", "[--dir DIR] [--reason TEXT] ID",
    "Agree to a batch that another operator has ordered. It is issued then.\n",
    options
};
static const struct cmd_verb reject_verb = {
    "birthmark batch reject", "[--dir DIR] [--reason TEXT] ID",
    "Reject a batch, or withdraw one, of which nothing has been issued.\n",
    options
};
static const struct cmd_verb abort_verb = {
    "birthmark batch abort", "[--dir DIR] [--reason TEXT] ID",
    "Issue nothing more of a batch. What has been issued stays good.\n", options
};
static const struct cmd_verb resume_verb = {
    "birthmark batch resume", "[--dir DIR] [--reason TEXT] ID",
    "Go on with a batch that was aborted, in one's own name; or, without a\n"
    "server, with one that was interrupted.\n",
    options
};
static const struct cmd_verb confirm_verb = {
    "birthmark batch confirm", "[--dir DIR] [--reason TEXT] ID",
    "Say that what was fetched of a batch has arrived and can be opened. Keys\n"
    "that were made for it are kept, encrypted, until then.\n",
    options
};
static const struct cmd_verb revoke_verb = {
    "birthmark batch revoke", "[--dir DIR] [--code CODE] [--reason TEXT] ID",
    "Revoke all certificates of a batch, for ever.\n", revoke_options
};

struct deed {
    const struct cmd_verb *verb;
    const char *operation;
    enum ca_act act;
    bool goes_on; /* and is to be waited for */
};

struct given {
    struct session_place place;
    const char *reason;
    const char *code;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_REASON, ARGS_TEXT, offsetof(struct given, reason), false },
    { 0, ARGS_FLAG, 0, false },
};
static const struct args_row revoke_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_REASON, ARGS_TEXT, offsetof(struct given, reason), false },
    { OPTION_CODE, ARGS_TEXT, offsetof(struct given, code), false },
    { 0, ARGS_FLAG, 0, false },
};

/* Interrupted while it was revoked: there is nothing to be said anew. */
static bool is_revoking(struct session *s, uint64_t id)
{
    struct ca_refusal why = { .status = BM_OK };
    json_t *params = json_object();
    json_t *batch = NULL;
    const char *state;
    bool is;

    session_set_int(params, "batch", id);
    if (session_ask(s, "showBatch", params, &batch, &why) != BM_OK) {
        return false;
    }
    state = json_string_value(json_object_get(batch, "state"));
    is = state != NULL && strcmp(state, "revoking") == 0;
    json_decref(batch);
    return is;
}

static int run(struct session *s, const struct deed *deed,
               const struct given *given, uint64_t id)
{
    json_t *params;
    json_t *batch;
    int rc;

    if (deed->verb == &resume_verb && is_revoking(s, id)) {
        return batch_run(s, id, NULL);
    }
    params = json_object();
    session_set_int(params, "batch", id);
    session_set_text(params, "reason", given->reason);
    session_set_text(params, "reason_code", given->code);
    rc = session_call(s, deed->operation, params, &batch);
    if (rc != CMD_OK) {
        return rc;
    }
    json_decref(batch);
    return deed->goes_on ? batch_run(s, id, NULL) : session_publish(s);
}

static int act(const struct deed *deed, int argc, char **argv)
{
    struct given given = { .reason = NULL };
    struct args args = { .verb = deed->verb,
                         .rows =
                             deed->verb == &revoke_verb ? revoke_rows : rows,
                         .into = &given,
                         .words_name = "ID",
                         .words_min = 1,
                         .words_max = 1 };
    struct session_config config = { .path = deed->verb->path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = deed->act };
    struct session s;
    uint64_t id;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    if (!each_read_number(args.words[0], &id)) {
        return cmd_usage_error(deed->verb->path, "'%.40s' is no number",
                               args.words[0]);
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s, deed, &given, id);
    }
    session_close(&s);
    return rc;
}

int cmd_batch_approve(int argc, char **argv)
{
    const struct deed deed = { &approve_verb, "approveBatch",
                               CA_ACT_BATCH_DECIDE, true };

    return act(&deed, argc, argv);
}

int cmd_batch_reject(int argc, char **argv)
{
    const struct deed deed = { &reject_verb, "rejectBatch", CA_ACT_BATCH_DECIDE,
                               false };

    return act(&deed, argc, argv);
}

int cmd_batch_abort(int argc, char **argv)
{
    const struct deed deed = { &abort_verb, "abortBatch", CA_ACT_BATCH_CREATE,
                               false };

    return act(&deed, argc, argv);
}

int cmd_batch_resume(int argc, char **argv)
{
    const struct deed deed = { &resume_verb, "resumeBatch", CA_ACT_BATCH_CREATE,
                               true };

    return act(&deed, argc, argv);
}

int cmd_batch_confirm(int argc, char **argv)
{
    const struct deed deed = { &confirm_verb, "confirmBatch",
                               CA_ACT_BATCH_CREATE, false };

    return act(&deed, argc, argv);
}

int cmd_batch_revoke(int argc, char **argv)
{
    const struct deed deed = { &revoke_verb, "revokeBatch", CA_ACT_BATCH_REVOKE,
                               true };

    return act(&deed, argc, argv);
}
