/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_SANDBOX_INTERNAL_H
#define BM_DAEMON_SANDBOX_INTERNAL_H

#include "daemon/sandbox.h"

/* The walls of the sandbox, a file each: sandbox.c puts them up in order. */

/* What the kernel's Landlock can do; 0: it has none. */
int landlock_version(void);

/*
 * What is left to one process: what its row says, and what the modules of its
 * keys need (BM_KEY_SANDBOX_MODULE).
 */
struct sandbox_plan {
    const struct room_needs *needs;
    bool module;   /* threads and locks */
    bool device;   /* a TPM (BM_KEY_SANDBOX_DEVICE) */
    bool writes;   /* files: the row's, or the module's */
    bool connects; /* to sockets of this machine, none over a network */
    /* Absolute paths, of the module; lists end with NULL, or are NULL. */
    const char *const *read;
    const char *const *write;
    char pin[4096];  /* a file to be read, or "" */
    const char *tpm; /* a device to be read and written, or NULL */
};

/* BM_E_LIMIT for a path too long. */
BM_MUST_CHECK bm_status sandbox_plan_make(const struct room *room,
                                          struct sandbox_plan *plan);

/* Only paths below the directories that the plan names, and no network. */
BM_MUST_CHECK bm_status landlock_enter(const char *dir,
                                       const struct sandbox_plan *plan,
                                       struct ca_refusal *why);

/* Only the system calls of the tables, for all threads. */
BM_MUST_CHECK bm_status seccomp_enter(const struct sandbox_plan *plan,
                                      struct ca_refusal *why);

#endif
