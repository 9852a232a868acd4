/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"
#include "cli/instance.h"
#include "cli/output.h"

/* A note of ours has three lines and one signature. */
#define NOTE_MAX 4096

enum {
    OPTION_DIR = 1
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
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
    const char *dir;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { 0, ARGS_FLAG, 0, false },
};

static int run(struct session *s)
{
    struct ca_refusal why = { .status = BM_OK };
    uint8_t room[NOTE_MAX];
    struct output output;
    struct bm_wr note;
    size_t n;
    int rc = session_publish(s);

    if (rc != CMD_OK) {
        return rc;
    }
    bm_wr_init(&note, room, sizeof room);
    rc = session_result(s, ca_ledger_note(s->instance->ledger, &note), &why);
    if (rc == CMD_OK) {
        rc = session_result(s, bm_wr_finish(&note, &n), &why);
    }
    if (rc == CMD_OK) {
        rc = output_open(&output, s->path, NULL);
    }
    if (rc == CMD_OK) {
        output_put(&output, bm_wr_bytes(&note));
        rc = output_finish(&output);
    }
    return rc;
}

int cmd_ledger_checkpoint(int argc, char **argv)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_LEDGER_CHECKPOINT };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    config.dir = given.dir;
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = run(&s);
    }
    session_close(&s);
    return rc;
}
