/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pages.h"

enum {
    OPTION_DEVICE = 1,
    OPTION_JSON
};

static const struct cmd_option list_options[] = {
    SESSION_OPTIONS,
    { "--json", NULL, "one JSON object per device and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_option events_options[] = {
    SESSION_OPTIONS,
    { "--device", "NAME", "of this device alone", OPTION_DEVICE },
    { "--json", NULL, "one JSON object per event and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb list_verb = {
    "birthmark device list", "[--dir DIR] [--json]",
    "List devices in the order in which they became known: state, when that\n"
    "changed, and name.\n",
    list_options
};

static const struct cmd_verb events_verb = {
    "birthmark device events", "[--dir DIR] [--device NAME] [--json]",
    "List events, the newest first: clones that gave themselves away, the\n"
    "misuse of keys. Each is written down once.\n",
    events_options
};

struct given {
    struct session_place place;
    const char *device;
    bool json;
};

static const struct args_row list_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct args_row events_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_DEVICE, ARGS_TEXT, offsetof(struct given, device), false },
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column list_columns[] = {
    { "state", 9, NULL },
    { "changed", 20, NULL },
    { "name", 0, NULL },
    { NULL, 0, NULL },
};

static const struct listing_column events_columns[] = {
    { "at", 20, NULL },  { "event", 12, NULL }, { "source", 7, NULL },
    { "text", 0, NULL }, { NULL, 0, NULL },
};

static int list_devices(struct session *s, const struct given *given)
{
    const struct listing listing = { given->json, list_columns };

    return pages_print(s, "listDevices", json_object(), &listing);
}

static int list_events(struct session *s, const struct given *given)
{
    const struct listing listing = { given->json, events_columns };
    json_t *params = json_object();

    session_set_text(params, "device", given->device);
    return pages_print(
        s, given->device != NULL ? "listDeviceEvents" : "listEvents", params,
        &listing);
}

static int
read_and_run(struct args *args, int argc, char **argv, enum ca_act act,
             int (*list)(struct session *s, const struct given *given))
{
    struct given *given = args->into;
    struct session_config config = { .path = args->verb->path,
                                     .place = &given->place,
                                     .mode = INSTANCE_READ,
                                     .act = act };
    struct session s;
    int rc;

    if (!args_read(args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        rc = list(&s, given);
    }
    session_close(&s);
    return rc;
}

int cmd_device_list(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &list_verb,
                         .rows = list_rows,
                         .into = &given };

    return read_and_run(&args, argc, argv, CA_ACT_DEVICE_READ, list_devices);
}

int cmd_device_events(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &events_verb,
                         .rows = events_rows,
                         .into = &given };

    return read_and_run(&args, argc, argv, CA_ACT_EVENT_READ, list_events);
}
