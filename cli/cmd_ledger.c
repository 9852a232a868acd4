/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "checkpoint", "[--dir DIR]",
      "sign the ledger as it is, publish it, print the checkpoint",
      cmd_ledger_checkpoint },
    { "verify", "[--dir DIR] [--against FILE] [--json]",
      "verify the ledger against the store and the signer's journal",
      cmd_ledger_verify },
    { "prove", "[--dir DIR] [OPTION]... SERIAL",
      "write a proof that a certificate is on record", cmd_ledger_prove },
    { "check", "--key FILE [OPTION]... PROOF [CERT]",
      "check a proof; needs no instance", cmd_ledger_check },
    { NULL, NULL, NULL, NULL },
};

int cmd_ledger(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark ledger", argc, argv);
}
