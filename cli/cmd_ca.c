/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "list", "[OPTION]...", "list the certification authorities",
      cmd_ca_list },
    { "show", "[OPTION]... [ID]...",
      "print what they are, where their keys are, what they published last",
      cmd_ca_show },
    { "create", "[OPTION]... ID",
      "make the key of a CA, and the request for its certificate",
      cmd_ca_create },
    { "request", "[OPTION]... [ID]", "print the request of a CA that waits",
      cmd_ca_request },
    { "install", "[OPTION]... FILE...", "take certificates of CAs into use",
      cmd_ca_install },
    { "import", "--cert FILE (--key URI | --key-file FILE) [OPTION]... ID",
      "take over an authority, with what it issued and revoked",
      cmd_ca_import },
    { "rollover", "[OPTION]... ID",
      "make the key of a CA's next generation, and its request",
      cmd_ca_rollover },
    { "retire", "[OPTION]... ID",
      "let a CA sign revocation lists and OCSP answers alone", cmd_ca_retire },
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
