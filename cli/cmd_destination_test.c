/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/each.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark destination test", "[--dir DIR] NAME...",
    "Send an event of the kind destination-test, behind all that is to be\n"
    "sent; `destination show` tells what became of it.\n",
    options
};

int cmd_destination_test(int argc, char **argv)
{
    const struct each each = { .verb = &verb,
                               .words_name = "NAME",
                               .operation = "testDestination",
                               .param = "destination",
                               .act = CA_ACT_DESTINATION_RETRY };

    return each_run(&each, argc, argv);
}
