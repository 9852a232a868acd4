/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_UNLOCK_H
#define BM_CLI_UNLOCK_H

#include "cli/args.h"
#include "files/files.h"
#include "server/key_folder.h"

/*
 * The unlock secret of an instance, for the verbs of `birthmark unlock`. They
 * need neither its store nor an operator: who has the secret has the keys.
 *
 * Functions print what is wrong and return an exit code of cmd.h.
 */
struct unlock {
    const char *path; /* "birthmark unlock split", for messages */
    const char *dir;  /* the instance */

    /* Private until unlock_open(). */
    struct bm_crypto *crypto;
    struct settings settings;
    struct instance_port port;
    char kek[FILES_PATH_MAX];
};

/* Read what birthmark.yaml says. Release with unlock_close(), in any case. */
int unlock_open(struct unlock *u);
void unlock_close(struct unlock *u); /* again is fine */

/* The secret, from where the settings say; the caller wipes it. */
int unlock_read(struct unlock *u, uint8_t secret[BM_UNLOCK_SIZE]);

/* That of these share files, or, where there are none, of shares that are
 * asked for. `count` is set to how many gave it. */
int unlock_combine(struct unlock *u, char *const files[], int files_n,
                   uint8_t secret[BM_UNLOCK_SIZE], size_t *count);

/* Open keys/kek with it: is it the instance's? `kek` may be NULL. */
int unlock_try(struct unlock *u, const uint8_t secret[BM_UNLOCK_SIZE],
               struct bm_kek **kek);

/* Say why an act failed. */
int unlock_refuse(const struct unlock *u, bm_status rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
