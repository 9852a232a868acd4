/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_BOOT_BM_BOOT_CONFIG_H
#define BM_PORTS_MBEDTLS_BOOT_BM_BOOT_CONFIG_H

/* Mbed TLS 3.6, cut down to a bootloader: SHA-256, in its small form on a
 * device, and the switch that fills p256-m.c. It works on public data alone. */
#define MBEDTLS_CONFIG_VERSION 0x03060000
#define MBEDTLS_SHA256_C
#ifdef __arm__
#define MBEDTLS_SHA256_SMALLER
#endif
#define MBEDTLS_PSA_P256M_DRIVER_ENABLED
#define MBEDTLS_PLATFORM_ZEROIZE_ALT /* in boot_crypto.c */

#endif
