/* SPDX-License-Identifier: Apache-2.0 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
/* What lms.h leaves to whoever includes it comes first. */
#include <mbedtls/platform_util.h>

#include <mbedtls/lms.h>
#include <stdlib.h>
#include <string.h>

#include "ports/mbedtls/lms/lms.h"

_Static_assert(MBEDTLS_LMS_SIG_LEN(MBEDTLS_LMS_SHA256_M32_H10,
                                   MBEDTLS_LMOTS_SHA256_N32_W8) ==
                   BM_LMS_SIGNATURE_SIZE,
               "RFC 8554 5.4");
_Static_assert(MBEDTLS_LMS_PUBLIC_KEY_LEN(MBEDTLS_LMS_SHA256_M32_H10) ==
                   BM_LMS_KEY_SIZE,
               "RFC 8554 5.3");

struct bm_lms_signer {
    mbedtls_lms_private_t key;
};

/* The library draws the identifier where we have one. */
static int give_id(void *id, unsigned char *out, size_t n)
{
    if (n != sizeof(((struct bm_lms_secret *)0)->id)) {
        return MBEDTLS_ERR_LMS_BAD_INPUT_DATA;
    }
    memcpy(out, id, n);
    return 0;
}

bm_status bm_lms_signer_new(const struct bm_lms_secret *secret,
                            struct bm_lms_signer **signer)
{
    struct bm_lms_signer *s = calloc(1, sizeof(*s));
    uint8_t id[sizeof(secret->id)];
    int rc;

    *signer = NULL;
    if (s == NULL) {
        return BM_E_MEMORY;
    }
    memcpy(id, secret->id, sizeof(id));
    mbedtls_lms_private_init(&s->key);
    rc = mbedtls_lms_generate_private_key(
        &s->key, MBEDTLS_LMS_SHA256_M32_H10, MBEDTLS_LMOTS_SHA256_N32_W8,
        give_id, id, secret->seed, sizeof(secret->seed));
    if (rc != 0) {
        bm_lms_signer_free(s);
        return rc == MBEDTLS_ERR_LMS_ALLOC_FAILED ? BM_E_MEMORY : BM_E_CRYPTO;
    }
    *signer = s;
    return BM_OK;
}

void bm_lms_signer_free(struct bm_lms_signer *signer)
{
    if (signer != NULL) {
        mbedtls_lms_private_free(&signer->key);
        free(signer);
    }
}

bm_status bm_lms_signer_key(const struct bm_lms_signer *signer,
                            uint8_t key[BM_LMS_KEY_SIZE])
{
    mbedtls_lms_public_t public;
    size_t n = 0;
    int rc;

    mbedtls_lms_public_init(&public);
    rc = mbedtls_lms_calculate_public_key(&public, &signer->key);
    if (rc == 0) {
        rc = mbedtls_lms_export_public_key(&public, key, BM_LMS_KEY_SIZE, &n);
    }
    mbedtls_lms_public_free(&public);
    return rc == 0 && n == BM_LMS_KEY_SIZE ? BM_OK : BM_E_CRYPTO;
}

static int draw(void *crypto, unsigned char *out, size_t n)
{
    const struct bm_crypto *c = crypto;

    return c->random(c->self, out, n) == BM_OK ? 0
                                               : MBEDTLS_ERR_LMS_BAD_INPUT_DATA;
}

bm_status bm_lms_sign(struct bm_lms_signer *signer,
                      const struct bm_crypto *crypto, uint32_t index,
                      struct bm_bytes message,
                      uint8_t signature[BM_LMS_SIGNATURE_SIZE])
{
    struct bm_crypto source = *crypto;
    size_t n = 0;

    if (index >= BM_LMS_SIGNATURES || message.n > UINT32_MAX) {
        return BM_E_ARGUMENT;
    }
    /* Of mbedtls_lms_private_t this is what makes a key one that was loaded. */
    signer->key.q_next_usable_key = index;
    if (mbedtls_lms_sign(&signer->key, draw, &source, message.p,
                         (unsigned)message.n, signature, BM_LMS_SIGNATURE_SIZE,
                         &n) != 0 ||
        n != BM_LMS_SIGNATURE_SIZE) {
        return BM_E_CRYPTO;
    }
    return BM_OK;
}
