/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_AGENT_PROGRAM_H
#define BM_AGENT_PROGRAM_H

#include "agent/args.h"
#include "agent/settings.h"

/* All of birthmark-agent but main(); returns the exit code. */
int program_run(int argc, char **argv, const char *version);

/*
 * Read the settings of a command line; says on standard error what is wrong,
 * with line and column, and gives false and the exit code. The level of
 * events is set.
 */
bool program_settings(const struct args *args, struct settings *settings,
                      int *exit_code);

/* One function per command; each returns an exit code. */
int enroll_run(const struct args *args);
int renew_run(const struct args *args);
int run_run(const struct args *args);
int status_run(const struct args *args);
int connect_run(const struct args *args);
int seal_run(const struct args *args);
int unseal_run(const struct args *args);
int check_run(const struct args *args);

#endif
