/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "create", "--id ID --roles ROLES --csr FILE [OPTION]...",
      "make an operator, with a certificate", cmd_operator_create },
    { "list", "[OPTION]...", "list operators", cmd_operator_list },
    { "renew", "--csr FILE [OPTION]...", "get yourself a new certificate",
      cmd_operator_renew },
    { "disable", "[OPTION]... ID...", "take their roles from operators",
      cmd_operator_disable },
    { "enable", "[OPTION]... ID...", "and give them back",
      cmd_operator_enable },
    { NULL, NULL, NULL, NULL },
};

int cmd_operator(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark operator", argc, argv);
}
