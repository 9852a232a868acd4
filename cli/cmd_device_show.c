/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    ASK_JSON_OPTION_OF("as a JSON object"),
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark device show", "[--dir DIR] [--json] NAME",
    "Show a device: its state, where the key of its newest certificate was\n"
    "made, and what it says of its firewall.\n",
    options
};

int cmd_device_show(int argc, char **argv)
{
    static const struct ask_param params[] = { { "device", false },
                                               { NULL, false } };
    static const struct ask ask = { .verb = &verb,
                                    .operation = "showDevice",
                                    .act = CA_ACT_DEVICE_READ,
                                    .words_name = "NAME",
                                    .params = params,
                                    .answer = ASK_SHOW };

    return ask_run(&ask, argc, argv);
}
