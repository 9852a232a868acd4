/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

/* In the order of `filters`. */
enum {
    OPTION_STATE = ASK_JSON + 1
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--state", "STATE", "pending, approved, rejected, issued or lapsed",
      OPTION_STATE },
    ASK_JSON_OPTION_OF("one JSON object per request and line"),
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark request list", "[--dir DIR] [--state STATE] [--json]",
    "List requests that need a second operator: number, state, profile, who\n"
    "asked, and the device.\n",
    options
};

static const struct listing_column columns[] = {
    { "id", 6, NULL },     { "state", 8, NULL },  { "profile", 22, NULL },
    { "asked", 24, NULL }, { "device", 0, NULL }, { NULL, 0, NULL },
};

int cmd_request_list(int argc, char **argv)
{
    static const struct ask ask = { .verb = &verb,
                                    .operation = "listRequests",
                                    .act = CA_ACT_REQUEST_READ,
                                    .columns = columns,
                                    .filters = { "state" },
                                    .answer = ASK_LIST };

    return ask_run(&ask, argc, argv);
}
