/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_BATCH_SECRET_H
#define BM_CLI_BATCH_SECRET_H

#include "files/files.h"
#include "keygen/secret.h"

/*
 * The secret that keys of a batch are encrypted under, where it is shown: on a
 * terminal, or in a new file that its owner alone can read. A draft of that is
 * made before the batch is ordered: what is told once finds no full disk then.
 * It has its name when the secret is in it, so who is interrupted before may
 * try again.
 *
 * Functions print what is wrong and return an exit code of cmd.h.
 */
struct batch_secret {
    const char *path;         /* of the command, for messages */
    const char *file;         /* or NULL: on the terminal */
    bool json;                /* or by the caller, within an answer */
    struct files_draft draft; /* of the file, until it is whole */
    char text[KEYGEN_SECRET_MAX];
};

/* CMD_USAGE: standard output is no terminal; CMD_REFUSED: there is such a
 * file; CMD_FAILED: it cannot be made. */
int batch_secret_open(struct batch_secret *s);

/* It is known: show it, and have it here as text. */
int batch_secret_show(struct batch_secret *s, const char *text);

/* Wiped; and no draft is left. Again is fine. */
void batch_secret_close(struct batch_secret *s);

/* Read such a file into `text`. */
int batch_secret_read(struct batch_secret *s);

#endif
