/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

/* In the order of `filters`. */
enum {
    OPTION_KIND = ASK_JSON + 1,
    OPTION_DEVICE
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--kind", "KIND", "of this kind alone", OPTION_KIND },
    { "--device", "NAME", "of this device alone", OPTION_DEVICE },
    ASK_JSON_OPTION_OF("one JSON object per signal and line"),
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark signal list",
    "[--dir DIR] [--kind KIND] [--device NAME] [--json]",
    "List signs that devices were copied, or are not where they should be,\n"
    "the newest first: when it came last, its kind, how often, the device,\n"
    "and what happened.\n"
    "Kinds: same-key, idevid-key, fork, clone, two-places, before-shipping,\n"
    "enrolment-loop.\n",
    options
};

static const struct listing_column columns[] = {
    { "last", 20, NULL },   { "signal", 15, NULL }, { "count", 6, NULL },
    { "device", 16, NULL }, { "text", 0, NULL },    { NULL, 0, NULL },
};

int cmd_signal_list(int argc, char **argv)
{
    static const struct ask ask = { .verb = &verb,
                                    .operation = "listSignals",
                                    .act = CA_ACT_EVENT_READ,
                                    .columns = columns,
                                    .filters = { "kind", "device" },
                                    .answer = ASK_LIST };

    return ask_run(&ask, argc, argv);
}

static const struct cmd verbs[] = {
    { "list", "[OPTION]...", "list signs of misuse", cmd_signal_list },
    { NULL, NULL, NULL, NULL },
};

int cmd_signal(int argc, char **argv)
{
    return cmd_dispatch(verbs, "birthmark signal", argc, argv);
}
