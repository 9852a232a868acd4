/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/boot/boot_crypto.h"
#include "tests/harness/test_crypto.h"

/*
 * The bootloader's provider as the one under test. It takes digests alone, so
 * the messages of the vectors are hashed here, with its own hash.
 */
static bm_status verify(void *self, const struct bm_spki *key,
                        enum bm_sig_alg alg, struct bm_bytes message,
                        struct bm_bytes signature)
{
    uint8_t digest[32];

    BM_TRY(bm_boot_crypto.hash(self, BM_HASH_SHA256, message, digest));
    return bm_boot_crypto.verify_hash(self, key, alg, BM_ARRAY(digest),
                                      signature);
}

const struct bm_crypto *bm_test_crypto(void)
{
    static struct bm_crypto crypto;

    crypto = bm_boot_crypto;
    crypto.verify = verify;
    return &crypto;
}
