/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    ASK_JSON_OPTION_OF("one JSON object per destination and line"),
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark destination list", "[--dir DIR] [--json]",
    "List where the events of your organisation go: kind, state, how many\n"
    "were delivered, name and URL.\n",
    options
};

static const struct listing_column columns[] = {
    { "kind", 7, NULL },  { "state", 10, NULL }, { "delivered", 9, NULL },
    { "name", 20, NULL }, { "url", 0, NULL },    { NULL, 0, NULL },
};

int cmd_destination_list(int argc, char **argv)
{
    static const struct ask ask = { .verb = &verb,
                                    .operation = "listDestinations",
                                    .act = CA_ACT_DESTINATION_READ,
                                    .columns = columns,
                                    .answer = ASK_LIST };

    return ask_run(&ask, argc, argv);
}
