/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pages.h"

enum {
    OPTION_JSON = 1
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--json", NULL, "one JSON object per destination and line", OPTION_JSON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark destination list", "[--dir DIR] [--json]",
    "List where the events of your organisation go: kind, state, how many\n"
    "were delivered, name and URL.\n",
    options
};

struct given {
    struct session_place place;
    bool json;
};

static const struct args_row rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct listing_column columns[] = {
    { "kind", 7, NULL },  { "state", 10, NULL }, { "delivered", 9, NULL },
    { "name", 20, NULL }, { "url", 0, NULL },    { NULL, 0, NULL },
};

int cmd_destination_list(int argc, char **argv)
{
    struct given given = { .json = false };
    struct args args = { .verb = &verb, .rows = rows, .into = &given };
    struct session_config config = { .path = verb.path,
                                     .place = &given.place,
                                     .mode = INSTANCE_READ,
                                     .act = CA_ACT_DESTINATION_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        const struct listing listing = { given.json, columns };

        rc = pages_print(&s, "listDestinations", json_object(), &listing);
    }
    session_close(&s);
    return rc;
}
