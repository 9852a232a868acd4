/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_SKIP_JUDGE_H
#define BM_TESTS_SKIP_JUDGE_H

#include "core/bytes.h"

#define JUDGE_SIGNATURE 64u /* r | s */
#define JUDGE_POINT     64u /* x | y */

/*
 * What p256_ecdsa_verify() of p256-m answers, from another library: 0, or its
 * negative numbers for a key or a signature that is not right.
 */
uint32_t judge_signature(const uint8_t signature[JUDGE_SIGNATURE],
                         const uint8_t point[JUDGE_POINT],
                         struct bm_bytes digest);

#endif
