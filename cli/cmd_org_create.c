/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

/* org create, rename, list, show, suspend, resume: members of ecosystems. */

static const struct ask_param number_word[] = { { "organisation", true },
                                                { NULL, false } };

/* ---- create */

enum {
    OPTION_ECOSYSTEM = 1
};

static const struct cmd_option create_options[] = {
    SESSION_OPTIONS,
    { "--ecosystem", "N", "of this ecosystem; else of your own",
      OPTION_ECOSYSTEM },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb create_verb = {
    "birthmark org create", "[--dir DIR] [--ecosystem N] NAME",
    "Make an organisation, a member of an ecosystem. Its number is printed.\n"
    "It may have nothing until profiles are enabled for it and it is given\n"
    "quota.\n",
    create_options
};

struct creating {
    struct session_place place;
    uint64_t ecosystem;
};

static const struct args_row create_rows[] = {
    SESSION_ROWS(offsetof(struct creating, place)),
    { OPTION_ECOSYSTEM, ARGS_NUMBER, offsetof(struct creating, ecosystem),
      false },
    { 0, ARGS_FLAG, 0, false },
};

static bool fill_create(const void *given, json_t *params)
{
    const struct creating *c = given;

    if (c->ecosystem != 0) {
        session_set_int(params, "ecosystem", c->ecosystem);
    }
    return true;
}

int cmd_org_create(int argc, char **argv)
{
    static const struct ask_param params[] = { { "name", false },
                                               { NULL, false } };
    struct creating given = { .ecosystem = 0 };
    const struct ask ask = { .verb = &create_verb,
                             .words_name = "NAME",
                             .params = params,
                             .operation = "createOrganisation",
                             .act = CA_ACT_ORGANISATION_CREATE,
                             .answer = ASK_ID,
                             .rows = create_rows,
                             .given = &given,
                             .place = &given.place,
                             .fill = fill_create };

    return ask_run(&ask, argc, argv);
}

/* ---- The others */

static const struct cmd_verb rename_verb = {
    "birthmark org rename", "[--dir DIR] N NAME",
    "Give an organisation another name. Certificates keep the old one.\n",
    ask_acting
};

int cmd_org_rename(int argc, char **argv)
{
    static const struct ask_param params[] = { { "organisation", true },
                                               { "name", false },
                                               { NULL, false } };
    static const struct ask ask = { .verb = &rename_verb,
                                    .words_name = "N NAME",
                                    .params = params,
                                    .operation = "renameOrganisation",
                                    .act = CA_ACT_ORGANISATION_RENAME };

    return ask_run(&ask, argc, argv);
}

static const struct cmd_verb suspend_verb = {
    "birthmark org suspend", "[--dir DIR] N",
    "Suspend an organisation: nothing more is issued on its account,\n"
    "renewals included. What it has stays good.\n",
    ask_acting
};

int cmd_org_suspend(int argc, char **argv)
{
    static const struct ask ask = { .verb = &suspend_verb,
                                    .words_name = "N",
                                    .params = number_word,
                                    .operation = "suspendOrganisation",
                                    .act = CA_ACT_ORGANISATION_SUSPEND };

    return ask_run(&ask, argc, argv);
}

static const struct cmd_verb resume_verb = {
    "birthmark org resume", "[--dir DIR] N",
    "Lift the suspension of an organisation.\n", ask_acting
};

int cmd_org_resume(int argc, char **argv)
{
    static const struct ask ask = { .verb = &resume_verb,
                                    .words_name = "N",
                                    .params = number_word,
                                    .operation = "resumeOrganisation",
                                    .act = CA_ACT_ORGANISATION_SUSPEND };

    return ask_run(&ask, argc, argv);
}

static const struct cmd_verb list_verb = {
    "birthmark org list", "[--dir DIR] [--json]",
    "List organisations: number, ecosystem, state and name.\n", ask_looking
};

int cmd_org_list(int argc, char **argv)
{
    static const struct listing_column columns[] = {
        { "id", 6, NULL },   { "ecosystem", 6, NULL }, { "status", 9, NULL },
        { "name", 0, NULL }, { NULL, 0, NULL },
    };
    static const struct ask ask = { .verb = &list_verb,
                                    .operation = "listOrganisations",
                                    .act = CA_ACT_ORGANISATION_READ,
                                    .answer = ASK_LIST,
                                    .columns = columns };

    return ask_run(&ask, argc, argv);
}

static const struct cmd_verb show_verb = { "birthmark org show",
                                           "[--dir DIR] [--json] N",
                                           "Show an organisation.\n",
                                           ask_looking };

int cmd_org_show(int argc, char **argv)
{
    static const struct ask ask = { .verb = &show_verb,
                                    .words_name = "N",
                                    .params = number_word,
                                    .operation = "showOrganisation",
                                    .act = CA_ACT_ORGANISATION_READ,
                                    .answer = ASK_SHOW };

    return ask_run(&ask, argc, argv);
}
