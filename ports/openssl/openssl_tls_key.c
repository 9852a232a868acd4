/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A bm_signer as a key of OpenSSL. It has the public half, and a method that
 * lets the signer sign. The interface is deprecated in favour of providers,
 * of which one for this would be three times as long; it works in all of 3.x,
 * with TLS 1.2 and 1.3 alike, since a key with a method of its own is not
 * exported to any provider.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <limits.h>

#include <openssl/ec.h>
#include <openssl/err.h>

#include "ports/openssl/openssl_tls_internal.h"

struct key {
    const struct bm_signer *signer;
    bm_status *status;
};

static void forget(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx,
                   long argl, void *argp)
{
    (void)parent;
    (void)ad;
    (void)idx;
    (void)argl;
    (void)argp;
    OPENSSL_free(ptr);
}

/* One index for all keys of the program; the library counts them, and has no
 * way to ask for the one that was given out. */
static int key_index(void)
{
    static int index = -1;

    if (index < 0) {
        index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, forget);
    }
    return index;
}

static int sign(int type, const unsigned char *digest, int n,
                unsigned char *sig, unsigned *sig_n, const BIGNUM *kinv,
                const BIGNUM *r, EC_KEY *ec)
{
    const struct key *key = EC_KEY_get_ex_data(ec, key_index());
    struct bm_wr w;
    size_t len;

    (void)type;
    (void)kinv;
    (void)r;
    *sig_n = 0;
    if (n < 0) {
        return 0;
    }
    bm_wr_init(&w, sig, (size_t)ECDSA_size(ec));
    *key->status = key->signer->sign_hash(
        key->signer->self, (struct bm_bytes){ digest, (size_t)n }, &w);
    if (*key->status == BM_OK) {
        *key->status = bm_wr_finish(&w, &len);
    }
    if (*key->status != BM_OK) {
        return 0;
    }
    *sig_n = (unsigned)len;
    return 1;
}

/* Made once, and kept like the index: keys point to it. */
static const EC_KEY_METHOD *method(void)
{
    static EC_KEY_METHOD *m;

    if (m == NULL) {
        m = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
        if (m != NULL) {
            EC_KEY_METHOD_set_sign(m, sign, NULL, NULL);
        }
    }
    return m;
}

static bool fill_in(EC_KEY *ec, const struct bm_signer *signer,
                    bm_status *status)
{
    struct bm_bytes point = signer->key.key;
    struct key *key;

    if (method() == NULL || key_index() < 0 ||
        EC_KEY_oct2key(ec, point.p, point.n, NULL) != 1 ||
        EC_KEY_set_method(ec, method()) != 1) {
        return false;
    }
    key = OPENSSL_zalloc(sizeof *key);
    if (key == NULL || EC_KEY_set_ex_data(ec, key_index(), key) != 1) {
        OPENSSL_free(key);
        return false;
    }
    key->signer = signer;
    key->status = status;
    return true;
}

bm_status openssl_tls_key_new(const struct bm_signer *signer, bm_status *status,
                              EVP_PKEY **key)
{
    EC_KEY *ec = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    EVP_PKEY *pkey = EVP_PKEY_new();
    bm_status rc = BM_E_CRYPTO;

    *key = NULL;
    if (ec == NULL || pkey == NULL) {
        rc = BM_E_MEMORY;
        goto out;
    }
    if (!fill_in(ec, signer, status) || EVP_PKEY_assign_EC_KEY(pkey, ec) != 1) {
        goto out;
    }
    ec = NULL;
    *key = pkey;
    pkey = NULL;
    rc = BM_OK;

out:
    EVP_PKEY_free(pkey);
    EC_KEY_free(ec);
    return rc;
}
