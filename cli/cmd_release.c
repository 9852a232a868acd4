/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "create", "[OPTION]... NAME", "make a release of files",
      cmd_release_create },
    { "assign", "NAME --all | --org ORG | --device DEVICE [OPTION]...",
      "say for whom it is", cmd_release_assign },
    { "status", "[--dir DIR] [--json] NAME", "how many devices came how far",
      cmd_release_status },
    { "list", "[--dir DIR] [--json]", "list those of your organisation",
      cmd_release_list },
    { "show", "[--dir DIR] [--json] NAME",
      "show what is in a release, and for whom it is", cmd_release_show },
    { NULL, NULL, NULL, NULL },
};

int cmd_release(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark release", argc, argv);
}
