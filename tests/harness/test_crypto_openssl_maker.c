/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/openssl/openssl_keys.h"
#include "tests/harness/test_crypto.h"
#include "tests/harness/test_maker.h"

struct bm_key_tools bm_test_key_tools(void)
{
    return (struct bm_key_tools){ bm_test_crypto(), bm_openssl_key_maker() };
}
