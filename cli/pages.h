/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_PAGES_H
#define BM_CLI_PAGES_H

#include "cli/instance.h"
#include "cli/listing.h"

/*
 * The items of a list, asked for page by page: however slow the reader of the
 * output is, and however long the list, neither store nor memory suffers.
 */
struct pages {
    struct session *session;
    const char *operation; /* "listDevices" */
    json_t *params;        /* without limit and after; taken over */
    const char *after;     /* where to go on; or NULL */
    uint64_t limit;        /* 0: none */
    void *arg;
    /* Takes over the item. */
    bm_status (*one)(void *arg, json_t *item);

    /* Filled in: */
    bool more; /* there are others behind the limit */
};

BM_MUST_CHECK bm_status pages_walk(struct pages *pages, struct ca_refusal *why);

/* Print all of a list. Returns an exit code. */
int pages_print(struct session *s, const char *operation, json_t *params,
                const struct listing *listing);

/* One item as listing_print() does: for pages.one. */
BM_MUST_CHECK bm_status pages_print_one(void *listing, json_t *item);

#endif
