/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/each.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark destination remove", "[--dir DIR] NAME...",
    "Send nothing there any more, and forget what it was not given.\n", options
};

int cmd_destination_remove(int argc, char **argv)
{
    const struct each each = { .verb = &verb,
                               .words_name = "NAME",
                               .operation = "removeDestination",
                               .param = "destination",
                               .act = CA_ACT_DESTINATION_CHANGE };

    return each_run(&each, argc, argv);
}
