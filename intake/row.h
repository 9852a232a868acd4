/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_INTAKE_ROW_H
#define BM_INTAKE_ROW_H

#include "ca/batch.h"

/*
 * Rows on their way out of the process that reads them, to one that believes
 * nothing of it: lengths, bounds and UTF-8 are checked by whoever takes them.
 *
 *     row    ::= number (4) device name subject column words csr
 *     string ::= length (4) octets                    numbers are big-endian
 */
void intake_row_put(struct bm_wr *w, const struct ca_batch_row *row);

/*
 * The next row; views into `*in`, which moves on. BM_E_END behind the last.
 * One without words has a request, or a device or subject to make a key for.
 * BM_E_CA_ORDER: it is none, or a string is longer than its place, or not
 * UTF-8, or has characters that are for terminals.
 */
BM_MUST_CHECK bm_status intake_row_next(struct bm_bytes *in,
                                        struct ca_batch_row *row);

/* May it stand in a row: UTF-8, in one line, without control characters? */
bool intake_is_text(struct bm_bytes text);

#endif
