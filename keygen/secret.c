/* SPDX-License-Identifier: Apache-2.0 */
#include "keygen/secret.h"

#include <string.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

bm_status keygen_secret_make(const struct bm_crypto *crypto,
                             char secret[KEYGEN_SECRET_MAX])
{
    uint8_t chance[KEYGEN_SECRET_SIZE];
    bm_status rc = crypto->random(crypto->self, chance, sizeof chance);

    memset(secret, 0, KEYGEN_SECRET_MAX);
    for (size_t i = 0; rc == BM_OK && i < sizeof chance; i++) {
        secret[i] = letters[chance[i] & 31];
    }
    bm_wipe(chance, sizeof chance);
    return rc;
}

bool keygen_secret_is(struct bm_bytes text)
{
    bool is = text.n == KEYGEN_SECRET_SIZE;

    for (size_t i = 0; is && i < text.n; i++) {
        is = text.p[i] != '\0' && strchr(letters, text.p[i]) != NULL;
    }
    return is;
}

static struct bm_aead_config aead_of(const struct keygen_seal *seal,
                                     const uint8_t *nonce)
{
    return (struct bm_aead_config){
        .alg = BM_AEAD_AES256_GCM,
        .key = BM_ARRAY(seal->key),
        .nonce = { nonce, KEYGEN_NONCE_SIZE },
        .aad = KEYGEN_SEAL_PURPOSE,
    };
}

bm_status keygen_secret_seal(const struct keygen_seal *seal, const char *secret,
                             uint8_t sealed[KEYGEN_SEALED_SIZE])
{
    const struct bm_crypto *crypto = seal->crypto;
    const struct bm_bytes plain = { (const uint8_t *)secret,
                                    KEYGEN_SECRET_SIZE };
    struct bm_aead_config aead;

    BM_TRY(crypto->random(crypto->self, sealed, KEYGEN_NONCE_SIZE));
    aead = aead_of(seal, sealed);
    return crypto->seal(crypto->self, &aead, plain, sealed + KEYGEN_NONCE_SIZE);
}

bm_status keygen_secret_open(const struct keygen_seal *seal,
                             struct bm_bytes sealed,
                             char secret[KEYGEN_SECRET_MAX])
{
    const struct bm_crypto *crypto = seal->crypto;
    struct bm_aead_config aead;
    bm_status rc;

    memset(secret, 0, KEYGEN_SECRET_MAX);
    if (sealed.n != KEYGEN_SEALED_SIZE) {
        return BM_E_BATCH_SECRET;
    }
    aead = aead_of(seal, sealed.p);
    rc = crypto->open(crypto->self, &aead,
                      (struct bm_bytes){ sealed.p + KEYGEN_NONCE_SIZE,
                                         sealed.n - KEYGEN_NONCE_SIZE },
                      (uint8_t *)secret);
    if (rc == BM_OK && !keygen_secret_is((struct bm_bytes){
                           (const uint8_t *)secret, KEYGEN_SECRET_SIZE })) {
        rc = BM_E_BATCH_SECRET;
    }
    if (rc != BM_OK) {
        bm_wipe(secret, KEYGEN_SECRET_MAX);
    }
    return rc == BM_E_AEAD ? BM_E_BATCH_SECRET : rc;
}
