/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

/* org profiles, enable, disable, quota, move, stay, follow: what members may
 * have. */

static const struct ask_param words[] = { { "organisation", true },
                                          { "profile", false },
                                          { NULL, false } };

/* ---- profiles */

static const struct cmd_verb profiles_verb = {
    "birthmark org profiles", "[--dir DIR] [--json] N",
    "List the profiles that an organisation may use, or used: name, what is\n"
    "left of its quota ('-': no limit), what counted, the version that it\n"
    "has, and the current one.\n",
    ask_looking
};

int cmd_org_profiles(int argc, char **argv)
{
    static const struct ask_param number[] = { { "organisation", true },
                                               { NULL, false } };
    static const struct listing_column columns[] = {
        { "profile", 24, NULL }, { "left", 10, NULL },   { "issued", 10, NULL },
        { "version", 7, NULL },  { "current", 0, NULL }, { NULL, 0, NULL },
    };
    static const struct ask ask = { .verb = &profiles_verb,
                                    .words_name = "N",
                                    .params = number,
                                    .operation = "listOrganisationProfiles",
                                    .act = CA_ACT_ORGANISATION_READ,
                                    .answer = ASK_LIST,
                                    .columns = columns };

    return ask_run(&ask, argc, argv);
}

/* ---- enable, disable, stay, follow: of an organisation and a profile */

#define PAIR_VERB(name, path_, operation_, act_, about_)                  \
    static const struct cmd_verb name##_verb = { "birthmark org " path_,  \
                                                 "[--dir DIR] N PROFILE", \
                                                 about_, ask_acting };    \
    int cmd_org_##name(int argc, char **argv)                             \
    {                                                                     \
        static const struct ask ask = { .verb = &name##_verb,             \
                                        .words_name = "N PROFILE",        \
                                        .params = words,                  \
                                        .operation = (operation_),        \
                                        .act = (act_) };                  \
                                                                          \
        return ask_run(&ask, argc, argv);                                 \
    }

PAIR_VERB(enable, "enable", "enableProfile", CA_ACT_ALLOCATE,
          "Let an organisation use a profile. Its quota is nothing at first.\n")
PAIR_VERB(disable, "disable", "disableProfile", CA_ACT_ALLOCATE,
          "Let it use the profile no more. What is left of its quota stays.\n")
PAIR_VERB(stay, "stay", "stayAtVersion", CA_ACT_VERSION_CHOOSE,
          "Let it stay at the version of the profile that is current now.\n")
PAIR_VERB(follow, "follow", "followProfile", CA_ACT_VERSION_CHOOSE,
          "Let it take over the current version, and each that comes.\n"
          "birthmark profile diff shows what that changes.\n")

/* ---- quota */

enum {
    OPTION_ADD = 1,
    OPTION_TAKE,
    OPTION_UNLIMITED
};

static const struct cmd_option quota_options[] = {
    SESSION_OPTIONS,
    { "--add", "K", "so many certificates more", OPTION_ADD },
    { "--take", "K", "so many less, of those that are left", OPTION_TAKE },
    { "--unlimited", NULL, "without limit from now on", OPTION_UNLIMITED },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb quota_verb = {
    "birthmark org quota",
    "[--dir DIR] --add K | --take K | --unlimited N PROFILE",
    "Say how many certificates of a profile an organisation may have.\n",
    quota_options
};

struct giving {
    struct session_place place;
    uint64_t add;
    uint64_t take;
    bool unlimited;
};

static const struct args_row quota_rows[] = {
    SESSION_ROWS(offsetof(struct giving, place)),
    { OPTION_ADD, ARGS_NUMBER, offsetof(struct giving, add), false },
    { OPTION_TAKE, ARGS_NUMBER, offsetof(struct giving, take), false },
    { OPTION_UNLIMITED, ARGS_FLAG, offsetof(struct giving, unlimited), false },
    { 0, ARGS_FLAG, 0, false },
};

static bool fill_quota(const void *given, json_t *params)
{
    const struct giving *g = given;

    if ((g->add != 0) + (g->take != 0) + (int)g->unlimited != 1) {
        (void)cmd_usage_error(quota_verb.path,
                              "one of --add, --take and --unlimited");
        return false;
    }
    if (g->unlimited) {
        session_set_flag(params, "unlimited");
    } else {
        json_object_set_new(
            params, "amount",
            json_integer((json_int_t)g->add - (json_int_t)g->take));
    }
    return true;
}

int cmd_org_quota(int argc, char **argv)
{
    struct giving given = { .add = 0 };
    const struct ask ask = { .verb = &quota_verb,
                             .words_name = "N PROFILE",
                             .params = words,
                             .operation = "giveQuota",
                             .act = CA_ACT_ALLOCATE,
                             .rows = quota_rows,
                             .given = &given,
                             .place = &given.place,
                             .fill = fill_quota };

    return ask_run(&ask, argc, argv);
}

/* ---- move */

enum {
    OPTION_TO = 1,
    OPTION_AMOUNT
};

static const struct cmd_option move_options[] = {
    SESSION_OPTIONS,
    { "--to", "N", "the organisation that gets it", OPTION_TO },
    { "--amount", "K", "so many certificates", OPTION_AMOUNT },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb move_verb = {
    "birthmark org move", "[--dir DIR] --to N --amount K N PROFILE",
    "Move quota from an organisation to another of the same ecosystem, for\n"
    "which the profile is enabled.\n",
    move_options
};

struct moving {
    struct session_place place;
    uint64_t to;
    uint64_t amount;
};

static const struct args_row move_rows[] = {
    SESSION_ROWS(offsetof(struct moving, place)),
    { OPTION_TO, ARGS_NUMBER, offsetof(struct moving, to), true },
    { OPTION_AMOUNT, ARGS_NUMBER, offsetof(struct moving, amount), true },
    { 0, ARGS_FLAG, 0, false },
};

static bool fill_move(const void *given, json_t *params)
{
    const struct moving *m = given;

    session_set_int(params, "to", m->to);
    session_set_int(params, "amount", m->amount);
    return true;
}

int cmd_org_move(int argc, char **argv)
{
    struct moving given = { .to = 0 };
    const struct ask ask = { .verb = &move_verb,
                             .words_name = "N PROFILE",
                             .params = words,
                             .operation = "moveQuota",
                             .act = CA_ACT_ALLOCATE,
                             .rows = move_rows,
                             .given = &given,
                             .place = &given.place,
                             .fill = fill_move };

    return ask_run(&ask, argc, argv);
}
