/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/each.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark destination enable", "[--dir DIR] NAME...",
    "Send there again, and at once to what was failing.\n", options
};

int cmd_destination_enable(int argc, char **argv)
{
    const struct each each = { .verb = &verb,
                               .words_name = "NAME",
                               .operation = "enableDestination",
                               .param = "destination",
                               .act = CA_ACT_DESTINATION_CHANGE };

    return each_run(&each, argc, argv);
}
