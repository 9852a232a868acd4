/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_REPORT_H
#define BM_CLI_REPORT_H

#include "cli/diag.h"
#include "cli/input.h"

/*
 * Results on stdout, as text or as JSON: one JSON object per file and line,
 *
 *     {"file":"a.pem","items":[{...},{...}]}
 *
 * Refusals are items of the form {"error":{...}} there, and words on stderr
 * in any case.
 */
struct report {
    bool json;
    bool failed;  /* something was refused */
    bool started; /* an item has been printed: of this file in JSON, of the
                   whole run in text */
    const char *file;
    const char *key; /* of `file` in JSON, where it is no file; or NULL */
};

void report_file(struct report *r, const char *file);
void report_file_end(struct report *r);

/*
 * Print a whole item, whose tree is taken over. `t.failed` is a refusal for
 * want of memory.
 */
void report_item(struct report *r, struct tree *t, unsigned block,
                 json_t *item);

/* The pieces of it, for an item that is not in memory as a whole. */
void report_item_begin(struct report *r);
void report_heading(struct report *r, unsigned block, const char *what);

/* Print the members of an object, which is taken over. */
void report_members(struct report *r, struct tree *t, json_t *object);

/* A JSON value alone, or with JSON_EMBED without its brackets. */
void report_json(struct report *r, json_t *value, size_t flags);

void report_refusal(struct report *r, const struct refusal *refusal);

/* The same as the last member of a JSON item that has begun. */
void report_refusal_member(struct report *r, const struct refusal *refusal);

/* A failure to open or read `file`, as input_open() returns it. */
void report_unreadable(struct report *r, int error);

#endif
