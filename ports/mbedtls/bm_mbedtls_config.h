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
#ifndef MBEDTLS_PSA_KEY_SLOT_COUNT
#define MBEDTLS_PSA_KEY_SLOT_COUNT 16
#endif
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

/*
 * BM_MBEDTLS_TLS: mutual TLS (mbedtls_tls.h), client and server, 1.3 and 1.2,
 * one kind of key, one cipher. It allocates, from memory that the program
 * gives it. A program that does not link mbedtls_tls.c carries none of it.
 * BM_MBEDTLS_NO_TLS12: 1.3 alone, which is 10 KB less.
 */
#ifdef BM_MBEDTLS_TLS
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#ifndef BM_MBEDTLS_NO_TLS12
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#endif
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH
#define MBEDTLS_SSL_KEYING_MATERIAL_EXPORT
/* 1.3 demands it; the chain above the certificate is let go of by us. */
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE

/* Keys and hashes by PSA, so that our key may lie in a secure element. */
#define MBEDTLS_USE_PSA_CRYPTO
#define MBEDTLS_MD_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C

/*
 * The premaster secret of TLS 1.2 has room for the largest curve of Mbed TLS's
 * own arithmetic (MBEDTLS_ECP_MAX_BYTES); without any, as here, that is 1. So
 * the array is made one of 32 such (mbedtls_tls_setup.c checks the sum).
 */
#define _pms_ecdh _pms_ecdh[32]
/* For the same reason it would not name its groups in TLS 1.2. */
#ifndef BM_MBEDTLS_NO_TLS12
#define MBEDTLS_SSL_TLS1_2_SOME_ECC
#endif

/*
 * One record each way, and the longest handshake message: the certificates
 * of the peer in, ours out. A client asks for records that fit the shorter
 * (RFC 6066 4): powers of two from 512 to 4096.
 */
#ifndef MBEDTLS_SSL_IN_CONTENT_LEN
#define MBEDTLS_SSL_IN_CONTENT_LEN 4096
#endif
#ifndef MBEDTLS_SSL_OUT_CONTENT_LEN
#define MBEDTLS_SSL_OUT_CONTENT_LEN 2048
#endif

#define MBEDTLS_MEMORY_BUFFER_ALLOC_C
#define MBEDTLS_MEMORY_DEBUG          /* counts; nothing is printed */
#define MBEDTLS_MEMORY_ALIGN_MULTIPLE 8
#endif

#endif
