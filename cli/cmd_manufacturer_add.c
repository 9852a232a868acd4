/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/imports.h"
#include "cli/instance.h"

enum {
    OPTION_ANCHOR = 1,
    OPTION_CA,
    OPTION_PROFILE,
    OPTION_SERIAL,
    OPTION_DEVICE,
    OPTION_EXPECTED,
    OPTION_REVOCATION,
    OPTION_OUTLIVE
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--anchor", "FILE", "its roots, PEM or DER; may be repeated",
      OPTION_ANCHOR },
    { "--ca", "FILE", "CAs below them, that devices do not send; likewise",
      OPTION_CA },
    { "--profile", "NAME", "what its devices may have (any); likewise",
      OPTION_PROFILE },
    { "--serial", "PATTERN", "what their serial numbers look like (any)",
      OPTION_SERIAL },
    { "--device", "TEMPLATE", "what they are called ({serial})",
      OPTION_DEVICE },
    { "--expected-only", NULL, "refuse those that were not said to come",
      OPTION_EXPECTED },
    { "--revocation", "RULE",
      "whose lists must be here, and current: required (of each CA), loaded\n"
      "(of those of which one was), none",
      OPTION_REVOCATION },
    { "--outlive", NULL, "its IDevIDs are good for longer than its CAs",
      OPTION_OUTLIVE },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark manufacturer add",
    "NAME --anchor FILE... [--dir DIR] [OPTION]...",
    "Let devices of your organisation enrol by the IDevIDs (IEEE 802.1AR) of\n"
    "a manufacturer, for profiles that say so (`manufacturers`). One that was\n"
    "removed is the same again, with what is said now.\n",
    options
};

struct given {
    struct session_place place;
    struct args_many anchors;
    struct args_many cas;
    struct args_many profiles;
    const char *serial;
    const char *device;
    const char *revocation;
    bool expected;
    bool outlive;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_ANCHOR, ARGS_MANY, offsetof(struct given, anchors), true },
    { OPTION_CA, ARGS_MANY, offsetof(struct given, cas), false },
    { OPTION_PROFILE, ARGS_MANY, offsetof(struct given, profiles), false },
    { OPTION_SERIAL, ARGS_TEXT, offsetof(struct given, serial), false },
    { OPTION_DEVICE, ARGS_TEXT, offsetof(struct given, device), false },
    { OPTION_EXPECTED, ARGS_FLAG, offsetof(struct given, expected), false },
    { OPTION_REVOCATION, ARGS_TEXT, offsetof(struct given, revocation), false },
    { OPTION_OUTLIVE, ARGS_FLAG, offsetof(struct given, outlive), false },
    { 0, ARGS_FLAG, 0, false },
};

struct run {
    const struct given *given;
    struct session session;
    struct imports anchors;
    struct imports cas;
};

static bool read_files(struct imports *to, const struct args_many *files)
{
    for (size_t i = 0; i < files->n; i++) {
        if (!imports_add(to, files->value[i], NULL)) {
            return false;
        }
    }
    return true;
}

static void set_profiles(json_t *params, const struct args_many *names)
{
    json_t *list = json_array();

    for (size_t i = 0; i < names->n; i++) {
        (void)json_array_append_new(list, json_string(names->value[i]));
    }
    (void)json_object_set_new(params, "profiles", list);
}

static int act(struct run *run, const char *name)
{
    const struct given *given = run->given;
    json_t *params = json_object();
    json_t *result;
    int rc;

    session_set_text(params, "name", name);
    session_set_text(params, "serial_pattern", given->serial);
    session_set_text(params, "device_name", given->device);
    session_set_text(params, "revocation", given->revocation);
    if (given->expected) {
        session_set_flag(params, "expected_only");
    }
    if (given->outlive) {
        session_set_flag(params, "outlive");
    }
    imports_set(params, "anchors", &run->anchors);
    if (run->cas.n != 0) {
        imports_set(params, "cas", &run->cas);
    }
    if (given->profiles.n != 0) {
        set_profiles(params, &given->profiles);
    }
    rc = session_call(&run->session, "addManufacturer", params, &result);
    json_decref(result);
    return rc == CMD_OK ? session_publish(&run->session) : rc;
}

int cmd_manufacturer_add(int argc, char **argv)
{
    struct given given = { .serial = NULL };
    struct args args = { .verb = &verb,
                         .rows = rows,
                         .into = &given,
                         .words_name = "NAME",
                         .words_min = 1,
                         .words_max = 1 };
    const struct session_config config = { .path = verb.path,
                                           .place = &given.place,
                                           .mode = INSTANCE_WRITE,
                                           .act = CA_ACT_MANUFACTURER_CHANGE };
    struct run run = { .given = &given };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = CMD_FAILED;
    if (read_files(&run.anchors, &given.anchors) &&
        read_files(&run.cas, &given.cas)) {
        rc = session_open(&run.session, &config);
    }
    if (rc == CMD_OK) {
        rc = act(&run, args.words[0]);
    }
    session_close(&run.session);
    imports_free(&run.anchors);
    imports_free(&run.cas);
    return rc;
}
