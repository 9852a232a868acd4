/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_BATCH_ZIP_H
#define BM_CLI_BATCH_ZIP_H

#include <stdio.h>

#include "core/bytes.h"

/*
 * A ZIP that appears whole or not at all: it grows beside its place, under a
 * name with .part. What exists is never touched.
 *
 * Functions print what is wrong and return an exit code of cmd.h.
 */
struct batch_zip {
    const char *path; /* of the command, for messages */
    const char *name;
    char part[4096];
    int fd;
    struct archive *archive;
};

int batch_zip_open(struct batch_zip *zip, const char *path, const char *name);
int batch_zip_put(struct batch_zip *zip, const char *entry,
                  struct bm_bytes octets);
/* All of a file, from its beginning. */
int batch_zip_put_file(struct batch_zip *zip, const char *entry, FILE *file);
/* Durable, and in its place. */
int batch_zip_finish(struct batch_zip *zip);
void batch_zip_drop(struct batch_zip *zip); /* again, or finished, is fine */

#endif
