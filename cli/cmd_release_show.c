/* SPDX-License-Identifier: Apache-2.0 */

/* release show, release status: two questions about one release. */
#include "cli/ask.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    ASK_JSON_OPTION_OF("as a JSON object"),
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb show_verb = {
    "birthmark release show", "[--dir DIR] [--json] NAME",
    "Show a release: what is in it, and for whom it is.\n", options
};

static const struct cmd_verb status_verb = {
    "birthmark release status", "[--dir DIR] [--json] NAME",
    "Show how many devices came how far with a release, for each assignment\n"
    "and each thing in it. Beside `offered`, this is what devices say.\n",
    options
};

static const struct ask_param params[] = { { "release", false },
                                           { NULL, false } };

int cmd_release_show(int argc, char **argv)
{
    static const struct ask ask = { .verb = &show_verb,
                                    .operation = "showRelease",
                                    .act = CA_ACT_RELEASE_READ,
                                    .words_name = "NAME",
                                    .params = params,
                                    .answer = ASK_SHOW };

    return ask_run(&ask, argc, argv);
}

int cmd_release_status(int argc, char **argv)
{
    static const struct ask ask = { .verb = &status_verb,
                                    .operation = "showReleaseStatus",
                                    .act = CA_ACT_RELEASE_READ,
                                    .words_name = "NAME",
                                    .params = params,
                                    .answer = ASK_SHOW };

    return ask_run(&ask, argc, argv);
}
