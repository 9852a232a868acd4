/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    ASK_JSON_OPTION_OF("one JSON object per release and line"),
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark release list", "[--dir DIR] [--json]",
    "List the releases of your organisation: when each was made, by whom,\n"
    "mode and name.\n",
    options
};

static const struct listing_column columns[] = {
    { "created", 20, NULL }, { "creator", 20, NULL }, { "mode", 8, NULL },
    { "name", 0, NULL },     { NULL, 0, NULL },
};

int cmd_release_list(int argc, char **argv)
{
    static const struct ask ask = { .verb = &verb,
                                    .operation = "listReleases",
                                    .act = CA_ACT_RELEASE_READ,
                                    .columns = columns,
                                    .answer = ASK_LIST };

    return ask_run(&ask, argc, argv);
}
