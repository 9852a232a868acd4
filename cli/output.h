/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_OUTPUT_H
#define BM_CLI_OUTPUT_H

#include <jansson.h>
#include <stdio.h>

#include "core/bytes.h"

/*
 * Where a result goes: standard output, or a new file. A file that exists is
 * never touched. The file is made before the act whose result it will hold,
 * so that a certificate is not issued for a place that cannot be written; it
 * is durable when output_finish() says so, and gone otherwise.
 */
struct output {
    const char *path; /* of the command, for messages */
    const char *name; /* NULL: standard output */
    FILE *file;
    int error; /* of errno: the first thing that went wrong */
};

/* `name` NULL or "-": standard output. CMD_REFUSED when the file exists. */
int output_open(struct output *o, const char *path, const char *name);

/* What cannot be written is told by output_finish(). */
void output_pem(struct output *o, const char *label, struct bm_bytes der);
void output_put(struct output *o, struct bm_bytes octets);
void output_text(struct output *o, const json_t *string);

/* CMD_FAILED, with words on stderr, if anything was not written. */
int output_finish(struct output *o);

/* Remove a file that was not finished; again is fine. */
void output_drop(struct output *o);

#endif
