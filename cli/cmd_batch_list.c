/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

/* In the order of `filters`. */
enum {
    OPTION_STATE = ASK_JSON + 1
};

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { "--state", "STATE", "created, issuing, ready, ..., as show says",
      OPTION_STATE },
    ASK_JSON_OPTION_OF("one JSON object per batch and line"),
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark batch list", "[--dir DIR] [--state STATE] [--json]",
    "List batches: number, state, rows, certificates, profile, who ordered\n"
    "it, and what it is called.\n",
    options
};

static const struct listing_column columns[] = {
    { "id", 6, NULL },     { "state", 18, NULL },   { "rows", 8, NULL },
    { "issued", 8, NULL }, { "profile", 22, NULL }, { "creator", 20, NULL },
    { "name", 0, NULL },   { NULL, 0, NULL },
};

int cmd_batch_list(int argc, char **argv)
{
    static const struct ask ask = { .verb = &verb,
                                    .operation = "listBatches",
                                    .act = CA_ACT_BATCH_READ,
                                    .columns = columns,
                                    .filters = { "state" },
                                    .answer = ASK_LIST };

    return ask_run(&ask, argc, argv);
}
