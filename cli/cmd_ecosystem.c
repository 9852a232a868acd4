/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

static const struct ask_param name_word[] = { { "name", false },
                                              { NULL, false } };
static const struct ask_param number_word[] = { { "ecosystem", true },
                                                { NULL, false } };

static const struct cmd_verb create_verb = {
    "birthmark ecosystem create", "[--dir DIR] NAME",
    "Make an ecosystem, a consortium that organisations are members of. Its\n"
    "number is printed.\n",
    ask_acting
};

int cmd_ecosystem_create(int argc, char **argv)
{
    static const struct ask ask = { .verb = &create_verb,
                                    .words_name = "NAME",
                                    .params = name_word,
                                    .operation = "createEcosystem",
                                    .act = CA_ACT_ECOSYSTEM_CREATE,
                                    .answer = ASK_ID };

    return ask_run(&ask, argc, argv);
}

static const struct cmd_verb show_verb = { "birthmark ecosystem show",
                                           "[--dir DIR] [--json] N",
                                           "Show an ecosystem.\n",
                                           ask_looking };

int cmd_ecosystem_show(int argc, char **argv)
{
    static const struct ask ask = { .verb = &show_verb,
                                    .words_name = "N",
                                    .params = number_word,
                                    .operation = "showEcosystem",
                                    .act = CA_ACT_ORGANISATION_READ,
                                    .answer = ASK_SHOW };

    return ask_run(&ask, argc, argv);
}

static const struct cmd_verb list_verb = {
    "birthmark ecosystem list", "[--dir DIR] [--json]",
    "List ecosystems: number and name.\n", ask_looking
};

int cmd_ecosystem_list(int argc, char **argv)
{
    static const struct listing_column columns[] = { { "id", 6, NULL },
                                                     { "name", 0, NULL },
                                                     { NULL, 0, NULL } };
    static const struct ask ask = { .verb = &list_verb,
                                    .operation = "listEcosystems",
                                    .act = CA_ACT_ORGANISATION_READ,
                                    .answer = ASK_LIST,
                                    .columns = columns };

    return ask_run(&ask, argc, argv);
}

static const struct cmd verbs[] = {
    { "create", "[OPTION]... NAME", "make an ecosystem", cmd_ecosystem_create },
    { "list", "[OPTION]...", "list ecosystems", cmd_ecosystem_list },
    { "show", "[OPTION]... N", "show one", cmd_ecosystem_show },
    { NULL, NULL, NULL, NULL },
};

int cmd_ecosystem(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark ecosystem", argc, argv);
}
