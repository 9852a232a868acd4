/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/openssl/openssl_tpm.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <limits.h>
#include <string.h>

#include "ports/openssl/internal.h"

#define AES_BLOCK 16

static EVP_PKEY *load(const struct bm_spki *key)
{
    const unsigned char *p = key->der.p;

    return key->der.n > LONG_MAX ? NULL
                                 : d2i_PUBKEY(NULL, &p, (long)key->der.n);
}

/* Every failure is forgotten by OpenSSL, and told by the status. */
static bm_status result(bool ok)
{
    if (!ok) {
        ERR_clear_error();
    }
    return ok ? BM_OK : BM_E_CRYPTO;
}

/* ---- RSAES-OAEP */

static bool prepare_oaep(EVP_PKEY_CTX *ctx, enum bm_hash hash,
                         struct bm_bytes label)
{
    const char *name = openssl_hash_name(hash);
    OSSL_PARAM params[3];

    if (name == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, name, NULL) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, name, NULL) != 1) {
        return false;
    }
    params[0] = openssl_octets(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, label);
    params[1] = OSSL_PARAM_construct_end();
    return EVP_PKEY_CTX_set_params(ctx, params) == 1;
}

static bm_status oaep(const struct bm_spki *key, enum bm_hash hash,
                      struct bm_bytes label, struct bm_bytes message,
                      struct bm_wr *out)
{
    uint8_t room[CA_CREDENTIAL_SEED_MAX];
    size_t n = sizeof room;
    EVP_PKEY *pkey = load(key);
    EVP_PKEY_CTX *ctx =
        pkey == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool ok = ctx != NULL && prepare_oaep(ctx, hash, label) &&
              EVP_PKEY_encrypt(ctx, room, &n, message.p, message.n) == 1;

    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    if (ok) {
        bm_wr_put(out, (struct bm_bytes){ room, n });
    }
    return result(ok);
}

/* ---- Diffie-Hellman */

static bool agree(EVP_PKEY *ours, EVP_PKEY *theirs, uint8_t *shared, size_t n)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL);
    size_t got = n;
    bool ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
              EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
              EVP_PKEY_derive(ctx, shared, &got) == 1 && got == n;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static bool get_point(EVP_PKEY *pkey, uint8_t *point, size_t n)
{
    size_t got = 0;

    return EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point,
                                           n, &got) == 1 &&
           got == n;
}

static bm_status ecdh(const struct bm_spki *key,
                      uint8_t point[CA_CREDENTIAL_POINT_MAX],
                      uint8_t shared[48])
{
    bool p256 = key->type == BM_KEY_P256;
    size_t n = p256 ? 32 : 48;
    EVP_PKEY *theirs = NULL;
    EVP_PKEY *ours = NULL;
    bool ok;

    if (!p256 && key->type != BM_KEY_P384) {
        return BM_E_CRYPTO_UNSUPPORTED;
    }
    theirs = load(key);
    ours = EVP_EC_gen(p256 ? "P-256" : "P-384");
    ok = theirs != NULL && ours != NULL && get_point(ours, point, 1 + 2 * n) &&
         agree(ours, theirs, shared, n);
    EVP_PKEY_free(ours);
    EVP_PKEY_free(theirs);
    return result(ok);
}

/* ---- AES-CFB */

static bm_status cfb(struct bm_bytes key, struct bm_bytes plain, uint8_t *out)
{
    static const uint8_t iv[AES_BLOCK];
    const EVP_CIPHER *cipher =
        key.n == 16 ? EVP_aes_128_cfb128() : EVP_aes_256_cfb128();
    EVP_CIPHER_CTX *ctx = NULL;
    int n = 0;
    bool ok;

    if ((key.n != 16 && key.n != 32) || plain.n > INT_MAX) {
        return BM_E_ARGUMENT;
    }
    ctx = EVP_CIPHER_CTX_new();
    ok = ctx != NULL &&
         EVP_EncryptInit_ex2(ctx, cipher, key.p, iv, NULL) == 1 &&
         EVP_EncryptUpdate(ctx, out, &n, plain.p, (int)plain.n) == 1 &&
         (size_t)n == plain.n;
    EVP_CIPHER_CTX_free(ctx);
    return result(ok);
}

const struct ca_credential_crypto *bm_openssl_credential_crypto(void)
{
    static const struct ca_credential_crypto port = { oaep, ecdh, cfb };

    return &port;
}
