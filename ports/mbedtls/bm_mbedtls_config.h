/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_BM_MBEDTLS_CONFIG_H
#define BM_PORTS_MBEDTLS_BM_MBEDTLS_CONFIG_H

/*
 * Mbed TLS 3.6, cut down to what core/crypto.h needs on a microcontroller.
 * bm_psa_config.h says which algorithms; this file says how they are built.
 *
 * There is no heap: keys live in static slots, and what little is allocated
 * comes from mbedtls_memory.c. There is no operating system either: randomness
 * comes from the board, through bm_mbedtls_open().
 */
#include <stddef.h>

#define MBEDTLS_CONFIG_VERSION 0x03060000

#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_CRYPTO_CONFIG
#define MBEDTLS_PSA_CRYPTO_CONFIG_FILE "bm_psa_config.h"
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
/* What mbedtls_noise.c seeds, for boards that have raw noise alone. */
#define MBEDTLS_CTR_DRBG_C

/*
 * Persistent keys lie in the device's log, by the psa_its_*() of
 * mbedtls_its.h. Loading or saving one takes two blocks of memory while it
 * lasts.
 */
#define MBEDTLS_PSA_CRYPTO_STORAGE_C
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_STD_CALLOC bm_mbedtls_calloc
#define MBEDTLS_PLATFORM_STD_FREE   bm_mbedtls_free
void *bm_mbedtls_calloc(size_t n, size_t size);
void bm_mbedtls_free(void *p);

/* P-256 by p256-m: 3 KB instead of 15, and no big numbers. */
#define MBEDTLS_PSA_P256M_DRIVER_ENABLED

/*
 * Key slots: one key pair of the device, one of a handshake, one public key
 * that is being checked, one secret, and as many to spare. The longest key
 * kept is a public point or one block of a hash.
 */
#define MBEDTLS_PSA_STATIC_KEY_SLOTS
#define MBEDTLS_PSA_KEY_SLOT_COUNT 8
#ifdef BM_MBEDTLS_ALL
#define MBEDTLS_PSA_STATIC_KEY_SLOT_BUFFER_SIZE 128
#else
#define MBEDTLS_PSA_STATIC_KEY_SLOT_BUFFER_SIZE 65
#endif

/*
 * Callers' buffers are not copied: no other security domain writes to them
 * while we read, and the copies would need a heap.
 */
#define MBEDTLS_PSA_ASSUME_EXCLUSIVE_BUFFERS

/* Size before speed. The tables of AES are in flash, not computed into RAM. */
#define MBEDTLS_HAVE_ASM
#define MBEDTLS_SHA256_SMALLER
#define MBEDTLS_SHA512_SMALLER
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT

#endif
