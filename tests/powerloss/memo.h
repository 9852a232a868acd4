/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_POWERLOSS_MEMO_H
#define BM_TESTS_POWERLOSS_MEMO_H

#include "core/crypto.h"

/*
 * The host's cryptography, which remembers what it said of a signature: a
 * simulation asks for the same few ones millions of times. It is remembered by
 * key, digest and signature, all their octets; hashes are always computed, so
 * an altered octet of an image is always found.
 */
const struct bm_crypto *memo_crypto(void);

#endif
