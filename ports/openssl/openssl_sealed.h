/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_OPENSSL_OPENSSL_SEALED_H
#define BM_PORTS_OPENSSL_OPENSSL_SEALED_H

#include "core/crypto.h"

/*
 * Private keys under a secret: EncryptedPrivateKeyInfo (RFC 5958 3) by PBES2
 * with PBKDF2 of HMAC-SHA256 and AES-256-CBC (RFC 8018), and PKCS #12 (RFC
 * 7292) around it, with what belongs to it.
 *
 * The secret is one of 128 random bits or more: what protects keys is that, and
 * not the count of iterations, which makes up for secrets that people think of.
 */
#define BM_SEALED_ITERATIONS 2048

/* Append the key of a signer of openssl.h, in DER. On error `*w` is as it
 * was. */
BM_MUST_CHECK bm_status bm_openssl_put_sealed(const struct bm_signer *signer,
                                              struct bm_bytes secret,
                                              struct bm_wr *w);

/* Does the secret open it, and is it the key of this SubjectPublicKeyInfo?
 * BM_E_CRYPTO: it does not open, or is no key; BM_E_KEY_MISMATCH. */
BM_MUST_CHECK bm_status bm_openssl_check_sealed(struct bm_bytes sealed,
                                                struct bm_bytes secret,
                                                struct bm_bytes spki);

/*
 * PKCS #12 with a key that is sealed already, its certificate and those above
 * it. Certificates are not encrypted; all of it has a MAC of HMAC-SHA256 under
 * the same secret.
 */
struct bm_openssl_pkcs12 {
    struct bm_bytes sealed; /* EncryptedPrivateKeyInfo, DER */
    struct bm_bytes secret; /* of the same: bm_openssl_check_sealed() */
    struct bm_bytes cert;   /* DER */
    struct bm_bytes chain;  /* DER after DER; or empty */
    const char *name;       /* friendlyName; or "" */
};
/* Append it, in DER. On error `*w` is as it was. */
BM_MUST_CHECK bm_status bm_openssl_put_pkcs12(const struct bm_openssl_pkcs12 *p,
                                              struct bm_wr *w);

#endif
