/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "split", "--threshold K --custodian NAME... --out DIR [OPTION]...",
      "split the unlock secret into shares for custodians", cmd_unlock_split },
    { "rotate", "--threshold K --custodian NAME... --out DIR [OPTION]...",
      "put a new secret over the keys, and split that", cmd_unlock_rotate },
    { "check", "[--dir DIR] [FILE]...",
      "do these shares open the keys of this instance?", cmd_unlock_check },
    { "combine", "[--dir DIR] --out FILE [FILE]...",
      "write the unlock secret that shares give", cmd_unlock_combine },
    { "show", "FILE", "draw a share, to be scanned from the terminal",
      cmd_unlock_show },
    { NULL, NULL, NULL, NULL },
};

int cmd_unlock(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark unlock", argc, argv);
}
