/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    ASK_JSON_OPTION_OF("one JSON object per manufacturer and line"),
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark manufacturer list", "[--dir DIR] [--json]",
    "List manufacturers whose IDevIDs your organisation takes, or took: since\n"
    "when, until when, the rule of their revocation lists, and name.\n",
    options
};

static const struct listing_column columns[] = {
    { "added", 20, NULL }, { "removed", 20, NULL }, { "revocation", 8, NULL },
    { "name", 0, NULL },   { NULL, 0, NULL },
};

int cmd_manufacturer_list(int argc, char **argv)
{
    static const struct ask ask = { .verb = &verb,
                                    .operation = "listManufacturers",
                                    .act = CA_ACT_MANUFACTURER_READ,
                                    .columns = columns,
                                    .answer = ASK_LIST };

    return ask_run(&ask, argc, argv);
}
