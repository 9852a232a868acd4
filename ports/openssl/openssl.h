/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_OPENSSL_OPENSSL_H
#define BM_PORTS_OPENSSL_OPENSSL_H

#include <openssl/types.h>

#include "core/crypto.h"

/*
 * Cryptography of hosts: OpenSSL 3.0 and later behind core/crypto.h.
 *
 * A provider fetches each algorithm once and keeps its contexts, because in
 * OpenSSL 3 the look-ups and decoders cost more than an ECDSA signature. An
 * EC public key is put raw into a key object that is kept per curve. So a
 * provider serves one thread; make one per thread. Signers are independent
 * of providers, and one thread's at a time as well.
 *
 * All verifiers refuse what is not the one encoding of a signature, SHA-1
 * and MD5 among the digests, and PSS with a salt that is not as long as the
 * hash. ML-DSA works where the library has it (3.5 and later). Ed25519 keys
 * are only decoded when a signature is verified: check_key() cannot tell
 * whether they are points.
 */

/*
 * Make a provider. On BM_OK the caller owns `*crypto` and releases it with
 * bm_openssl_free(); on error it is NULL.
 */
BM_MUST_CHECK bm_status bm_openssl_new(struct bm_crypto **crypto);

/* Release a provider that bm_openssl_new() made. NULL is fine. */
void bm_openssl_free(struct bm_crypto *crypto);

/*
 * Signers: private keys held by OpenSSL in this process. On BM_OK the caller
 * owns `*signer` and releases it with bm_openssl_signer_free(); on error it
 * is NULL. `signer->key` lives as long as the signer. The algorithm is the
 * usual one of the key, see bm_openssl_signer_use().
 */

/* A signer for `pkey`, which gains a reference. BM_E_KEY_UNSUPPORTED. */
BM_MUST_CHECK bm_status bm_openssl_signer_from_pkey(EVP_PKEY *pkey,
                                                    struct bm_signer **signer);

/* Generate a key. `rsa_bits` counts for BM_KEY_RSA only. Blocks for RSA. */
BM_MUST_CHECK bm_status bm_openssl_signer_generate(enum bm_key_type type,
                                                   unsigned rsa_bits,
                                                   struct bm_signer **signer);

/* Read an unencrypted private key in PEM; never asks for a passphrase. */
BM_MUST_CHECK bm_status bm_openssl_signer_from_pem(struct bm_bytes pem,
                                                   struct bm_signer **signer);

/*
 * Write the private key to `w`: PKCS#8 (RFC 5958) in PEM, unencrypted. The
 * caller wipes the buffer.
 */
BM_MUST_CHECK bm_status
bm_openssl_signer_put_pem(const struct bm_signer *signer, struct bm_wr *w);

/* Sign with `alg` from now on; BM_E_KEY_MISMATCH if the key cannot. */
BM_MUST_CHECK bm_status bm_openssl_signer_use(struct bm_signer *signer,
                                              enum bm_sig_alg alg);

/* The key itself, borrowed: for TLS and for tests. */
EVP_PKEY *bm_openssl_signer_pkey(const struct bm_signer *signer);

void bm_openssl_signer_free(struct bm_signer *signer);

#endif
