/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/each.h"

static const struct cmd_option options[] = {
    SESSION_OPTIONS,
    { NULL, NULL, NULL, 0 },
};

static const struct cmd_verb disable_verb = {
    "birthmark operator disable", "[--dir DIR] ID...",
    "Take their roles from operators, until they are enabled again. The last\n"
    "administrator of the instance stays.\n",
    options
};

static const struct cmd_verb enable_verb = {
    "birthmark operator enable", "[--dir DIR] ID...",
    "Give disabled operators their roles back.\n", options
};

int cmd_operator_disable(int argc, char **argv)
{
    const struct each each = { .verb = &disable_verb,
                               .words_name = "ID",
                               .operation = "disableOperator",
                               .param = "operator",
                               .act = CA_ACT_OPERATOR_DISABLE };

    return each_run(&each, argc, argv);
}

int cmd_operator_enable(int argc, char **argv)
{
    const struct each each = { .verb = &enable_verb,
                               .words_name = "ID",
                               .operation = "enableOperator",
                               .param = "operator",
                               .act = CA_ACT_OPERATOR_DISABLE };

    return each_run(&each, argc, argv);
}
