/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_EACH_H
#define BM_CLI_EACH_H

#include "cli/instance.h"

/*
 * A verb that does one operation to each of the things that are named: all
 * that can be done is done, and the exit code says whether it was all.
 */
struct each {
    const struct cmd_verb *verb; /* takes the options of a session alone */
    const char *words_name;      /* "ID", for messages */
    const char *operation;       /* "disableOperator" */
    const char *param;           /* of the operation: the thing */
    bool number;                 /* it is a number */
    enum ca_act act;
};
int each_run(const struct each *each, int argc, char **argv);

/* Decimal, above 0. */
bool each_read_number(const char *word, uint64_t *number);

#endif
