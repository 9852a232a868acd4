/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_STORED_H
#define BM_CLI_STORED_H

#include "cli/instance.h"

/*
 * Certificates in the store: which ones a command is about, and a walk over
 * them in bounded memory.
 */

/* The options of `list` and `export`, as they were given. */
struct stored_filter {
    const char *profile;
    const char *ca;
    const char *device;
    const char *status;
    int64_t expires_before;
    uint64_t after;
    uint64_t limit; /* 0: none */
    bool newest;
};

/* Their ids, for tables of options; those of the verb come behind. */
enum {
    STORED_PROFILE = 1,
    STORED_CA,
    STORED_DEVICE,
    STORED_STATUS,
    STORED_EXPIRES,
    STORED_AFTER,
    STORED_LIMIT,
    STORED_NEWEST,
    STORED_OPTIONS_END
};

#define STORED_OPTIONS                                                     \
    { "--profile", "NAME", "of this profile", STORED_PROFILE },            \
        { "--ca", "ID", "issued by this CA", STORED_CA },                  \
        { "--device", "NAME", "of this device", STORED_DEVICE },           \
        { "--status", "WORD",                                              \
          "valid, pending, replaced, held, revoked, expired or abandoned", \
          STORED_STATUS },                                                 \
        { "--expires-before", "TIME", "or within a duration: 30d",         \
          STORED_EXPIRES },                                                \
        { "--after", "ID", "go on where a listing ended", STORED_AFTER },  \
        { "--limit", "N", "at most so many", STORED_LIMIT },               \
    {                                                                      \
        "--newest", NULL, "newest first", STORED_NEWEST                    \
    }

/* The rows for args.h; `at` is the offset of a struct stored_filter. */
#define STORED_ROW(id, type, at, member)                               \
    {                                                                  \
        id, type, (at) + offsetof(struct stored_filter, member), false \
    }

#define STORED_ROWS(at)                                            \
    STORED_ROW(STORED_PROFILE, ARGS_TEXT, at, profile),            \
        STORED_ROW(STORED_CA, ARGS_TEXT, at, ca),                  \
        STORED_ROW(STORED_DEVICE, ARGS_TEXT, at, device),          \
        STORED_ROW(STORED_STATUS, ARGS_TEXT, at, status),          \
        STORED_ROW(STORED_EXPIRES, ARGS_WHEN, at, expires_before), \
        STORED_ROW(STORED_AFTER, ARGS_NUMBER, at, after),          \
        STORED_ROW(STORED_LIMIT, ARGS_NUMBER, at, limit),          \
        STORED_ROW(STORED_NEWEST, ARGS_FLAG, at, newest)

/* Complain about a --status that is none; CMD_USAGE or CMD_OK. */
int stored_check(const struct stored_filter *filter, const char *path);

struct stored_walk {
    struct session *session;
    const struct stored_filter *filter;
    void *arg;
    bm_status (*one)(void *arg, const struct store_cert *cert);
    uint64_t last; /* filled in: the id of the last one */
    bool more;     /* filled in: there are others behind the limit */
};

/*
 * Call `one` for each, page by page, each page read in a transaction of its
 * own: however slow the reader of the output is, the store does not wait.
 */
BM_MUST_CHECK bm_status stored_walk(struct stored_walk *walk,
                                    struct ca_refusal *why);

#endif
