/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_IMPORTS_H
#define BM_CLI_IMPORTS_H

#include <stdbool.h>

#include "ca/import.h"
#include "cli/args.h"
#include "protocols/admin/tree.h"

/*
 * Certificates, and revocation lists, that are to be put on record, read from
 * files. Nothing is left out without a word: a file with a block that is
 * neither is refused.
 */

/* One of each CA, and of its earlier generations. */
#define IMPORTS_LISTS_MAX 32

struct imports {
    struct ca_import *items;
    uint8_t **der; /* what the items are views of */
    size_t n;
    size_t cap;
    bool with_lists; /* or certificates alone */
    struct bm_bytes lists[IMPORTS_LISTS_MAX];
    uint8_t *list[IMPORTS_LISTS_MAX]; /* what they are views of */
    size_t lists_n;
    char *profile[ARGS_MANY_MAX]; /* named by options */
    size_t profiles_n;
};

/*
 * Add those of a file, all of a profile, or NULL: of the one that each fits.
 * False, with words on stderr: what was read of it until then, and all that
 * was added before, stays. `profile` outlives the imports.
 */
bool imports_add(struct imports *imports, const char *file,
                 const char *profile);

/* The same for "FILE" or "PROFILE=FILE"; at most ARGS_MANY_MAX times. */
bool imports_add_option(struct imports *imports, const char *value);

/* As an array of strings: a parameter of the API. */
void imports_set(json_t *params, const char *name, const struct imports *from);

void imports_free(struct imports *imports);

#endif
