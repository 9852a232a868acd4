/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    ASK_JSON_OPTION_OF("as a JSON object"),
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark manufacturer show", "[--dir DIR] [--json] NAME",
    "Show a manufacturer: what was set of it, its CAs, how old their\n"
    "revocation lists are, how many devices are expected, and how many came.\n",
    options
};

int cmd_manufacturer_show(int argc, char **argv)
{
    static const struct ask_param params[] = { { "manufacturer", false },
                                               { NULL, false } };
    static const struct ask ask = { .verb = &verb,
                                    .operation = "showManufacturer",
                                    .act = CA_ACT_MANUFACTURER_READ,
                                    .words_name = "NAME",
                                    .params = params,
                                    .answer = ASK_SHOW };

    return ask_run(&ask, argc, argv);
}
