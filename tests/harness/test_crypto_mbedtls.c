/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "ports/mbedtls/mbedtls.h"
#include "tests/harness/test_entropy.h"
#include "tests/harness/test_keys.h"

static void must(bm_status rc, const char *what)
{
    if (rc != BM_OK) {
        printf("Bail out! %s: 0x%04x\n", what, (unsigned)rc);
        exit(1);
    }
}

const struct bm_crypto *bm_test_crypto(void)
{
    static const struct bm_mbedtls_port port = { bm_test_entropy, NULL };
    static struct bm_crypto crypto;

    if (crypto.hash == NULL) {
        must(bm_mbedtls_open(&port, &crypto), "PSA does not start");
    }
    return &crypto;
}

const struct bm_signer *bm_test_signer_nth(enum bm_key_type type, size_t i)
{
    static struct bm_mbedtls_signer signers[BM_TEST_P256_KEYS];

    if (type != BM_KEY_P256 || i >= BM_TEST_P256_KEYS) {
        return NULL;
    }
    (void)bm_test_crypto();
    if (signers[i].signer.sign == NULL) {
        must(bm_mbedtls_signer_import(&signers[i], test_p256[i]),
             "a test key does not load");
    }
    return &signers[i].signer;
}

const struct bm_signer *bm_test_signer(enum bm_key_type type)
{
    return bm_test_signer_nth(type, 0);
}
