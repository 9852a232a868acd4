/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_SAY_H
#define NODE_SAY_H

#include "core/status.h"

/*
 * The console: one event, one line on UART 0, `node: WORD key=value ...`.
 * README.md lists the words; programs read them, so they do not change. No
 * value has a blank in it, and none is a secret.
 */

/* A key with a text, or with a number where `text` is NULL. */
struct say_field {
    const char *key;
    const char *text;
    long number;
};

/* `fields` ends with one without key; NULL: none. */
void say(const char *word, const struct say_field *fields);

/* `node: failed what=... status=0x....`: why something did not come about. */
void say_failed(const char *what, bm_status status);

/* A status as hexadecimal digits, as core/status.h has it. */
#define SAY_STATUS_MAX 7
const char *say_status(bm_status status, char out[SAY_STATUS_MAX]);

/* The word, or how it begins, after which a test wants the node to end. */
void say_until(const char *word);

#endif
