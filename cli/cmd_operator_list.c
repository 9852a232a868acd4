/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    ASK_JSON_OPTION_OF("one JSON object per operator and line"),
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark operator list", "[--dir DIR] [--json]",
    "List operators: id, status, roles and where they hold.\n", options
};

static const struct listing_column columns[] = {
    { "id", 20, NULL },   { "status", 8, NULL }, { "scope", 16, NULL },
    { "roles", 0, NULL }, { NULL, 0, NULL },
};

int cmd_operator_list(int argc, char **argv)
{
    static const struct ask ask = { .verb = &verb,
                                    .operation = "listOperators",
                                    .act = CA_ACT_OPERATOR_READ,
                                    .columns = columns,
                                    .answer = ASK_LIST };

    return ask_run(&ask, argc, argv);
}
