/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alg.h"

const char *bm_key_type_name(enum bm_key_type type)
{
    switch (type) {
    case BM_KEY_P256:
        return "ECDSA P-256";
    case BM_KEY_P384:
        return "ECDSA P-384";
    case BM_KEY_ED25519:
        return "Ed25519";
    case BM_KEY_RSA:
        return "RSA";
    case BM_KEY_MLDSA44:
        return "ML-DSA-44";
    case BM_KEY_MLDSA65:
        return "ML-DSA-65";
    case BM_KEY_MLDSA87:
        return "ML-DSA-87";
    case BM_KEY_UNKNOWN:
        break;
    }
    return "unknown";
}

const char *bm_sig_alg_name(enum bm_sig_alg alg)
{
    switch (alg) {
    case BM_SIG_ECDSA_SHA256:
        return "ecdsa-with-SHA256";
    case BM_SIG_ECDSA_SHA384:
        return "ecdsa-with-SHA384";
    case BM_SIG_ECDSA_SHA512:
        return "ecdsa-with-SHA512";
    case BM_SIG_ED25519:
        return "Ed25519";
    case BM_SIG_RSA_SHA256:
        return "sha256WithRSAEncryption";
    case BM_SIG_RSA_SHA384:
        return "sha384WithRSAEncryption";
    case BM_SIG_RSA_SHA512:
        return "sha512WithRSAEncryption";
    case BM_SIG_RSA_PSS_SHA256:
        return "rsassaPss-SHA256";
    case BM_SIG_RSA_PSS_SHA384:
        return "rsassaPss-SHA384";
    case BM_SIG_RSA_PSS_SHA512:
        return "rsassaPss-SHA512";
    case BM_SIG_MLDSA44:
        return "ML-DSA-44";
    case BM_SIG_MLDSA65:
        return "ML-DSA-65";
    case BM_SIG_MLDSA87:
        return "ML-DSA-87";
    case BM_SIG_UNKNOWN:
        break;
    }
    return "unknown";
}

const char *bm_hash_name(enum bm_hash hash)
{
    switch (hash) {
    case BM_HASH_SHA1:
        return "SHA-1";
    case BM_HASH_SHA256:
        return "SHA-256";
    case BM_HASH_SHA384:
        return "SHA-384";
    case BM_HASH_SHA512:
        return "SHA-512";
    case BM_HASH_NONE:
        break;
    }
    return "none";
}
