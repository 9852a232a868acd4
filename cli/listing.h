/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_LISTING_H
#define BM_CLI_LISTING_H

#include "protocols/admin/tree.h"

/*
 * What a `list` prints: a line for each thing. As JSON all of its members, as
 * text those that the table names, in columns and without a heading: what is
 * not there is a '-'.
 */
struct listing_column {
    const char *key;
    int width; /* wider values push the rest; the last one needs none */
    const char *otherwise; /* key of what stands there if that is missing */
};

struct listing {
    bool json;
    const struct listing_column *columns; /* end with a zero row */
};

/*
 * Print one, whose tree is taken over. BM_E_MEMORY when some of it was not to
 * be had. BM_E_IO when nobody listens any more.
 */
BM_MUST_CHECK bm_status listing_print(const struct listing *listing,
                                      const struct tree *t, json_t *object);

#endif
