/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    ASK_JSON_OPTION_OF("one JSON object per token and line"),
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark token list", "[--dir DIR] [--json]",
    "List enrolment tokens: id, status, end, profile and device. The secrets\n"
    "themselves are kept nowhere.\n",
    options
};

static const struct listing_column columns[] = {
    { "id", 16, NULL },      { "status", 7, NULL }, { "expires", 20, NULL },
    { "profile", 22, NULL }, { "device", 0, NULL }, { NULL, 0, NULL },
};

int cmd_token_list(int argc, char **argv)
{
    static const struct ask ask = { .verb = &verb,
                                    .operation = "listTokens",
                                    .act = CA_ACT_TOKEN_READ,
                                    .columns = columns,
                                    .answer = ASK_LIST };

    return ask_run(&ask, argc, argv);
}
