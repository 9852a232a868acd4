/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_PEM_H
#define BM_CORE_PEM_H

#include "core/bytes.h"

/*
 * PEM, the textual encodings of RFC 7468: one or more blocks in a text, with
 * whatever explanatory text around them.
 *
 * Reading follows the lax grammar of RFC 7468 3 as to white space and line
 * lengths. Encapsulated headers (Proc-Type, DEK-Info) are not part of that
 * grammar, so a block that has them is found, but does not decode.
 */

/* Widest line of base64 that is written (RFC 7468 2). */
#define BM_PEM_LINE 64

/* A block as it was found; views into the text. */
struct bm_pem {
    struct bm_bytes label;  /* "CERTIFICATE"; may be empty */
    struct bm_bytes base64; /* the lines in between, line ends included */
    struct bm_bytes before; /* the explanatory text in front of BEGIN */
};

#define bm_pem_is(block, literal) \
    bm_bytes_equal((block)->label, BM_LIT(literal))

/*
 * Find the next block and move `*text` behind it. BM_E_END if no line begins
 * with "-----BEGIN": `*text` is then left, for it may be explanatory, or DER.
 * On any other error `*text` has not moved either, `*block` is zero, and
 * `diag` points at the line that is wrong. BEGIN and END must stand at the
 * start of a line; only white space may follow them.
 */
BM_MUST_CHECK bm_status bm_pem_next(struct bm_bytes *text, struct bm_diag *diag,
                                    struct bm_pem *block);

/*
 * Append the octets of `block` to `w`, which may overwrite the text of the
 * block (not the label in front of it). On error nothing has been appended.
 */
BM_MUST_CHECK bm_status bm_pem_decode(const struct bm_pem *block,
                                      struct bm_diag *diag, struct bm_wr *w);

/* Write a block. Lines end with LF, the last one too. */
void bm_pem_put(struct bm_wr *w, const char *label, struct bm_bytes der);

#endif
