/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_BATCH_FILE_H
#define BM_CLI_BATCH_FILE_H

#include "core/crypto.h"

/*
 * What a batch is ordered from: a file as it is, standard input, or a folder,
 * of whose files an archive is made. Nothing of it is looked into here.
 *
 * Functions print what is wrong and return an exit code of cmd.h.
 */
struct batch_file {
    const char *path; /* of the command, for messages */
    const char *name;
    int fd; /* at its beginning; -1: none */
    uint64_t size;
};

int batch_file_open(struct batch_file *file, const char *path,
                    const char *name);
void batch_file_close(struct batch_file *file); /* again is fine */

/* Octets at `at`: as many as there are, up to `n`. */
int batch_file_read(const struct batch_file *file, uint64_t at, uint8_t *room,
                    size_t *n);
int batch_file_hash(const struct batch_file *file,
                    const struct bm_crypto *crypto, uint8_t hash[BM_HASH_MAX]);

#endif
