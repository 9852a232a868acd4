/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_TEXT_H
#define BM_CLI_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "core/status.h"

/*
 * A tree of values (tree.h) as text for people. What fits stands on one
 * line; what does not is broken: lists between their elements, objects into
 * a line per member. Labels are the keys with spaces, or what a small table
 * says instead. Foreign characters are escaped (safe.h), and inside a list
 * they are quoted where they could be taken for the list's own punctuation.
 */

/*
 * Print the members of `object`, one line each where they fit, `indent`
 * columns to the right. BM_E_LIMIT when there is no memory. That a write
 * failed is left to the end of the program.
 */
BM_MUST_CHECK bm_status text_print(FILE *to, json_t *object, int indent);

/* Print any value in one line of its own, however long. */
BM_MUST_CHECK bm_status text_print_line(FILE *to, json_t *value, int indent);

#endif
