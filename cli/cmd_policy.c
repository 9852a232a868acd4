/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "check", "[--json] FILE...",
      "read policies, and say what they open and what they take",
      cmd_policy_check },
    { "compile", "[OPTION]... FILE", "write the table that a device has",
      cmd_policy_compile },
    { "nft", "--device NAME [OPTION]... FILE",
      "write a ruleset of nftables, for Linux", cmd_policy_nft },
    { "explain", "[OPTION]... FILE PACKET...",
      "which rule decides about a packet, and why", cmd_policy_explain },
    { "test", "[--json] FILE [EXPECTATIONS]",
      "hold a policy against what is expected of it", cmd_policy_test },
    { "import", "[--resolve NAME=CIDR,...]... [--out FILE] MUD",
      "make a policy of what a maker says (RFC 8520)", cmd_policy_import },
    { "sign", "--key URI --cert FILE --out FILE [OPTION]... POLICY",
      "compile a policy and sign its table", cmd_policy_sign },
    { "show", "[--json] FILE", "what a table says, and who signed it",
      cmd_policy_show },
    { NULL, NULL, NULL, NULL },
};

int cmd_policy(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark policy", argc, argv);
}
