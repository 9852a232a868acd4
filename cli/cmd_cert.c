/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "issue", "--profile NAME --csr FILE [OPTION]...",
      "issue a certificate for a certification request", cmd_cert_issue },
    { "list", "[OPTION]...", "list what was issued", cmd_cert_list },
    { "show", "[OPTION]... FILE... | --dir DIR SERIAL...",
      "print what certificates, requests, CRLs and CMS files contain",
      cmd_cert_show },
    { "lint", "[OPTION]... FILE...", "find the profiles that certificates fit",
      cmd_cert_lint },
    { "verify", "--anchor FILE [OPTION]... FILE",
      "find and check the path to a trust anchor", cmd_cert_verify },
    { "revoke", "[OPTION]... SERIAL...", "revoke, or put on hold",
      cmd_cert_revoke },
    { "release", "[OPTION]... SERIAL...", "lift a hold", cmd_cert_release },
    { "export", "[OPTION]...", "write certificates that were issued, in PEM",
      cmd_cert_export },
    { "import", "[OPTION]... FILE...",
      "put certificates on record that a restored instance forgot",
      cmd_cert_import },
    { NULL, NULL, NULL, NULL },
};

int cmd_cert(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark cert", argc, argv);
}
