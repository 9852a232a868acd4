/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/event_kind.h"
#include "cli/args.h"

static const struct cmd_option options[] = {
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb verb = {
    "birthmark destination kinds", "",
    "List the kinds of events that a destination can want: name, source, and\n"
    "what one says.\n"
    "claimed: devices tell it of themselves; the word stands for all of them.\n"
    "noticed: the authority noticed it, or an operator did it; likewise.\n"
    "asked: what the ledger has; sent only where it is asked for by its name,\n"
    "or by the word before the '.'.\n",
    options
};

int cmd_destination_kinds(int argc, char **argv)
{
    static const char *const source[] = { [CA_EVENT_CLAIMED] = "claimed",
                                          [CA_EVENT_NOTICED] = "noticed",
                                          [CA_EVENT_ASKED] = "asked" };
    static const struct args_row rows[] = { { 0, ARGS_FLAG, 0, false } };
    struct args args = { .verb = &verb, .rows = rows, .into = NULL };
    int rc;

    if (!args_read(&args, argc, argv, &rc)) {
        return rc;
    }
    for (const struct ca_event_kind *k = ca_event_kinds; k->name != NULL; k++) {
        printf("%-21s %-8s %s\n", k->name, source[k->is], k->says);
    }
    return CMD_OK;
}
