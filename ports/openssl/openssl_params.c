/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "ports/openssl/internal.h"

const char *openssl_hash_name(enum bm_hash hash)
{
    static const char *const names[HASH_COUNT] = {
        [BM_HASH_SHA1] = "SHA1",
        [BM_HASH_SHA256] = "SHA256",
        [BM_HASH_SHA384] = "SHA384",
        [BM_HASH_SHA512] = "SHA512",
    };

    return (unsigned)hash < HASH_COUNT ? names[hash] : NULL;
}

const char *openssl_key_name(enum bm_key_type type)
{
    switch (type) {
    case BM_KEY_P256:
    case BM_KEY_P384:
        return "EC";
    case BM_KEY_ED25519:
        return "ED25519";
    case BM_KEY_RSA:
        return "RSA";
    case BM_KEY_MLDSA44:
        return "ML-DSA-44";
    case BM_KEY_MLDSA65:
        return "ML-DSA-65";
    case BM_KEY_MLDSA87:
        return "ML-DSA-87";
    default:
        return NULL;
    }
}

static bool is_rsa(enum bm_sig_alg alg)
{
    return alg >= BM_SIG_RSA_SHA256 && alg <= BM_SIG_RSA_PSS_SHA512;
}

/*
 * Parameters are copied by OpenSSL, though its interface takes them without
 * const.
 */
static OSSL_PARAM text(const char *name, const char *value)
{
    union {
        const char *in;
        char *out;
    } unconst = { .in = value };

    return OSSL_PARAM_construct_utf8_string(name, unconst.out, 0);
}

bm_status openssl_prepare(EVP_PKEY_CTX *ctx, enum openssl_use use,
                          enum bm_sig_alg alg)
{
    bool pss = alg >= BM_SIG_RSA_PSS_SHA256;
    const char *hash = openssl_hash_name(bm_sig_alg_hash(alg));
    OSSL_PARAM params[5];
    OSSL_PARAM *p = params;
    int ok;

    if (is_rsa(alg)) {
        *p++ = text(OSSL_SIGNATURE_PARAM_DIGEST, hash);
        *p++ = text(OSSL_SIGNATURE_PARAM_PAD_MODE,
                    pss ? OSSL_PKEY_RSA_PAD_MODE_PSS
                        : OSSL_PKEY_RSA_PAD_MODE_PKCSV15);
        if (pss) {
            *p++ = text(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, hash);
            *p++ = text(OSSL_SIGNATURE_PARAM_PSS_SALTLEN,
                        OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST);
        }
    }
    *p = OSSL_PARAM_construct_end();
    ok = use == OPENSSL_SIGN ? EVP_PKEY_sign_init_ex(ctx, params)
                             : EVP_PKEY_verify_init_ex(ctx, params);
    return ok == 1 ? BM_OK : BM_E_CRYPTO;
}
