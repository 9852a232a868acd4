/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_LMS_BM_LMS_CONFIG_H
#define BM_PORTS_MBEDTLS_LMS_BM_LMS_CONFIG_H

/*
 * Mbed TLS 3.6, cut down to LMS signatures. Its lms.c and lmots.c ask PSA for
 * SHA-256 alone: what that names is there, and lms_hash.c answers it, so that
 * nothing else of PSA is. What signs is compiled for hosts only.
 */
#define MBEDTLS_CONFIG_VERSION 0x03060000
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_CRYPTO_CONFIG
#define MBEDTLS_PSA_CRYPTO_CONFIG_FILE "bm_lms_psa_config.h"
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
#define MBEDTLS_SHA256_C
#define MBEDTLS_PLATFORM_ZEROIZE_ALT
#define MBEDTLS_LMS_C
#ifdef BM_LMS_SIGN
#define MBEDTLS_LMS_PRIVATE
#endif

#endif
