/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_LMS_LMS_H
#define BM_PORTS_MBEDTLS_LMS_LMS_H

#include "core/crypto.h"

/*
 * Signatures by hashes alone (LMS, RFC 8554; NIST SP 800-208): what a quantum
 * computer leaves standing. One set of parameters, LMS_SHA256_M32_H10 with
 * LMOTS_SHA256_N32_W8, by Mbed TLS 3.6.4 or later.
 *
 * It is no algorithm of core/crypto.h, whose list is that of X.509.
 */

#define BM_LMS_KEY_SIZE       56u   /* RFC 8554 5.3: types, I, T[1] */
#define BM_LMS_SIGNATURE_SIZE 1452u /* 5.4 */
#define BM_LMS_SIGNATURES     1024u /* of one key: 2^10 */

/* BM_E_SIGNATURE: wrong, malformed, or of other parameters. */
BM_MUST_CHECK bm_status bm_lms_verify(const uint8_t key[BM_LMS_KEY_SIZE],
                                      struct bm_bytes message,
                                      struct bm_bytes signature);

/*
 * ---- What signs; compiled for hosts only.
 *
 * A key is all its one-time keys, each derived from the seed (RFC 8554 appendix
 * A), and the identifier I. Nothing here keeps count of them: that no index is
 * ever used twice is the caller's duty, and all that the signature is worth.
 */
struct bm_lms_secret {
    uint8_t id[16];
    uint8_t seed[32];
};

struct bm_lms_signer;

/* Computes all one-time keys: seconds, and 2 MiB. */
BM_MUST_CHECK bm_status bm_lms_signer_new(const struct bm_lms_secret *secret,
                                          struct bm_lms_signer **signer);
void bm_lms_signer_free(struct bm_lms_signer *signer); /* NULL is fine */

BM_MUST_CHECK bm_status bm_lms_signer_key(const struct bm_lms_signer *signer,
                                          uint8_t key[BM_LMS_KEY_SIZE]);

/* Sign with one-time key number `index`, below BM_LMS_SIGNATURES, which was
 * never used before and is used up by this call, whatever it returns. */
BM_MUST_CHECK bm_status bm_lms_sign(struct bm_lms_signer *signer,
                                    const struct bm_crypto *crypto,
                                    uint32_t index, struct bm_bytes message,
                                    uint8_t signature[BM_LMS_SIGNATURE_SIZE]);

#endif
