/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/attribute.h"
#include "cli/instance.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

#define ATTRIBUTES                                                       \
    "serial, hardware-id, mac, imei, uuid, secure-element and tpm are\n" \
    "one device's alone; model, lot, hardware-version, key-method,\n"    \
    "key-transfer, key-site and label.NAME are not.\n"

static const struct cmd_verb add_verb = {
    "birthmark device add", "[--dir DIR] NAME [ATTRIBUTE=VALUE...]",
    "Say that a device is expected, and what is known of it: "
    "\n" ATTRIBUTES,
    options
};

static const struct cmd_verb set_verb = {
    "birthmark device set", "[--dir DIR] NAME ATTRIBUTE=VALUE...",
    "Set what is on record of a device, in the place of what was there; an\n"
    "empty VALUE leaves none. Attributes: "
    "\n" ATTRIBUTES,
    options
};

struct given {
    struct session_place place;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { 0, ARGS_FLAG, 0, false },
};

struct entry {
    const struct cmd_verb *verb;
    const char *operation;
    int words_min;
    enum ca_act act;
};

static int enter(struct session *s, const char *operation,
                 const struct args *args)
{
    json_t *params = json_object();
    json_t *set = json_array();
    json_t *device;
    int rc;

    for (int i = 1; i < args->words_n; i++) {
        json_array_append_new(set, json_string(args->words[i]));
    }
    session_set_text(params, "device", args->words[0]);
    if (args->words_n > 1) {
        json_object_set(params, "set", set);
    }
    json_decref(set);
    rc = session_call(s, operation, params, &device);
    json_decref(device);
    return rc;
}

static int run(int argc, char **argv, const struct entry *e)
{
    struct given given = { .place = { .dir = NULL } };
    struct args args = { .verb = e->verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "NAME and ATTRIBUTE=VALUE",
                         .words_min = e->words_min,
                         .words_max = 1 + CA_ATTRIBUTES_MAX };
    struct session_config config = { .path = e->verb->path,
                                     .place = &given.place,
                                     .mode = INSTANCE_WRITE,
                                     .act = e->act };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = enter(&s, e->operation, &args);
    }
    session_close(&s);
    return rc;
}

int cmd_device_add(int argc, char **argv)
{
    const struct entry e = { &add_verb, "createDevice", 1,
                             CA_ACT_DEVICE_EXPECT };

    return run(argc, argv, &e);
}

int cmd_device_set(int argc, char **argv)
{
    const struct entry e = { &set_verb, "describeDevice", 2,
                             CA_ACT_DEVICE_DESCRIBE };

    return run(argc, argv, &e);
}
