/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_STORE_SIPHASH_H
#define BM_STORE_SIPHASH_H

#include "core/bytes.h"

/*
 * SipHash-2-4 with 128 bits of output (Aumasson, Bernstein: "SipHash: a fast
 * short-input PRF"): a keyed hash that nobody without the key can make
 * collide. For indexes, not for secrets.
 */
void siphash_128(const uint8_t key[16], struct bm_bytes in, uint8_t out[16]);

#endif
