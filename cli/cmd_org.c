/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"

static const struct cmd verbs[] = {
    { "create", "[OPTION]... NAME", "make a member of an ecosystem",
      cmd_org_create },
    { "list", "[OPTION]...", "list organisations", cmd_org_list },
    { "show", "[OPTION]... N", "show one", cmd_org_show },
    { "rename", "[OPTION]... N NAME", "give one another name", cmd_org_rename },
    { "suspend", "[OPTION]... N", "issue nothing on its account",
      cmd_org_suspend },
    { "resume", "[OPTION]... N", "issue again", cmd_org_resume },
    { "profiles", "[OPTION]... N", "what it may have", cmd_org_profiles },
    { "enable", "[OPTION]... N PROFILE", "let it use a profile",
      cmd_org_enable },
    { "disable", "[OPTION]... N PROFILE", "let it use one no more",
      cmd_org_disable },
    { "quota", "--add K | --take K | --unlimited N PROFILE",
      "how many certificates it may have", cmd_org_quota },
    { "move", "--to N --amount K N PROFILE", "move quota to another",
      cmd_org_move },
    { "stay", "[OPTION]... N PROFILE", "stay at the version of a profile",
      cmd_org_stay },
    { "follow", "[OPTION]... N PROFILE", "take over the current version",
      cmd_org_follow },
    { NULL, NULL, NULL, NULL },
};

int cmd_org(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark org", argc, argv);
}
