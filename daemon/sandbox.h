/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_SANDBOX_H
#define BM_DAEMON_SANDBOX_H

#include "daemon/room.h"
#include "keys/key.h"

/*
 * The sandbox of a room: entered once, before the first foreign byte is read.
 *
 *   no new privileges; not dumpable (nobody of the same user may trace it)
 *   Landlock: paths below the directories of room_needs and no others
 *   seccomp:  an allow-list of system calls. What would reach outside (exec,
 *             ptrace, connect, new sockets, memory that is written and
 *             executed) kills the process; all else that is not on the list
 *             fails with EPERM
 *   limits:   no core dump, no new processes, no larger files than needed
 *
 * Keys of other kinds than files bring a sandbox class of their own
 * (keys/key.h), which only rooms with such keys get (room->key_classes):
 *
 *   module    the paths that settings.token_... name, and the PIN's file;
 *             threads; where sockets are named, AF_UNIX and connect. Still no
 *             exec, no process, no listening, no network. The kernel does not
 *             tell one local socket from another: it is the user of the room
 *             who keeps it from those of others.
 *   device    the TPM of settings.token_tpm: its device file, to be opened
 *             again; or, for one in software, AF_UNIX and connect
 */

/* Is there a user to give up root for? BM_OK when not root. */
BM_MUST_CHECK bm_status sandbox_check(const struct settings *settings,
                                      struct ca_refusal *why);

/*
 * When started as root: does the instance belong to the user that the issuer
 * becomes, who writes there?
 */
BM_MUST_CHECK bm_status sandbox_check_owner(const struct settings *settings,
                                            const char *dir,
                                            struct ca_refusal *why);

/*
 * Give up root: to the user USER-ROOM ("birthmark-signer") where there is one,
 * otherwise to settings.user; with the group of the latter. When not root, or
 * where settings.user says "root", only what rights there are beyond those of
 * an owner of files are given up.
 */
BM_MUST_CHECK bm_status sandbox_drop(const struct room *room,
                                     struct ca_refusal *why);

/* BM_E_SANDBOX when the kernel lacks a part of it: nothing runs without. */
BM_MUST_CHECK bm_status sandbox_enter(const struct room *room,
                                      struct ca_refusal *why);

/* For --check: what is left to a room, in words, and who it will be. */
void sandbox_describe(const struct room_type *type, struct bm_wr *words);
void sandbox_describe_class(const struct settings *settings,
                            enum bm_key_sandbox class, struct bm_wr *words);
void sandbox_user(const struct settings *settings, const struct room_type *type,
                  char name[64]);

#endif
