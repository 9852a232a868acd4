/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/lms/lms.h"

/*
 * Where Mbed TLS's sources are not at hand, a build has no LMS: every use of it
 * is refused, and nothing is taken for verified.
 */

bm_status bm_lms_verify(const uint8_t key[BM_LMS_KEY_SIZE],
                        struct bm_bytes message, struct bm_bytes signature)
{
    (void)key;
    (void)message;
    (void)signature;
    return BM_E_CRYPTO_UNSUPPORTED;
}

bm_status bm_lms_signer_new(const struct bm_lms_secret *secret,
                            struct bm_lms_signer **signer)
{
    (void)secret;
    *signer = NULL;
    return BM_E_CRYPTO_UNSUPPORTED;
}

void bm_lms_signer_free(struct bm_lms_signer *signer)
{
    (void)signer;
}

bm_status bm_lms_signer_key(const struct bm_lms_signer *signer,
                            uint8_t key[BM_LMS_KEY_SIZE])
{
    (void)signer;
    (void)key;
    return BM_E_CRYPTO_UNSUPPORTED;
}

bm_status bm_lms_sign(struct bm_lms_signer *signer,
                      const struct bm_crypto *crypto, uint32_t index,
                      struct bm_bytes message,
                      uint8_t signature[BM_LMS_SIGNATURE_SIZE])
{
    (void)signer;
    (void)crypto;
    (void)index;
    (void)message;
    (void)signature;
    return BM_E_CRYPTO_UNSUPPORTED;
}
