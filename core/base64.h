/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_BASE64_H
#define BM_CORE_BASE64_H

#include "core/bytes.h"

/*
 * Base64 (RFC 4648 4) and base64url (RFC 4648 5), with one text for one
 * value: padding is where the form has it, the bits that nobody needs are
 * zero (RFC 4648 3.5), and nothing follows the padding.
 *
 * Reading is forgiving about white space only, and only if asked: EST bodies
 * and PEM files arrive with lines of any length and any line ending.
 */

/* What the text looks like; to be combined. */
enum {
    BM_BASE64_STRICT = 0, /* padded, no white space */
    BM_BASE64_SPACES = 1, /* space, tab, CR, LF, VT, FF anywhere */
    BM_BASE64_URL = 2     /* '-' and '_', no padding (RFC 7515 2) */
};

/* Octets of output at most for `n` characters. */
#define BM_BASE64_DECODED_MAX(n) ((n) / 4 * 3 + 2)

/*
 * Write `in` as base64. `line` is the number of characters in a line, each
 * of which, the last too, is ended by LF; 0 means no lines at all.
 */
void bm_base64_put(struct bm_wr *w, struct bm_bytes in, size_t line);

/* Write `in` as base64url without padding. */
void bm_base64url_put(struct bm_wr *w, struct bm_bytes in);

/*
 * Decode a text that is there as a whole. The output may overwrite the text
 * that it is made of (`w` at its start). On error nothing has been appended to
 * `w`, though bytes behind its end may have changed, and `diag` points at the
 * first character that does not fit.
 */
BM_MUST_CHECK bm_status bm_base64_decode(struct bm_bytes text, unsigned form,
                                         struct bm_diag *diag, struct bm_wr *w);

/*
 * Decode a text that arrives in pieces: init, update for each piece, finish.
 * What update() appends to `w` is part of the value only when finish() says
 * BM_OK. After an error stop, or start again.
 */
struct bm_base64 {
    uint32_t bits;  /* of the group that is being read */
    uint8_t form;   /* BM_BASE64_... */
    uint8_t digits; /* characters of that group */
    uint8_t pads;   /* '=' of that group; the text ends with it */
};

void bm_base64_init(struct bm_base64 *d, unsigned form);
BM_MUST_CHECK bm_status bm_base64_update(struct bm_base64 *d,
                                         struct bm_bytes text,
                                         struct bm_diag *diag, struct bm_wr *w);

/* Writes the octets of an unpadded last group, so it needs `w`, too. */
BM_MUST_CHECK bm_status bm_base64_finish(struct bm_base64 *d, struct bm_wr *w);

#endif
