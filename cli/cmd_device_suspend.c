/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "ca/device.h"
#include "cli/args.h"
#include "cli/diag.h"
#include "cli/instance.h"

enum {
    OPTION_DIR = 1
};

static const struct cmd_option options[] = {
    { "--dir", "DIR", "the instance (the current directory)", OPTION_DIR },
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

struct given {
    const char *dir;
};

static const struct args_row rows[] = {
    { OPTION_DIR, ARGS_TEXT, offsetof(struct given, dir), false },
    { 0, ARGS_FLAG, 0, false },
};

static int change(struct session *s, const char *name, bool suspend)
{
    struct ca_device_act act = { .organisation = s->actor.organisation,
                                 .name = name,
                                 .suspend = suspend };
    struct ca_refusal why = { .status = BM_OK };
    bm_status rc =
        ca_device_change(s->instance->ca, &s->actor, &act, s->now, &why);

    return session_result(s, rc, &why);
}

/* The lists of whoever signs for devices. */
static int make_lists(struct session *s)
{
    struct instance *in = s->instance;
    int result = CMD_OK;

    for (size_t i = 0; i < in->cas_n; i++) {
        struct ca_refusal why = { .status = BM_OK };
        bm_status rc = BM_OK;

        if (in->cas[i].row.kind == STORE_CA_ISSUING && in->cas[i].key != NULL) {
            rc = instance_make_crl(in, &s->actor, in->cas[i].row.id, s->now,
                                   &why);
        }
        result = rc == BM_OK ? result : session_result(s, rc, &why);
    }
    return result;
}

static int run(int argc, char **argv, const struct cmd_verb *verb, bool suspend)
{
    struct given given = { .dir = NULL };
    struct args args = { .verb = verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "NAME",
                         .words_min = 1,
                         .words_max = argc };
    struct session_config config = { .path = verb->path,
                                     .mode = INSTANCE_WRITE,
                                     .act = CA_ACT_DEVICE_SUSPEND };
    struct session s;
    int result;
    int rc;

    if (!args_read(&args, argc, argv, &result)) {
        return result;
    }
    config.dir = given.dir;
    result = session_open(&s, &config);
    if (result != CMD_OK) {
        return result;
    }
    for (int i = 0; i < args.words_n; i++) {
        rc = change(&s, args.words[i], suspend);
        result = rc != CMD_OK ? rc : result;
    }
    rc = make_lists(&s);
    result = rc != CMD_OK ? rc : result;
    rc = session_publish(&s);
    result = rc != CMD_OK ? rc : result;
    session_close(&s);
    return result;
}

int cmd_device_suspend(int argc, char **argv)
{
    return run(argc, argv, &suspend_verb, true);
}

int cmd_device_resume(int argc, char **argv)
{
    return run(argc, argv, &resume_verb, false);
}
