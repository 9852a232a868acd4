/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "show", "[OPTION]... FILE...",
      "print what certificates, requests, CRLs and CMS files contain",
      cmd_cert_show },
    { "verify", "--anchor FILE [OPTION]... FILE",
      "find and check the path to a trust anchor", cmd_cert_verify },
    { NULL, NULL, NULL, NULL },
};

int cmd_cert(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark cert", argc, argv);
}
