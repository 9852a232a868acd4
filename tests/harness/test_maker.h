/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_HARNESS_TEST_MAKER_H
#define BM_TESTS_HARNESS_TEST_MAKER_H

#include "keys/maker.h"

/* What tests of keys/ work with: test_crypto.h and the host's key maker. */
struct bm_key_tools bm_test_key_tools(void);

#endif
