/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/instance.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
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

/* What can be done to a device by its name. */
struct change {
    const struct cmd_verb *verb;
    const char *operation;
    enum ca_act act;
};

struct given {
    struct session_place place;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { 0, ARGS_FLAG, 0, false },
};

static int change(struct session *s, const char *name, const char *operation)
{
    json_t *params = json_object();
    json_t *device;
    int rc;

    session_set_text(params, "device", name);
    rc = session_call(s, operation, params, &device);
    json_decref(device);
    return rc;
}

static int run(int argc, char **argv, const struct change *c)
{
    struct given given = { .place = { .dir = NULL } };
    struct args args = { .verb = c->verb,
                         .rows = rows,
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
        rc = change(&s, args.words[i], c->operation);
        result = rc != CMD_OK ? rc : result;
    }
    rc = session_publish(&s);
    result = rc != CMD_OK ? rc : result;
    session_close(&s);
    return result;
}

int cmd_device_suspend(int argc, char **argv)
{
    const struct change c = { &suspend_verb, "suspendDevice",
                              CA_ACT_DEVICE_SUSPEND };

    return run(argc, argv, &c);
}

int cmd_device_resume(int argc, char **argv)
{
    const struct change c = { &resume_verb, "resumeDevice",
                              CA_ACT_DEVICE_SUSPEND };

    return run(argc, argv, &c);
}

int cmd_device_renew(int argc, char **argv)
{
    const struct change c = { &renew_verb, "renewDevice", CA_ACT_DEVICE_RENEW };

    return run(argc, argv, &c);
}
