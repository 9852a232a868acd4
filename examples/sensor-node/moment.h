/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NODE_MOMENT_H
#define NODE_MOMENT_H

#include "core/bytes.h"

/*
 * What time it is, by the answer of the owner's server to a nonce
 * (docs/device-api.md, GET time).
 */

/* Octets of the nonce. */
#define MOMENT_NONCE 16u

/* Append the nonce as the question has it: 32 hexadecimal digits. */
void moment_put_nonce(struct bm_wr *w, const uint8_t nonce[MOMENT_NONCE]);

/* Read {"nonce":"...","time":...}, with a line feed or without; false for
 * anything else, and for another nonce. `*time`: seconds since 1970, good if it
 * is true. */
bool moment_parse(struct bm_bytes text, const uint8_t nonce[MOMENT_NONCE],
                  int64_t *time);

#endif
