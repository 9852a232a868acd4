/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_MBEDTLS_H
#define BM_PORTS_MBEDTLS_MBEDTLS_H

#include "core/crypto.h"

/*
 * Cryptography of devices: the PSA interface behind core/crypto.h, as Mbed
 * TLS 3.6 implements it (bm_mbedtls_config.h) or a secure element's vendor.
 *
 * ECDSA over P-256, SHA-256, HMAC, HKDF, AES-GCM; with BM_MBEDTLS_ALL also
 * SHA-1 (for key identifiers), SHA-384, SHA-512 and ChaCha20-Poly1305. Any
 * other algorithm is BM_E_CRYPTO_UNSUPPORTED. Memory is the caller's or
 * static; there is no heap.
 *
 * PSA keeps its keys in one static table, so there is one provider in a
 * program, for one thread.
 */

/* Where randomness comes from: all `n` octets or a failure. */
struct bm_mbedtls_port {
    bm_status (*entropy)(void *self, uint8_t *out, size_t n);
    void *self;
};

/*
 * Start PSA and fill in `*crypto`. `port` must be good to generate keys and
 * nonces from, and outlive the provider; it is called for every key,
 * signature and random octet. On error `*crypto` is zero.
 */
BM_MUST_CHECK bm_status bm_mbedtls_open(const struct bm_mbedtls_port *port,
                                        struct bm_crypto *crypto);

/* Forget all volatile keys. Signers must have been closed before. */
void bm_mbedtls_close(struct bm_crypto *crypto);

#define BM_MBEDTLS_SCALAR_SIZE 32
#define BM_MBEDTLS_SPKI_SIZE   91 /* P-256, uncompressed */

/*
 * A P-256 key pair in a PSA slot. Caller-allocated; it must not move while
 * `signer` is used, which points into it.
 */
struct bm_mbedtls_signer {
    struct bm_signer signer;

    /* private */
    uint32_t key; /* psa_key_id_t */
    bool owned;
    bool elsewhere; /* behind a driver of PSA's */
    uint8_t spki[BM_MBEDTLS_SPKI_SIZE];
};

/*
 * All three need bm_mbedtls_open() first; on error `*s` is zero.
 * bm_mbedtls_signer_close() releases what they took.
 */

/*
 * A key that lives in PSA already, perhaps in a secure element. What an element
 * signs is verified by the public key that it showed before it is handed out:
 * BM_E_ELEMENT_ANSWER. BM_E_ELEMENT: it did not do as asked, which may pass.
 */
BM_MUST_CHECK bm_status bm_mbedtls_signer_open(struct bm_mbedtls_signer *s,
                                               uint32_t key_id);

/* A new volatile key. */
BM_MUST_CHECK bm_status bm_mbedtls_signer_generate(struct bm_mbedtls_signer *s);

/* A volatile key from its big-endian scalar; the caller wipes it. */
BM_MUST_CHECK bm_status bm_mbedtls_signer_import(
    struct bm_mbedtls_signer *s, const uint8_t scalar[BM_MBEDTLS_SCALAR_SIZE]);

/* Destroy the key unless signer_open() took it. A zeroed one is fine. */
void bm_mbedtls_signer_close(struct bm_mbedtls_signer *s);

#endif
