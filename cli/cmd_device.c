/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "list", "[--dir DIR] [--json]", "list devices and their states",
      cmd_device_list },
    { "show", "[--dir DIR] [--json] NAME", "show a device, and its key",
      cmd_device_show },
    { "events", "[--dir DIR] [--device NAME] [--json]",
      "what happened that somebody should know of", cmd_device_events },
    { "suspend", "[--dir DIR] NAME...",
      "issue nothing more, and put the owner's certificates on hold",
      cmd_device_suspend },
    { "resume", "[--dir DIR] NAME...", "lift a suspension", cmd_device_resume },
    { "renew", "[--dir DIR] NAME...", "ask devices to renew before their time",
      cmd_device_renew },
    { "stock", "[--dir DIR] NAME...", "say that devices are in stock",
      cmd_device_stock },
    { "ship", "[--dir DIR] [--at TIME] NAME...", "say that they are shipped",
      cmd_device_ship },
    { NULL, NULL, NULL, NULL },
};

int cmd_device(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark device", argc, argv);
}
