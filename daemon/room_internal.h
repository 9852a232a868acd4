/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_ROOM_INTERNAL_H
#define BM_DAEMON_ROOM_INTERNAL_H

#include "daemon/room.h"

/* Between main(), the supervisor and the rooms. */

/* The name of the settings in an instance; no other is taken. */
#define CONFIG_NAME "birthmark.yaml"

/*
 * Read the settings, and in which directory they are. `path` ends with
 * CONFIG_NAME; `dir` becomes absolute, without links. What only a command at
 * a terminal could do is refused: BM_E_KEYS_SHARES.
 */
BM_MUST_CHECK bm_status room_settings(const char *path, char dir[4096],
                                      struct settings *settings,
                                      struct ca_refusal *why);

/* Be a room, to the end: the program's exit code. */
int room_run(enum room_kind kind, unsigned instance, const char *config);

/* Exit codes of a room. */
enum {
    ROOM_EXIT_DONE = 0,
    ROOM_EXIT_SETUP = 1,
    ROOM_EXIT_USAGE = 2,
    ROOM_EXIT_ORPHAN = 3 /* the supervisor is gone */
};

#endif
