/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"
#include "cli/pages.h"

/* Devices that change hands: all but the offer. */

enum {
    OPTION_STATE = ASK_JSON + 1,
    OPTION_PROFILE,
    OPTION_REASON
};

static const struct cmd verbs[] = {
    { "offer", "[OPTION]... --to ORG [DEVICE]...",
      "offer devices to another organisation", cmd_transfer_offer },
    { "list", "[--dir DIR] [--state STATE] [--json]",
      "list what was offered, by and to the organisation", cmd_transfer_list },
    { "show", "[--dir DIR] [--json] ID", "show a transfer", cmd_transfer_show },
    { "devices", "[--dir DIR] [--json] ID", "list the devices of a transfer",
      cmd_transfer_devices },
    { "accept", "[--dir DIR] [--profile NAME] ID", "take what was offered",
      cmd_transfer_accept },
    { "refuse", "[--dir DIR] [--reason TEXT] ID", "refuse what was offered",
      cmd_transfer_refuse },
    { "withdraw", "[--dir DIR] [--reason TEXT] ID",
      "withdraw an offer that was not answered", cmd_transfer_withdraw },
    { NULL, NULL, NULL, NULL },
};

int cmd_transfer(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark transfer", argc, argv);
}

static const struct cmd_option list_options[] = {
    SESSION_OPTIONS,
    { "--state", "STATE", "offered, accepted, refused, withdrawn, lapsed",
      OPTION_STATE },
    ASK_JSON_OPTION,
    { NULL, NULL, NULL, 0 },
};
static const struct cmd_option accept_options[] = {
    SESSION_OPTIONS,
    { "--profile", "NAME", "by which they renew, with what they have",
      OPTION_PROFILE },
    { NULL, NULL, NULL, 0 },
};
static const struct cmd_option end_options[] = {
    SESSION_OPTIONS,
    { "--reason", "TEXT", "why: both sides see it", OPTION_REASON },
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb list_verb = {
    "birthmark transfer list", "[--dir DIR] [--state STATE] [--json]",
    "List transfers of the organisation, whichever side it is on: number,\n"
    "state, from whom, to whom, how many devices, and when it lapses.\n",
    list_options
};
static const struct cmd_verb show_verb = { "birthmark transfer show",
                                           "[--dir DIR] [--json] ID",
                                           "Show a transfer.\n", ask_looking };
static const struct cmd_verb devices_verb = {
    "birthmark transfer devices", "[--dir DIR] [--json] ID",
    "List the devices of a transfer by name; as long as they are on offer,\n"
    "with their state, and the signs of misuse that their giver has.\n",
    ask_looking
};
static const struct cmd_verb accept_verb = {
    "birthmark transfer accept", "[--dir DIR] [--profile NAME] ID",
    "Take all devices of an offer. With --profile, they renew by that with\n"
    "the certificates that they have; without it they enrol anew, by IDevID\n"
    "or token. Who offered cannot accept.\n",
    accept_options
};
static const struct cmd_verb refuse_verb = {
    "birthmark transfer refuse", "[--dir DIR] [--reason TEXT] ID",
    "Refuse an offer: nothing of its devices changes.\n", end_options
};
static const struct cmd_verb withdraw_verb = {
    "birthmark transfer withdraw", "[--dir DIR] [--reason TEXT] ID",
    "Withdraw an offer that has not been answered.\n", end_options
};

struct given {
    struct session_place place;
    const char *state;
    const char *profile;
    const char *reason;
    bool json;
};

static const struct args_row list_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_STATE, ARGS_TEXT, offsetof(struct given, state), false },
    { ASK_JSON, ARGS_FLAG, offsetof(struct given, json), false },
    { 0, ARGS_FLAG, 0, false },
};
static const struct args_row act_rows[] = {
    SESSION_ROWS(offsetof(struct given, place)),
    { OPTION_PROFILE, ARGS_TEXT, offsetof(struct given, profile), false },
    { OPTION_REASON, ARGS_TEXT, offsetof(struct given, reason), false },
    { 0, ARGS_FLAG, 0, false },
};

static const struct ask_param id[] = { { "transfer", true }, { NULL, false } };

static bool fill(const void *from, json_t *params)
{
    const struct given *given = from;

    session_set_text(params, "profile", given->profile);
    session_set_text(params, "reason", given->reason);
    return true;
}

static int act(const struct cmd_verb *verb, const char *operation,
               enum ca_act what, int argc, char **argv)
{
    struct given given = { .reason = NULL };
    const struct ask ask = { .verb = verb,
                             .words_name = "ID",
                             .params = id,
                             .operation = operation,
                             .act = what,
                             .answer = ASK_NOTHING,
                             .rows = act_rows,
                             .given = &given,
                             .place = &given.place,
                             .fill = fill };

    return ask_run(&ask, argc, argv);
}

int cmd_transfer_accept(int argc, char **argv)
{
    return act(&accept_verb, "acceptTransfer", CA_ACT_TRANSFER_ANSWER, argc,
               argv);
}

int cmd_transfer_refuse(int argc, char **argv)
{
    return act(&refuse_verb, "refuseTransfer", CA_ACT_TRANSFER_ANSWER, argc,
               argv);
}

int cmd_transfer_withdraw(int argc, char **argv)
{
    return act(&withdraw_verb, "withdrawTransfer", CA_ACT_TRANSFER_OFFER, argc,
               argv);
}

int cmd_transfer_show(int argc, char **argv)
{
    static const struct ask ask = { .verb = &show_verb,
                                    .words_name = "ID",
                                    .params = id,
                                    .operation = "showTransfer",
                                    .act = CA_ACT_TRANSFER_READ,
                                    .answer = ASK_SHOW };

    return ask_run(&ask, argc, argv);
}

int cmd_transfer_devices(int argc, char **argv)
{
    static const struct listing_column columns[] = {
        { "state", 9, NULL },
        { "device", 32, NULL },
        { "signals", 0, NULL },
        { NULL, 0, NULL },
    };
    static const struct ask ask = { .verb = &devices_verb,
                                    .words_name = "ID",
                                    .params = id,
                                    .operation = "listTransferredDevices",
                                    .act = CA_ACT_TRANSFER_READ,
                                    .answer = ASK_LIST,
                                    .columns = columns };

    return ask_run(&ask, argc, argv);
}

int cmd_transfer_list(int argc, char **argv)
{
    static const struct listing_column columns[] = {
        { "id", 5, NULL },          { "state", 9, NULL },
        { "giver_name", 20, NULL }, { "receiver_name", 20, NULL },
        { "devices", 7, NULL },     { "expires", 0, NULL },
        { NULL, 0, NULL },
    };
    struct given given = { .json = false };
    struct args args = { .verb = &list_verb,
                         .rows = list_rows,
                         .into = &given };
    const struct session_config config = { .path = list_verb.path,
                                           .place = &given.place,
                                           .mode = INSTANCE_READ,
                                           .act = CA_ACT_TRANSFER_READ };
    struct session s;
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    rc = session_open(&s, &config);
    if (rc == CMD_OK) {
        const struct listing listing = { given.json, columns };
        json_t *params = json_object();

        session_set_text(params, "state", given.state);
        rc = pages_print(&s, "listTransfers", params, &listing);
    }
    session_close(&s);
    return rc;
}
