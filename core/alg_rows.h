/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CORE_ALG_ROWS_H
#define BM_CORE_ALG_ROWS_H

#include "core/alg.h"

/*
 * The algorithms that we know, each as the AlgorithmIdentifier that we write;
 * between alg_write.c, which holds them, and alg.c. Nobody else includes this.
 *
 * A list holds them one after another, in the order of its enum from 1 on,
 * with one octet of zero at the end. All lengths are below 128, so the second
 * octet is the length, the fourth that of the OID, which begins at the fifth.
 */
extern const uint8_t bm_sig_ids[];
extern const uint8_t bm_key_ids[];
extern const uint8_t bm_hash_ids[];

/* RSASSA-PSS with SHA-256; parameters of the hashes absent. */
extern const uint8_t bm_pss_without_null[63];

#endif
