/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_ALG_ROWS_H
#define BM_CORE_ALG_ROWS_H

#include "core/alg.h"

/*
 * The tables of algorithms; between alg_write.c, which holds them, and alg.c.
 * Nobody else includes this.
 *
 * A row is the contents of an AlgorithmIdentifier as it is written, behind one
 * octet with their length. So the OID, header included, starts at the second
 * octet and the length of the OID is the third. An empty row: not known.
 */
#define BM_SIG_ROW_MAX  14
#define BM_KEY_ROW_MAX  20
#define BM_HASH_ROW_MAX 14

extern const uint8_t bm_sig_rows[BM_SIG_MLDSA87 + 1][BM_SIG_ROW_MAX];
extern const uint8_t bm_key_rows[BM_KEY_MLDSA87 + 1][BM_KEY_ROW_MAX];
extern const uint8_t bm_hash_rows[BM_HASH_SHA512 + 1][BM_HASH_ROW_MAX];

#define BM_OID_RSA_PSS "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"

/*
 * Write the AlgorithmIdentifier of RSASSA-PSS with `hash`. RFC 4055 2.1: its
 * hash identifiers have NULL parameters or none; both forms are to be read.
 */
void bm_alg_put_pss(struct bm_wr *w, enum bm_hash hash, bool null);

#endif
