/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_MAKER_H
#define BM_KEYS_MAKER_H

#include "keys/key.h"

/*
 * What core/crypto.h does not offer, and only programs that keep private keys
 * in files need: making a key, its way in and out as octets, and the slow
 * derivation of a key from a secret. A port fills it in
 * (ports/openssl/openssl_keys.h).
 */

/* RFC 7914 2. Memory is 128 * 2^log_n * r octets, work grows with p as well. */
struct bm_scrypt_cost {
    unsigned log_n;
    unsigned r;
    unsigned p;
};

struct bm_scrypt_config {
    struct bm_bytes secret;
    struct bm_bytes salt;
    struct bm_scrypt_cost cost;
};

struct bm_key_maker {
    void *self; /* the port's, passed back untouched */

    /* The caller has put bounds to the cost. BM_E_CRYPTO. */
    bm_status (*scrypt)(void *self, const struct bm_scrypt_config *config,
                        uint8_t *out, size_t n);

    /*
     * Signers that are made here are released with `release`. BM_OK hands one
     * over, otherwise `*signer` is NULL. BM_E_KEY_UNSUPPORTED or
     * BM_E_CRYPTO_UNSUPPORTED for a type that the port does not have.
     */
    bm_status (*generate)(void *self, const struct bm_key_spec *spec,
                          struct bm_signer **signer);

    /* RFC 5958, not encrypted, in DER. Trailing octets: BM_E_KEYS_FILE. */
    bm_status (*from_pkcs8)(void *self, struct bm_bytes der,
                            struct bm_signer **signer);

    /* The way back. The caller wipes the buffer, on error too. */
    bm_status (*to_pkcs8)(void *self, const struct bm_signer *signer,
                          struct bm_wr *der);

    /* Wipe and release. NULL is fine. */
    void (*release)(void *self, struct bm_signer *signer);
};

/* The cryptography that keys/ works with; outlives all that is made by it. */
struct bm_key_tools {
    const struct bm_crypto *crypto;
    const struct bm_key_maker *maker;
};

#endif
