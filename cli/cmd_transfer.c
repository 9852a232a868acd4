/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

/* Devices that change hands: all but the offer. */

/* In the order of `filters`: each verb has one of its own. */
enum {
    OPTION_STATE = ASK_JSON + 1,
    OPTION_PROFILE = ASK_JSON + 1,
    OPTION_REASON = ASK_JSON + 1
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

static const struct ask_param id[] = { { "transfer", true }, { NULL, false } };

int cmd_transfer_accept(int argc, char **argv)
{
    static const struct ask ask = { .verb = &accept_verb,
                                    .words_name = "ID",
                                    .params = id,
                                    .operation = "acceptTransfer",
                                    .act = CA_ACT_TRANSFER_ANSWER,
                                    .answer = ASK_NOTHING,
                                    .filters = { "profile" } };

    return ask_run(&ask, argc, argv);
}

int cmd_transfer_refuse(int argc, char **argv)
{
    static const struct ask ask = { .verb = &refuse_verb,
                                    .words_name = "ID",
                                    .params = id,
                                    .operation = "refuseTransfer",
                                    .act = CA_ACT_TRANSFER_ANSWER,
                                    .answer = ASK_NOTHING,
                                    .filters = { "reason" } };

    return ask_run(&ask, argc, argv);
}

int cmd_transfer_withdraw(int argc, char **argv)
{
    static const struct ask ask = { .verb = &withdraw_verb,
                                    .words_name = "ID",
                                    .params = id,
                                    .operation = "withdrawTransfer",
                                    .act = CA_ACT_TRANSFER_OFFER,
                                    .answer = ASK_NOTHING,
                                    .filters = { "reason" } };

    return ask_run(&ask, argc, argv);
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
    static const struct ask ask = { .verb = &list_verb,
                                    .operation = "listTransfers",
                                    .act = CA_ACT_TRANSFER_READ,
                                    .answer = ASK_LIST,
                                    .columns = columns,
                                    .filters = { "state" } };

    return ask_run(&ask, argc, argv);
}
