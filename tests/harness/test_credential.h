/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_TESTS_HARNESS_TEST_CREDENTIAL_H
#define BM_TESTS_HARNESS_TEST_CREDENTIAL_H

#include "ca/credential.h"

/* What tests of attestation make credentials with: the host's. */
const struct ca_credential_crypto *bm_test_credential_crypto(void);

#endif
