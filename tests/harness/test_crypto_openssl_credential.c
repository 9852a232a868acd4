/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/openssl/openssl_tpm.h"
#include "tests/harness/test_credential.h"

const struct ca_credential_crypto *bm_test_credential_crypto(void)
{
    return bm_openssl_credential_crypto();
}
