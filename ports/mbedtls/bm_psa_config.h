/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_BM_PSA_CONFIG_H
#define BM_PORTS_MBEDTLS_BM_PSA_CONFIG_H

/*
 * The algorithms of the microcontroller: one of each kind, all with
 * SHA-256. BM_MBEDTLS_ALL adds the rest of what core/crypto.h names and Mbed
 * TLS can do in so small a configuration; the host's tests are built so.
 */
#define PSA_WANT_ALG_SHA_256                    1
#define PSA_WANT_ALG_HMAC                       1
#define PSA_WANT_ALG_ECDSA                      1
#define PSA_WANT_ALG_GCM                        1
#define PSA_WANT_ECC_SECP_R1_256                1
#define PSA_WANT_KEY_TYPE_AES                   1
#define PSA_WANT_KEY_TYPE_HMAC                  1
#define PSA_WANT_KEY_TYPE_ECC_PUBLIC_KEY        1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_BASIC    1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_GENERATE 1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_IMPORT   1
#define PSA_WANT_KEY_TYPE_ECC_KEY_PAIR_EXPORT   1

#ifdef BM_MBEDTLS_TLS
#define PSA_WANT_ALG_ECDH         1
#define PSA_WANT_ALG_HKDF_EXTRACT 1
#define PSA_WANT_ALG_HKDF_EXPAND  1
#ifndef BM_MBEDTLS_NO_TLS12
#define PSA_WANT_ALG_TLS12_PRF 1
#endif
#define PSA_WANT_KEY_TYPE_DERIVE   1
#define PSA_WANT_KEY_TYPE_RAW_DATA 1
#endif

#ifdef BM_MBEDTLS_ALL
#define PSA_WANT_ALG_SHA_1             1
#define PSA_WANT_ALG_SHA_384           1
#define PSA_WANT_ALG_SHA_512           1
#define PSA_WANT_ALG_CHACHA20_POLY1305 1
#define PSA_WANT_KEY_TYPE_CHACHA20     1
#endif

#endif
