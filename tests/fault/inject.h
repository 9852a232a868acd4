/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_FAULT_INJECT_H
#define BM_TESTS_FAULT_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * System calls that fail, end the process, or are written down, on files
 * under one directory.
 *
 * inject.c defines write(), fsync(), rename() and their kin in the program
 * itself, so that the calls of shared libraries (SQLite's) go through it as
 * well as those of our own code, without a preloaded library. The real work
 * is done by syscall(). What the C library does inside of stdio is seen at
 * fopen(), fflush() and fclose(), which the linker wraps.
 *
 * Calls are counted from 1 since inject_watch(). Those that change something
 * (create, write, cut, sync, rename, link, unlink, make a directory) are
 * counted by themselves, too: between two of them it makes no difference when
 * a process ends.
 */

enum inject {
    INJECT_NOTHING,
    INJECT_KILL_BEFORE, /* SIGKILL instead of the n-th change */
    INJECT_KILL_AFTER,  /* SIGKILL when it is done */
    INJECT_KILL_TORN,   /* SIGKILL after half of it, if it is a write */
    INJECT_FAIL,        /* the n-th call of all returns an error */
    INJECT_SHORT,       /* the n-th call, if it is a write, writes half */
    INJECT_FULL         /* from the n-th change on nothing can grow: ENOSPC */
};

/* Count the calls on files in `root` (absolute) and below; NULL: no more.
 * Descriptors that are open already are not seen. */
void inject_watch(const char *root);
void inject_arm(enum inject what, unsigned long n, int error);
void inject_disarm(void);

/* Counted so far. */
unsigned long inject_calls(void);
unsigned long inject_changes(void);
bool inject_came(void); /* the n-th call was there */

/* The name of the call that was hit, and the path or descriptor's path. */
const char *inject_where(void);

/*
 * The log of changes, for power.h: where it is kept, shared with the parent,
 * which is to outlive the process. NULL: none is kept.
 */
enum inject_op {
    INJECT_OP_END, /* what memory is before something is written there */
    INJECT_OP_WRITE,
    INJECT_OP_CUT,
    INJECT_OP_SYNC,
    INJECT_OP_NAME,   /* a new entry of a directory: file, directory, link */
    INJECT_OP_UNNAME, /* an entry goes */
    INJECT_OP_MOVE    /* an entry goes and comes: at once */
};

struct inject_entry {
    enum inject_op op;
    bool is_dir;     /* NAME: of a directory */
    uint32_t n;      /* octets behind the entry: data or names */
    uint64_t change; /* which one it was */
    uint64_t inode;  /* of the file; of the directory (UNNAME, MOVE: from) */
    uint64_t other;  /* NAME: what is named; MOVE: directory where it goes */
    uint64_t at;     /* WRITE: offset; CUT: length */
};

struct inject_log {
    uint64_t cap;
    uint64_t n;
    uint64_t overflow; /* entries that found no room */
    uint8_t data[];    /* entries, each rounded up to 8 octets */
};

void inject_keep_log(struct inject_log *log);

#endif
