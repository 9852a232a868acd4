/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_PART_FILE_H
#define BM_CLI_PART_FILE_H

#include "core/bytes.h"

/*
 * A file that appears whole or not at all: it grows beside its place, under a
 * name with .part. What exists is never touched.
 *
 * Functions print what is wrong and return an exit code of cmd.h.
 */
struct part_file {
    const char *path; /* of the command, for messages */
    const char *name;
    char part[4096];
    int fd; /* -1: none is open */
};

int part_file_open(struct part_file *file, const char *path, const char *name);
int part_file_put(struct part_file *file, struct bm_bytes octets);
/* Durable, and in its place. */
int part_file_finish(struct part_file *file);
void part_file_drop(struct part_file *file); /* again, or finished, is fine */

#endif
