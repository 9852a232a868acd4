/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/mbedtls/lms/lms.h"

/* What lms.h leaves to whoever includes it comes first. */
#include <mbedtls/platform_util.h>

#include <mbedtls/lms.h>

bm_status bm_lms_verify(const uint8_t key[BM_LMS_KEY_SIZE],
                        struct bm_bytes message, struct bm_bytes signature)
{
    mbedtls_lms_public_t public;
    int rc;

    /* The library reads as much as it expects: the length is for us. */
    if (signature.n != BM_LMS_SIGNATURE_SIZE) {
        return BM_E_SIGNATURE;
    }
    mbedtls_lms_public_init(&public);
    rc = mbedtls_lms_import_public_key(&public, key, BM_LMS_KEY_SIZE);
    if (rc == 0) {
        rc = mbedtls_lms_verify(&public, message.p, message.n, signature.p,
                                signature.n);
    }
    mbedtls_lms_public_free(&public);
    return rc == 0 ? BM_OK : BM_E_SIGNATURE;
}
