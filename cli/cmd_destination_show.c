/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    ASK_JSON_OPTION_OF("as a JSON object"),
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark destination show", "[--dir DIR] [--json] NAME",
    "Show a destination: what was set of it, how it is, how far it came, how\n"
    "many events were put aside, given up or lost, and what failed last.\n",
    options
};

int cmd_destination_show(int argc, char **argv)
{
    static const struct ask_param params[] = { { "destination", false },
                                               { NULL, false } };
    static const struct ask ask = { .verb = &verb,
                                    .operation = "showDestination",
                                    .act = CA_ACT_DESTINATION_READ,
                                    .words_name = "NAME",
                                    .params = params,
                                    .answer = ASK_SHOW };

    return ask_run(&ask, argc, argv);
}
