/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_SANDBOX_INTERNAL_H
#define BM_DAEMON_SANDBOX_INTERNAL_H

#include "daemon/sandbox.h"

/* The walls of the sandbox, a file each: sandbox.c puts them up in order. */

/* What the kernel's Landlock can do; 0: it has none. */
int landlock_version(void);
/* Only paths below the directories that `needs` names, and no network. */
BM_MUST_CHECK bm_status landlock_enter(const char *dir,
                                       const struct room_needs *needs,
                                       struct ca_refusal *why);

/* Only the system calls of the table, for all threads. */
BM_MUST_CHECK bm_status seccomp_enter(const struct room_needs *needs,
                                      struct ca_refusal *why);

#endif
