/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/each.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark manufacturer remove", "[--dir DIR] NAME...",
    "Refuse the IDevIDs of manufacturers from now on. Devices that came with\n"
    "one stay, and renew what they have; `device suspend` and `cert revoke`\n"
    "are for those that should not.\n",
    options
};

int cmd_manufacturer_remove(int argc, char **argv)
{
    const struct each each = { .verb = &verb,
                               .words_name = "NAME",
                               .operation = "removeManufacturer",
                               .param = "manufacturer",
                               .act = CA_ACT_MANUFACTURER_CHANGE };

    return each_run(&each, argc, argv);
}
