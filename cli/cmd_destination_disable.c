/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/each.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark destination disable", "[--dir DIR] NAME...",
    "Send nothing there until it is enabled again. What happens meanwhile is\n"
    "sent then.\n",
    options
};

int cmd_destination_disable(int argc, char **argv)
{
    const struct each each = { .verb = &verb,
                               .words_name = "NAME",
                               .operation = "disableDestination",
                               .param = "destination",
                               .act = CA_ACT_DESTINATION_CHANGE };

    return each_run(&each, argc, argv);
}
