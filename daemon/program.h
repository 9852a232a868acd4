/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_PROGRAM_H
#define BM_DAEMON_PROGRAM_H

/* All of birthmarkd but main(): programs of tests have other rooms. Returns the
 * exit code; a room's process ends in here. */
int program_run(int argc, char **argv, const char *version);

#endif
