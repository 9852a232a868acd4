/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FAULT_INJECT_INTERNAL_H
#define BM_TESTS_FAULT_INJECT_INTERNAL_H

#include "tests/fault/inject.h"

/* Between what decides about calls (inject.c), the calls (inject_calls.c) and
 * their log (inject_log.c). */

/* Descriptors from here on are not watched; nothing opens so many. */
#define INJECT_FDS 256

/* Room for a path. */
#define INJECT_PATH 512

/* The path of a watched descriptor, else "". */
const char *inject_path(int fd);
void inject_remember(int fd, const char *path);
void inject_forget(int fd);

/* The path of `name` in `dir`, absolute; "" when it is not watched. */
const char *inject_full_path(int dir, const char *name, char room[INJECT_PATH]);

/* What is to happen to a call. */
struct inject_verdict {
    bool fail;  /* return -1, errno is set */
    bool half;  /* write half; then die if `after` */
    bool after; /* die when it is done */
};

/* A call that changes nothing; one that changes something. */
struct inject_verdict inject_look(const char *call, const char *path);
struct inject_verdict inject_change(const char *call, const char *path);
void inject_done(struct inject_verdict v);
int inject_error(void); /* that a call is to fail with */

/* 0: nothing is there. */
uint64_t inject_inode_of(const char *path);

/* Write down what was done, if a log is kept and the file is watched. */
void inject_log_write(int fd, const void *data, size_t n, uint64_t at);
void inject_log_plain(enum inject_op op, int fd, uint64_t at);
void inject_log_name(const char *path, bool is_dir);
void inject_log_unname(const char *path);
void inject_log_move(const char *from, const char *to);

/* What a stream has written behind octet `*from`, which moves. */
void inject_log_growth(int fd, uint64_t *from);

#endif
