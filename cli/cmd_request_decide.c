/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/each.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb approve_verb = {
    "birthmark request approve", "[--dir DIR] ID...",
    "Agree to requests that another operator is behind, or none. Each is\n"
    "issued when whoever asked comes again.\n",
    options
};

static const struct cmd_verb reject_verb = {
    "birthmark request reject", "[--dir DIR] ID...",
    "Reject requests, or withdraw those of one's own.\n", options
};

int cmd_request_approve(int argc, char **argv)
{
    const struct each each = { .verb = &approve_verb,
                               .words_name = "ID",
                               .operation = "approveRequest",
                               .param = "request",
                               .number = true,
                               .act = CA_ACT_REQUEST_DECIDE };

    return each_run(&each, argc, argv);
}

int cmd_request_reject(int argc, char **argv)
{
    const struct each each = { .verb = &reject_verb,
                               .words_name = "ID",
                               .operation = "rejectRequest",
                               .param = "request",
                               .number = true,
                               .act = CA_ACT_REQUEST_DECIDE };

    return each_run(&each, argc, argv);
}
