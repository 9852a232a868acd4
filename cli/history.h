/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_HISTORY_H
#define BM_CLI_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/bytes.h"

/*
 * What an authority has issued, as it is found: a file of certificates; a
 * folder of them (.pem, .crt, .cer, .der); or the index.txt of `openssl ca`,
 * named itself or in a folder, with the certificates in newcerts/ beside it
 * (openssl_index.h). One file after another, however many there are.
 */
struct history {
    const char *path; /* of the command, for messages */
    void *arg;
    /* A file with certificates; false ends the walk. NULL: they are passed
     * over. */
    bool (*file)(void *arg, const char *path);
    /* What an index says is revoked; `at` 0: no time is known. Or NULL. */
    bool (*revoked)(void *arg, struct bm_bytes serial, int64_t at,
                    uint8_t reason);
    uint64_t missing; /* in an index, and not in newcerts/: told on stderr */
};

/* False, with words on stderr: it cannot be read, or a function said so. */
bool history_walk(struct history *history, const char *path);

#endif
