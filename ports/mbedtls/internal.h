/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_INTERNAL_H
#define BM_PORTS_MBEDTLS_INTERNAL_H

#include <psa/crypto.h>

#include "ports/mbedtls/mbedtls.h"

/* What the files of this folder share, and nobody else needs. */

/* r and s of P-256, big-endian, as PSA has them. */
#define RAW_HALF_SIZE      32
#define RAW_SIGNATURE_SIZE 64

/* mbedtls_sig.c: Ecdsa-Sig-Value (RFC 3279 2.2.3) and back, strictly. */
bm_status mbedtls_sig_take(struct bm_bytes der,
                           uint8_t raw[RAW_SIGNATURE_SIZE]);
void mbedtls_sig_put(struct bm_wr *w, const uint8_t raw[RAW_SIGNATURE_SIZE]);

/* 0 for what this build does not have. */
psa_algorithm_t mbedtls_hash_alg(enum bm_hash hash);

/* mbedtls_signer.c: what every key pair of ours is, and may do. */
void mbedtls_key_pair(psa_key_attributes_t *attributes);
/* mbedtls_signer.c: is it one of ours, and which key of PSA's? */
bool mbedtls_signer_key(const struct bm_signer *signer, psa_key_id_t *key);

/* mbedtls_verify.c */
bm_status mbedtls_verify(void *self, const struct bm_spki *key,
                         enum bm_sig_alg alg, struct bm_bytes message,
                         struct bm_bytes signature);
bm_status mbedtls_verify_hash(void *self, const struct bm_spki *key,
                              enum bm_sig_alg alg, struct bm_bytes digest,
                              struct bm_bytes signature);
bm_status mbedtls_check_key(void *self, const struct bm_spki *key);

/* mbedtls_kdf.c */
bm_status mbedtls_hmac(void *self, enum bm_hash hash, struct bm_bytes key,
                       struct bm_bytes message, uint8_t *out);
bm_status mbedtls_hkdf(void *self, const struct bm_hkdf_config *config,
                       uint8_t *out, size_t n);

/* mbedtls_aead.c */
bm_status mbedtls_seal(void *self, const struct bm_aead_config *config,
                       struct bm_bytes plain, uint8_t *out);
bm_status mbedtls_open(void *self, const struct bm_aead_config *config,
                       struct bm_bytes sealed, uint8_t *out);

#endif
