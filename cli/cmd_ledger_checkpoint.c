/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/output.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark ledger checkpoint", "[--dir DIR]",
    "Sign the ledger as it is now, publish it in DIR/ledger, and print the\n"
    "checkpoint. Kept elsewhere, it later shows that nothing was taken back:\n"
    "see ledger verify --against.\n",
    options
};

struct given {
    struct session_place place;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { 0, ARGS_FLAG, 0, false },
};

static int run(struct session *s)
{
    struct output output;
    json_t *signed_head;
    int rc = session_call(s, "signCheckpoint", json_object(), &signed_head);

    if (rc == CMD_OK) {
        rc = output_open(&output, s->path, NULL);
    }
    if (rc == CMD_OK) {
        output_text(&output, json_object_get(signed_head, "checkpoint"));
        rc = output_finish(&output);
    }
    json_decref(signed_head);
    return rc;
}

int cmd_ledger_checkpoint(int argc, char **argv)
{
    struct given given = { .place = { .dir = NULL } };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_LEDGER_CHECKPOINT };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s);
    }
    session_close(&s);
    return rc;
}
