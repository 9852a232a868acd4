/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "create", "[OPTION]... --profile NAME FILE",
      "order a certificate for each row of a file", cmd_batch_create },
    { "list", "[OPTION]...", "list batches", cmd_batch_list },
    { "show", "[OPTION]... ID", "show one, with its history", cmd_batch_show },
    { "get", "[OPTION]... --out FILE ID", "fetch its certificates, as a ZIP",
      cmd_batch_get },
    { "confirm", "[OPTION]... ID",
      "say that they have arrived, with their keys", cmd_batch_confirm },
    { "approve", "[OPTION]... ID", "agree to a batch of another operator",
      cmd_batch_approve },
    { "reject", "[OPTION]... ID", "reject a batch, or withdraw one",
      cmd_batch_reject },
    { "abort", "[OPTION]... ID", "issue nothing more of a batch",
      cmd_batch_abort },
    { "resume", "[OPTION]... ID", "go on with a batch", cmd_batch_resume },
    { "revoke", "[OPTION]... ID", "revoke all of its certificates",
      cmd_batch_revoke },
    { NULL, NULL, NULL, NULL },
};

int cmd_batch(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark batch", argc, argv);
}
