/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "create", "NAME URL [OPTION]...", "have events sent somewhere",
      cmd_destination_create },
    { "kinds", "", "list the kinds of events", cmd_destination_kinds },
    { "list", "[--dir DIR] [--json]", "list where events go",
      cmd_destination_list },
    { "show", "[--dir DIR] [--json] NAME", "show one, and how far it came",
      cmd_destination_show },
    { "disable", "[--dir DIR] NAME...", "send nothing there for a while",
      cmd_destination_disable },
    { "enable", "[--dir DIR] NAME...", "send there again",
      cmd_destination_enable },
    { "remove", "[--dir DIR] NAME...", "send nothing there any more",
      cmd_destination_remove },
    { "test", "[--dir DIR] NAME...", "send an event that says so",
      cmd_destination_test },
    { "dead", "[--dir DIR] [--json] NAME", "list events that were given up",
      cmd_destination_dead },
    { "retry", "[--dir DIR] NAME --event N... | --all", "try them again",
      cmd_destination_retry },
    { "drop", "[--dir DIR] NAME --event N... | --all", "forget them",
      cmd_destination_drop },
    { NULL, NULL, NULL, NULL },
};

int cmd_destination(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark destination", argc, argv);
}
