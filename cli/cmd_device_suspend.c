/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/instance.h"

enum {
    OPTION_REASON = 1
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_option revoke_options[] = {
    SESSION_OPTIONS,
    { "--reason", "WORD", "keyCompromise, superseded, privilegeWithdrawn...",
      OPTION_REASON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb suspend_verb = {
    "birthmark device suspend", "[--dir DIR] NAME...",
    "Suspend devices: nothing more is issued to them, and the certificates\n"
    "that their owner gave them go on hold. The manufacturer's stays.\n",
    options
};

static const struct cmd_verb resume_verb = {
    "birthmark device resume", "[--dir DIR] NAME...",
    "Lift suspensions: devices are what they were before. A certificate that\n"
    "was put on hold by itself stays so.\n",
    options
};

static const struct cmd_verb renew_verb = {
    "birthmark device renew", "[--dir DIR] NAME...",
    "Ask devices to renew their certificates before their time. They learn of\n"
    "it when they next ask when to renew, and may do so from now on.\n",
    options
};

static const struct cmd_verb revoke_verb = {
    "birthmark device revoke", "[--dir DIR] [--reason WORD] NAME...",
    "Revoke devices, for ever: all their certificates with them, the\n"
    "manufacturer identity that was issued here among them.\n",
    revoke_options
};

static const struct cmd_verb retire_verb = {
    "birthmark device retire", "[--dir DIR] NAME...",
    "Devices have come to their end: all their certificates are revoked for\n"
    "cessationOfOperation, and what they are known by is never another's.\n",
    options
};

/* What can be done to a device by its name. */
struct change {
    const struct cmd_verb *verb;
    const struct args_row *rows;
    const char *operation;
    enum ca_act act;
};

struct given {
    struct session_place place;
    const char *reason;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { 0, ARGS_FLAG, 0, false },
};

static const struct args_row revoke_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_REASON, ARGS_TEXT, offsetof(struct given, reason), false },
    { 0, ARGS_FLAG, 0, false },
};

static int change(struct session *s, const struct given *given,
                  const char *name, const char *operation)
{
    json_t *params = json_object();
    json_t *device;
    int rc;

    session_set_text(params, "device", name);
    session_set_text(params, "reason", given->reason);
    rc = session_call(s, operation, params, &device);
    json_decref(device);
    return rc;
}

static int run(int argc, char **argv, const struct change *c)
{
    struct given given = { .place = { .dir = NULL } };
    struct args args = { .verb = c->verb,
                         .rows = c->rows,
                         .into = &given,
                         .words_name = "NAME",
                         .words_min = 1,
                         .words_max = argc };
    struct session_config config = { .path = c->verb->path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = c->act };
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
        rc = change(&s, &given, args.words[i], c->operation);
        result = rc != CMD_OK ? rc : result;
    }
    rc = session_publish(&s);
    result = rc != CMD_OK ? rc : result;
    session_close(&s);
    return result;
}

int cmd_device_suspend(int argc, char **argv)
{
    const struct change c = { &suspend_verb, rows, "suspendDevice",
                              CA_ACT_DEVICE_SUSPEND };

    return run(argc, argv, &c);
}

int cmd_device_resume(int argc, char **argv)
{
    const struct change c = { &resume_verb, rows, "resumeDevice",
                              CA_ACT_DEVICE_SUSPEND };

    return run(argc, argv, &c);
}

int cmd_device_renew(int argc, char **argv)
{
    const struct change c = { &renew_verb, rows, "renewDevice",
                              CA_ACT_DEVICE_RENEW };

    return run(argc, argv, &c);
}

int cmd_device_revoke(int argc, char **argv)
{
    const struct change c = { &revoke_verb, revoke_rows, "revokeDevice",
                              CA_ACT_DEVICE_END };

    return run(argc, argv, &c);
}

int cmd_device_retire(int argc, char **argv)
{
    const struct change c = { &retire_verb, rows, "retireDevice",
                              CA_ACT_DEVICE_END };

    return run(argc, argv, &c);
}
