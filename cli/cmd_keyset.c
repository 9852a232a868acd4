/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "make", "--root URI | --rescue URI [OPTION]...",
      "say which keys may sign images from now on", cmd_keyset_make },
    { "show", "[--json] FILE", "print a key set", cmd_keyset_show },
    { "verify", "--root KEY [OPTION]... FILE",
      "check a key set as a bootloader does", cmd_keyset_verify },
    { NULL, NULL, NULL, NULL },
};

int cmd_keyset(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark keyset", argc, argv);
}
