/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "list", "[--dir DIR] [--state|--serial|--model|... TEXT] [--json]",
      "list devices, or find some", cmd_device_list },
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
    { "add", "[--dir DIR] NAME [ATTRIBUTE=VALUE...]",
      "say that a device is expected", cmd_device_add },
    { "expect", "[--dir DIR] [--format WORD] FILE",
      "say that the devices of a file are", cmd_device_expect },
    { "export", "[--dir DIR] [OPTION]...",
      "write all devices, for us or for another service", cmd_device_export },
    { "set", "[--dir DIR] NAME ATTRIBUTE=VALUE...",
      "set what is on record of a device", cmd_device_set },
    { "revoke", "[--dir DIR] [--reason WORD] NAME...",
      "revoke devices with all their certificates", cmd_device_revoke },
    { "retire", "[--dir DIR] NAME...", "end the life of devices",
      cmd_device_retire },
    { NULL, NULL, NULL, NULL },
};

int cmd_device(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark device", argc, argv);
}
