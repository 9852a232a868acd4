/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "init", "CEREMONY.yaml --out DIR [OPTION]...", "make a root",
      cmd_root_init },
    { "sign", "CEREMONY.yaml --dir DIR --in DIR --out DIR [OPTION]...",
      "sign what the ceremony file names", cmd_root_sign },
    { "crl", "CEREMONY.yaml --dir DIR --out DIR [OPTION]...",
      "sign the next revocation list", cmd_root_crl },
    { "request", "CEREMONY.yaml --dir DIR --out DIR [OPTION]...",
      "write requests for the root's own key, for other roots to sign",
      cmd_root_request },
    { "shares", "CEREMONY.yaml --dir DIR --check | --out DIR [OPTION]...",
      "try the custodians' shares, or make new ones", cmd_root_shares },
    { "transcript", "--dir DIR | --verify FILE --root root.pem [FILE]...",
      "print what was done with a root, or verify it", cmd_root_transcript },
    { NULL, NULL, NULL, NULL },
};

int cmd_root(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark root", argc, argv);
}
