/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_HARNESS_TEST_ENTROPY_H
#define BM_TESTS_HARNESS_TEST_ENTROPY_H

#include "core/status.h"

/*
 * The randomness that tests feed to PSA, one file per platform; the shape of
 * struct bm_mbedtls_port's function.
 */
bm_status bm_test_entropy(void *self, uint8_t *out, size_t n);

#endif
