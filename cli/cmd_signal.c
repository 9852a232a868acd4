/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pages.h"

enum {
    OPTION_KIND = 1,
    OPTION_DEVICE,
    OPTION_JSON
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--kind", "KIND", "of this kind alone", OPTION_KIND },
    { "--device", "NAME", "of this device alone", OPTION_DEVICE },
    { "--json", NULL, "one JSON object per signal and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark signal list",
    "[--dir DIR] [--kind KIND] [--device NAME] [--json]",
    "List signs that devices were copied, or are not where they should be,\n"
    "the newest first: when it came last, its kind, how often, the device,\n"
    "and what happened.\n"
    "Kinds: same-key, idevid-key, fork, clone, two-places, before-shipping,\n"
    "enrolment-loop.\n",
    options
};

struct given {
    struct session_place place;
    const char *kind;
    const char *device;
    bool json;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_KIND, ARGS_TEXT, offsetof(struct given, kind), false },
    { OPTION_DEVICE, ARGS_TEXT, offsetof(struct given, device), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column columns[] = {
    { "last", 20, NULL },   { "signal", 15, NULL }, { "count", 6, NULL },
    { "device", 16, NULL }, { "text", 0, NULL },    { NULL, 0, NULL },
};

int cmd_signal_list(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_EVENT_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        const struct listing listing = { given.json, columns };
        json_t *params = json_object();

        session_set_text(params, "kind", given.kind);
        session_set_text(params, "device", given.device);
        rc = pages_print(&s, "listSignals", params, &listing);
    }
    session_close(&s);
    return rc;
}

static const struct cmd verbs[] = {
    { "list", "[OPTION]...", "list signs of misuse", cmd_signal_list },
    { NULL, NULL, NULL, NULL },
};

int cmd_signal(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark signal", argc, argv);
}
