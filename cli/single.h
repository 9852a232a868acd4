/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_SINGLE_H
#define BM_CLI_SINGLE_H

#include "cli/input.h"

/*
 * A file that an act is about: it must hold one object, of one kind. With two
 * of them, it would be a guess which one was meant.
 *
 * Functions print what is wrong and return an exit code of cmd.h.
 */
struct single {
    const char *file;
    struct bm_bytes der;
    unsigned block; /* in PEM, from 1 */
    uint8_t *memory;
};

/* PEM or DER; "-" is standard input. On CMD_OK release with single_free(). */
int single_read(struct single *s, const char *file, enum kind kind);

/* All octets of a file, whatever it is. */
int single_read_raw(struct single *s, const char *file);

/* It does not parse: say why, and where. CMD_FAILED. */
int single_refuse(const struct single *s, const struct bm_diag *diag,
                  bm_status rc);

void single_free(struct single *s); /* again is fine */

#endif
