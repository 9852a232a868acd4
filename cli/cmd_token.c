/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "create", "--profile NAME --device NAME [OPTION]...",
      "make a secret with which one device can enrol once", cmd_token_create },
    { "list", "[OPTION]...", "list tokens", cmd_token_list },
    { "revoke", "[--dir DIR] ID...", "end tokens that were not used",
      cmd_token_revoke },
    { NULL, NULL, NULL, NULL },
};

int cmd_token(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark token", argc, argv);
}
