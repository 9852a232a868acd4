/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_HARNESS_TEST_CRYPTO_H
#define BM_TESTS_HARNESS_TEST_CRYPTO_H

#include "core/crypto.h"

/*
 * The cryptography of the platform that a test runs on: OpenSSL on the host,
 * Mbed TLS through PSA on Cortex-M3. The keys are fixed and the same
 * everywhere; they are published here, so they protect nothing.
 *
 * Everything lives until the program ends. Where something does not start,
 * the program stops with a failure: a test never runs without it.
 */

const struct bm_crypto *bm_test_crypto(void);

/* The first test key of the type; NULL where the platform lacks the type. */
const struct bm_signer *bm_test_signer(enum bm_key_type type);

/*
 * Test key number `i` of the type, for tests that need more: P-256 has
 * BM_TEST_P256_KEYS everywhere, other types one, on the host. NULL beyond.
 */
#define BM_TEST_P256_KEYS 4
const struct bm_signer *bm_test_signer_nth(enum bm_key_type type, size_t i);

#endif
