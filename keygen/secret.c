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

/* Nonce, and what is sealed behind it: of the key that seals, 32 octets; of the
 * secret, as many. */
#define LAYER_SIZE (KEYGEN_NONCE_SIZE + 32 + BM_AEAD_TAG_SIZE)
_Static_assert(KEYGEN_SECRET_SIZE == 32 && KEYGEN_SEALED_SIZE == 2 * LAYER_SIZE,
               "both layers are of one form");

struct layer {
    const struct bm_crypto *crypto;
    const uint8_t *key;
    struct bm_bytes aad;
};

static struct bm_aead_config aead_of(const struct layer *layer,
                                     const uint8_t *nonce)
{
    return (struct bm_aead_config){
        .alg = BM_AEAD_AES256_GCM,
        .key = { layer->key, 32 },
        .nonce = { nonce, KEYGEN_NONCE_SIZE },
        .aad = layer->aad,
    };
}

static bm_status seal_layer(const struct layer *layer, const void *plain,
                            uint8_t out[LAYER_SIZE])
{
    const struct bm_crypto *crypto = layer->crypto;
    struct bm_aead_config aead;

    BM_TRY(crypto->random(crypto->self, out, KEYGEN_NONCE_SIZE));
    aead = aead_of(layer, out);
    return crypto->seal(crypto->self, &aead, (struct bm_bytes){ plain, 32 },
                        out + KEYGEN_NONCE_SIZE);
}

static bm_status open_layer(const struct layer *layer,
                            const uint8_t sealed[LAYER_SIZE], void *plain)
{
    const struct bm_crypto *crypto = layer->crypto;
    const struct bm_aead_config aead = aead_of(layer, sealed);
    bm_status rc =
        crypto->open(crypto->self, &aead,
                     (struct bm_bytes){ sealed + KEYGEN_NONCE_SIZE,
                                        LAYER_SIZE - KEYGEN_NONCE_SIZE },
                     plain);

    return rc == BM_E_AEAD ? BM_E_BATCH_SECRET : rc;
}

static struct layer outer_of(const struct keygen_seal *seal)
{
    return (struct layer){ seal->crypto, seal->key, KEYGEN_SEAL_PURPOSE };
}

bm_status keygen_secret_new(const struct keygen_seal *seal,
                            struct keygen_secret *secret)
{
    const struct bm_crypto *crypto = seal->crypto;
    const struct layer outer = outer_of(seal);
    bm_status rc = keygen_secret_make(crypto, secret->text);

    if (rc == BM_OK) {
        rc = crypto->random(crypto->self, secret->key, sizeof secret->key);
    }
    if (rc == BM_OK) {
        rc = seal_layer(&outer, secret->key, secret->wrapped);
    }
    if (rc != BM_OK) {
        bm_wipe(secret, sizeof *secret);
    }
    return rc;
}

bm_status keygen_secret_seal(const struct bm_crypto *crypto,
                             const struct keygen_secret *secret,
                             struct bm_bytes batch,
                             uint8_t sealed[KEYGEN_SEALED_SIZE])
{
    const struct layer inner = { crypto, secret->key, batch };

    memcpy(sealed, secret->wrapped, LAYER_SIZE);
    return seal_layer(&inner, secret->text, sealed + LAYER_SIZE);
}

bm_status keygen_secret_open(const struct keygen_seal *seal,
                             struct bm_bytes sealed, struct bm_bytes batch,
                             char text[KEYGEN_SECRET_MAX])
{
    const struct layer outer = outer_of(seal);
    uint8_t key[32];
    const struct layer inner = { seal->crypto, key, batch };
    bm_status rc;

    memset(text, 0, KEYGEN_SECRET_MAX);
    if (sealed.n != KEYGEN_SEALED_SIZE) {
        return BM_E_BATCH_SECRET;
    }
    rc = open_layer(&outer, sealed.p, key);
    if (rc == BM_OK) {
        rc = open_layer(&inner, sealed.p + LAYER_SIZE, text);
    }
    bm_wipe(key, sizeof key);
    if (rc == BM_OK && !keygen_secret_is((struct bm_bytes){
                           (const uint8_t *)text, KEYGEN_SECRET_SIZE })) {
        rc = BM_E_BATCH_SECRET;
    }
    if (rc != BM_OK) {
        bm_wipe(text, KEYGEN_SECRET_MAX);
    }
    return rc;
}
