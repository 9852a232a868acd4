/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Verification. The costs that decide the shape of this file (OpenSSL 3.0,
 * where a P-256 verification itself takes 65 us): d2i_PUBKEY 92 us, fromdata
 * 24 us, a new key from a template 7 us, a new point in a kept key 2 us. So
 * EC keys are never decoded or created here; keys of other types are.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

#include "ports/openssl/internal.h"

static struct ec_slot *ec_slot(struct bm_openssl *o, enum bm_key_type type)
{
    switch (type) {
    case BM_KEY_P256:
        return &o->p256;
    case BM_KEY_P384:
        return &o->p384;
    default:
        return NULL;
    }
}

/* A key of the curve, with no point in it yet. */
static bm_status slot_init(struct ec_slot *slot, const char *curve)
{
    OSSL_PARAM params[2];
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    char name[16];
    bm_status rc = BM_E_CRYPTO;

    OPENSSL_strlcpy(name, curve, sizeof name);
    params[0] =
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
    params[1] = OSSL_PARAM_construct_end();
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &slot->pkey, EVP_PKEY_KEY_PARAMETERS, params) !=
            1) {
        goto out;
    }
    slot->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, slot->pkey, NULL);
    if (slot->ctx == NULL) {
        goto out;
    }
    rc = BM_OK;

out:
    EVP_PKEY_CTX_free(ctx);
    return rc;
}

bm_status openssl_verify_init(struct bm_openssl *o)
{
    o->verify_ctx = EVP_MD_CTX_new();
    if (o->verify_ctx == NULL) {
        return BM_E_CRYPTO;
    }
    BM_TRY(slot_init(&o->p256, "P-256"));
    return slot_init(&o->p384, "P-384");
}

void openssl_verify_wipe(struct bm_openssl *o)
{
    EVP_PKEY_CTX_free(o->p256.ctx);
    EVP_PKEY_free(o->p256.pkey);
    EVP_PKEY_CTX_free(o->p384.ctx);
    EVP_PKEY_free(o->p384.pkey);
    EVP_MD_CTX_free(o->verify_ctx);
}

/*
 * Put a point into the slot's key. OpenSSL checks that it is on the curve;
 * as both curves have prime order, that is all there is to check. Other
 * forms of the point do not get this far (RFC 5480 2.2), except from a
 * caller who made up a struct bm_spki: hence the look at the first octet.
 */
static bm_status slot_set(struct ec_slot *slot, const struct bm_spki *key)
{
    if (key->key.n == 0 || key->key.p[0] != 0x04 ||
        EVP_PKEY_set1_encoded_public_key(slot->pkey, key->key.p, key->key.n) !=
            1) {
        return BM_E_KEY_POINT;
    }
    return BM_OK;
}

static bm_status rsa_import(const struct bm_spki *key, EVP_PKEY **pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;
    bm_status rc = BM_E_CRYPTO;

    if (bm_spki_bits(key) > BM_RSA_BITS_MAX || key->rsa_e.n > key->rsa_n.n) {
        rc = BM_E_KEY_RSA; /* before any work: the work grows with it */
        goto out;
    }
    n = BN_bin2bn(key->rsa_n.p, (int)key->rsa_n.n, NULL);
    e = BN_bin2bn(key->rsa_e.p, (int)key->rsa_e.n, NULL);
    if (ctx == NULL || build == NULL || n == NULL || e == NULL ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) != 1) {
        goto out;
    }
    params = OSSL_PARAM_BLD_to_param(build);
    if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1) {
        goto out;
    }
    rc = EVP_PKEY_fromdata(ctx, pkey, EVP_PKEY_PUBLIC_KEY, params) == 1
             ? BM_OK
             : BM_E_KEY_RSA;

out:
    BN_free(n);
    BN_free(e);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    return rc;
}

/* Ed25519 and ML-DSA: keys that are octet strings. */
static bm_status raw_import(const struct bm_spki *key, EVP_PKEY **pkey)
{
    const char *name = openssl_key_name(key->type);
    EVP_KEYMGMT *known = EVP_KEYMGMT_fetch(NULL, name, NULL);

    if (known == NULL) {
        ERR_clear_error();
        return BM_E_CRYPTO_UNSUPPORTED; /* ML-DSA before OpenSSL 3.5 */
    }
    EVP_KEYMGMT_free(known);
    *pkey = EVP_PKEY_new_raw_public_key_ex(NULL, name, NULL, key->key.p,
                                           key->key.n);
    if (*pkey == NULL) {
        ERR_clear_error();
        return BM_E_KEY_SIZE;
    }
    return BM_OK;
}

static bm_status ec_verify(struct ec_slot *slot, const struct bm_spki *key,
                           struct bm_bytes digest, struct bm_bytes signature)
{
    if (slot_set(slot, key) != BM_OK) {
        return BM_E_SIGNATURE;
    }
    /*
     * The context must look at the key again after the point has changed;
     * what it holds of the old one is no promise of the interface.
     */
    if (EVP_PKEY_verify_init(slot->ctx) != 1) {
        return BM_E_CRYPTO;
    }
    return EVP_PKEY_verify(slot->ctx, signature.p, signature.n, digest.p,
                           digest.n) == 1
               ? BM_OK
               : BM_E_SIGNATURE;
}

static bm_status rsa_verify(const struct bm_spki *key, enum bm_sig_alg alg,
                            struct bm_bytes digest, struct bm_bytes signature)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    bm_status rc = rsa_import(key, &pkey);

    if (rc != BM_OK) {
        rc = rc == BM_E_KEY_RSA ? BM_E_SIGNATURE : rc;
        goto out;
    }
    rc = BM_E_CRYPTO;
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (ctx == NULL || openssl_prepare(ctx, OPENSSL_VERIFY, alg) != BM_OK) {
        goto out;
    }
    rc = EVP_PKEY_verify(ctx, signature.p, signature.n, digest.p, digest.n) == 1
             ? BM_OK
             : BM_E_SIGNATURE;

out:
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return rc;
}

static bm_status raw_verify(struct bm_openssl *o, const struct bm_spki *key,
                            struct bm_bytes message, struct bm_bytes signature)
{
    EVP_PKEY *pkey = NULL;
    bm_status rc = raw_import(key, &pkey);

    if (rc != BM_OK) {
        rc = rc == BM_E_KEY_SIZE ? BM_E_SIGNATURE : rc;
        goto out;
    }
    rc = BM_E_CRYPTO;
    if (EVP_DigestVerifyInit_ex(o->verify_ctx, NULL, NULL, NULL, NULL, pkey,
                                NULL) != 1) {
        goto out;
    }
    rc = EVP_DigestVerify(o->verify_ctx, signature.p, signature.n, message.p,
                          message.n) == 1
             ? BM_OK
             : BM_E_SIGNATURE;

out:
    (void)EVP_MD_CTX_reset(o->verify_ctx);
    EVP_PKEY_free(pkey);
    return rc;
}

bm_status openssl_verify_hash(void *self, const struct bm_spki *key,
                              enum bm_sig_alg alg, struct bm_bytes digest,
                              struct bm_bytes signature)
{
    struct bm_openssl *o = self;
    enum bm_hash hash = bm_sig_alg_hash(alg);
    struct ec_slot *slot = ec_slot(o, key->type);
    bm_status rc;

    if (!bm_sig_alg_fits(alg, key->type)) {
        return BM_E_KEY_MISMATCH;
    }
    if (hash == BM_HASH_NONE || digest.n != bm_hash_len(hash)) {
        return BM_E_ARGUMENT;
    }
    if (signature.n == 0 || signature.n > BM_SIGNATURE_MAX) {
        return BM_E_SIGNATURE;
    }
    rc = slot != NULL ? ec_verify(slot, key, digest, signature)
                      : rsa_verify(key, alg, digest, signature);
    if (rc != BM_OK) {
        ERR_clear_error();
    }
    return rc;
}

bm_status openssl_verify(void *self, const struct bm_spki *key,
                         enum bm_sig_alg alg, struct bm_bytes message,
                         struct bm_bytes signature)
{
    enum bm_hash hash = bm_sig_alg_hash(alg);
    uint8_t digest[BM_HASH_MAX];
    bm_status rc;

    if (!bm_sig_alg_fits(alg, key->type)) {
        return BM_E_KEY_MISMATCH;
    }
    if (hash == BM_HASH_NONE) {
        if (signature.n == 0 || signature.n > BM_SIGNATURE_MAX) {
            return BM_E_SIGNATURE;
        }
        rc = raw_verify(self, key, message, signature);
        if (rc != BM_OK) {
            ERR_clear_error();
        }
        return rc;
    }
    BM_TRY(openssl_hash(self, hash, message, digest));
    return openssl_verify_hash(self, key, alg,
                               (struct bm_bytes){ digest, bm_hash_len(hash) },
                               signature);
}

/* SP 800-56B 6.4.1.1: odd, no small factor, not a prime; and primes that are
 * apart. Milliseconds. */
static bm_status rsa_check(const struct bm_spki *key)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = NULL;
    bm_status rc;

    BM_TRY(bm_spki_weak(key));
    rc = rsa_import(key, &pkey);
    if (rc != BM_OK) {
        goto out;
    }
    rc = BM_E_CRYPTO;
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (ctx == NULL) {
        goto out;
    }
    rc = EVP_PKEY_public_check(ctx) == 1
             ? openssl_rsa_check_distance(key->rsa_n)
             : BM_E_KEY_RSA;

out:
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return rc;
}

bm_status openssl_check_key(void *self, const struct bm_spki *key)
{
    struct bm_openssl *o = self;
    EVP_PKEY *pkey = NULL;
    bm_status rc = BM_E_KEY_UNSUPPORTED;

    switch (key->type) {
    case BM_KEY_P256:
    case BM_KEY_P384:
        rc = slot_set(ec_slot(o, key->type), key);
        break;
    case BM_KEY_RSA:
        rc = rsa_check(key);
        break;
    case BM_KEY_ED25519:
    case BM_KEY_MLDSA44:
    case BM_KEY_MLDSA65:
    case BM_KEY_MLDSA87:
        rc = raw_import(key, &pkey);
        EVP_PKEY_free(pkey);
        break;
    case BM_KEY_UNKNOWN:
        break;
    }
    if (rc != BM_OK) {
        ERR_clear_error();
    }
    return rc;
}
