/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "list", "[OPTION]...", "what profiles there are", cmd_profile_list },
    { "show", "[OPTION]... NAME|FILE", "print the text of a profile",
      cmd_profile_show },
    { "diff", "--org N | --from V [OPTION]... NAME",
      "what differs between two versions", cmd_profile_diff },
    { "check", "FILE...", "read profiles and say in words what they say",
      cmd_profile_check },
    { "lint", "--profile NAME|FILE [OPTION]... FILE...",
      "hold certificates against a profile, rule by rule", cmd_profile_lint },
    { NULL, NULL, NULL, NULL },
};

int cmd_profile(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark profile", argc, argv);
}
