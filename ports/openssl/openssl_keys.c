/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/openssl/openssl_keys.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <limits.h>

#include "ports/openssl/internal.h"

/* What OpenSSL needs above the table of RFC 7914: its blocks and a margin. */
#define SCRYPT_EXTRA ((uint64_t)1 << 20)

static bm_status keys_scrypt(void *self, const struct bm_scrypt_config *config,
                             uint8_t *out, size_t n)
{
    uint64_t cost = (uint64_t)1 << config->cost.log_n;
    uint32_t r = config->cost.r;
    uint32_t p = config->cost.p;
    uint64_t memory = 128 * r * (cost + p) + SCRYPT_EXTRA;
    OSSL_PARAM params[7];
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    bm_status rc = BM_E_CRYPTO;

    (void)self;
    params[0] = openssl_octets(OSSL_KDF_PARAM_PASSWORD, config->secret);
    params[1] = openssl_octets(OSSL_KDF_PARAM_SALT, config->salt);
    params[2] = OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &cost);
    params[3] = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r);
    params[4] = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p);
    params[5] =
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory);
    params[6] = OSSL_PARAM_construct_end();
    if (ctx == NULL || EVP_KDF_derive(ctx, out, n, params) != 1) {
        ERR_clear_error();
        OPENSSL_cleanse(out, n);
        goto out;
    }
    rc = BM_OK;

out:
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return rc;
}

static bm_status keys_generate(void *self, const struct bm_key_spec *spec,
                               struct bm_signer **signer)
{
    (void)self;
    return bm_openssl_signer_generate(spec->type, spec->rsa_bits, signer);
}

static bm_status keys_from_pkcs8(void *self, struct bm_bytes der,
                                 struct bm_signer **signer)
{
    const uint8_t *p = der.p;
    PKCS8_PRIV_KEY_INFO *info = NULL;
    EVP_PKEY *pkey = NULL;
    bm_status rc = BM_E_KEYS_FILE;

    (void)self;
    *signer = NULL;
    if (der.n == 0 || der.n > LONG_MAX) {
        return BM_E_KEYS_FILE;
    }
    info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);
    if (info == NULL || p != der.p + der.n) {
        goto out;
    }
    pkey = EVP_PKCS82PKEY(info);
    if (pkey == NULL) {
        goto out;
    }
    rc = bm_openssl_signer_from_pkey(pkey, signer);

out:
    ERR_clear_error();
    EVP_PKEY_free(pkey);
    PKCS8_PRIV_KEY_INFO_free(info); /* wipes the octets of the key */
    return rc;
}

static bm_status keys_to_pkcs8(void *self, const struct bm_signer *signer,
                               struct bm_wr *der)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *p = NULL;
    long n;
    bm_status rc = BM_E_CRYPTO;

    (void)self;
    if (bio == NULL ||
        i2d_PKCS8PrivateKey_bio(bio, bm_openssl_signer_pkey(signer), NULL, NULL,
                                0, NULL, NULL) != 1) {
        ERR_clear_error();
        goto out;
    }
    n = BIO_get_mem_data(bio, &p);
    bm_wr_put(der, (struct bm_bytes){ (const uint8_t *)p, (size_t)n });
    rc = BM_OK;

out:
    BIO_free(bio); /* secure memory buffers are wiped when released */
    return rc;
}

static void keys_release(void *self, struct bm_signer *signer)
{
    (void)self;
    bm_openssl_signer_free(signer);
}

const struct bm_key_maker *bm_openssl_key_maker(void)
{
    static const struct bm_key_maker maker = {
        NULL,          keys_scrypt,  keys_generate, keys_from_pkcs8,
        keys_to_pkcs8, keys_release,
    };

    return &maker;
}
