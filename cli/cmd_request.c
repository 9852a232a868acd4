/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "list", "[OPTION]...", "list requests", cmd_request_list },
    { "show", "[OPTION]... ID", "show one, with what it asks for",
      cmd_request_show },
    { "approve", "[OPTION]... ID...", "agree to requests",
      cmd_request_approve },
    { "reject", "[OPTION]... ID...", "reject requests", cmd_request_reject },
    { NULL, NULL, NULL, NULL },
};

int cmd_request(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark request", argc, argv);
}
