/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "add", "NAME --anchor FILE... [OPTION]...",
      "let devices enrol by the IDevIDs of a manufacturer",
      cmd_manufacturer_add },
    { "expect", "[--dir DIR] [--file FILE] NAME [SERIAL]...",
      "say which of its devices will come", cmd_manufacturer_expect },
    { "crl", "[--dir DIR] NAME FILE...", "load revocation lists of its CAs",
      cmd_manufacturer_crl },
    { "list", "[--dir DIR] [--json]", "list manufacturers",
      cmd_manufacturer_list },
    { "show", "[--dir DIR] [--json] NAME",
      "show one, its CAs and the age of their lists", cmd_manufacturer_show },
    { "remove", "[--dir DIR] NAME...",
      "refuse its IDevIDs from now on; devices that came stay",
      cmd_manufacturer_remove },
    { NULL, NULL, NULL, NULL },
};

int cmd_manufacturer(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark manufacturer", argc, argv);
}
