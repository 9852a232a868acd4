/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "show", "[OPTION]... [FILE]",
      "print the trust bundle, or carry it away as a file", cmd_bundle_show },
    { "make", "[OPTION]...", "make a new one and publish it", cmd_bundle_make },
    { "verify", "--root FILE [OPTION]... FILE",
      "check a bundle as a device does", cmd_bundle_verify },
    { NULL, NULL, NULL, NULL },
};

int cmd_bundle(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark bundle", argc, argv);
}
