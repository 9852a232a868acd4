/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_BATCH_SECRET_H
#define BM_CLI_BATCH_SECRET_H

#include "keygen/secret.h"

/*
 * The secret that keys of a batch are encrypted under, where it is shown: on a
 * terminal, or in a new file that its owner alone can read. That is made before
 * the batch is ordered: what is told once must not find a full disk.
 *
 * Functions print what is wrong and return an exit code of cmd.h.
 */
struct batch_secret {
    const char *path; /* of the command, for messages */
    const char *file; /* or NULL: on the terminal */
    bool json;        /* or by the caller, within an answer */
    int fd;           /* of the file, until it is whole */
    char text[KEYGEN_SECRET_MAX];
};

/* CMD_USAGE: standard output is no terminal; CMD_REFUSED: there is such a
 * file. */
int batch_secret_open(struct batch_secret *s);

/* It is known: show it, and have it here as text. */
int batch_secret_show(struct batch_secret *s, const char *text);

/* Wiped; and no empty file is left. Again is fine. */
void batch_secret_close(struct batch_secret *s);

/* Read such a file into `text`. */
int batch_secret_read(struct batch_secret *s);

#endif
