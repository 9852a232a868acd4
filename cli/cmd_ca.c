/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "list", "[OPTION]...", "list the certification authorities",
      cmd_ca_list },
    { "show", "[OPTION]... [ID]...",
      "print what they are, where their keys are, what they published last",
      cmd_ca_show },
    { "crl", "[OPTION]... [ID]...", "make and publish revocation lists",
      cmd_ca_crl },
    { "ocsp", "--request FILE [OPTION]...", "answer an OCSP request",
      cmd_ca_ocsp },
    { NULL, NULL, NULL, NULL },
};

int cmd_ca(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark ca", argc, argv);
}
