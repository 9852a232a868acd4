/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/provider.h"

#include <stdio.h>

#ifdef BM_WITH_LMS
#include "ports/mbedtls/lms/lms.h"
#endif
#include "ports/openssl/openssl.h"
#include "ports/openssl/openssl_keys.h"

struct bm_crypto *provider_new(void)
{
    struct bm_crypto *crypto;
    bm_status rc = bm_openssl_new(&crypto);

    if (rc != BM_OK) {
        fprintf(stderr, "birthmark: cryptography: %s\n", bm_status_text(rc));
        return NULL;
    }
    return crypto;
}

void provider_free(struct bm_crypto *crypto)
{
    bm_openssl_free(crypto);
}

const struct bm_key_maker *provider_key_maker(void)
{
    return bm_openssl_key_maker();
}

bm_status provider_lms_verify(const uint8_t key[56], struct bm_bytes message,
                              struct bm_bytes signature)
{
#ifdef BM_WITH_LMS
    return bm_lms_verify(key, message, signature);
#else
    (void)key;
    (void)message;
    (void)signature;
    return BM_E_IMAGE_ALGORITHM;
#endif
}
