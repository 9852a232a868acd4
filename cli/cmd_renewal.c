/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "pull", "[OPTION]...", "let many certificates be renewed early",
      cmd_renewal_pull },
    { "list", "[OPTION]...", "list what was pulled forward", cmd_renewal_list },
    { "cancel", "[--dir DIR] N...", "let what was pulled go again",
      cmd_renewal_cancel },
    { "report", "[OPTION]...", "who is late, who is lost, what ends next",
      cmd_renewal_report },
    { NULL, NULL, NULL, NULL },
};

int cmd_renewal(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark renewal", argc, argv);
}
