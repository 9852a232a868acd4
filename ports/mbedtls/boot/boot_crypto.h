/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_BOOT_BOOT_CRYPTO_H
#define BM_PORTS_MBEDTLS_BOOT_BOOT_CRYPTO_H

#include "core/crypto.h"

/*
 * Cryptography of bootloaders: core/crypto.h without PSA. SHA-256 is that of
 * Mbed TLS 3.6, ECDSA over P-256 is its p256-m, called directly; each keeps its
 * state on the stack or with the caller, and nothing is allocated.
 *
 * hash, hash_begin, hash_more and hash_end have SHA-256; verify_hash has
 * ECDSA with SHA-256 over P-256, where `key` needs `type` and `key` (the
 * point) alone. Everything else is BM_E_CRYPTO_UNSUPPORTED: a bootloader has no
 * secrets and needs no randomness.
 *
 * A signature is DER in its one encoding (RFC 3279 2.2.3, X.690 10.1): whatever
 * else would decode to the same numbers is BM_E_SIGNATURE.
 *
 * What is never called takes no room where BM_BOOT_CRYPTO_LEAST is 1: all that
 * would be unsupported is NULL; or 2: hash is NULL, too, which key sets alone
 * need (BM_BOOT_FIXED). That is for a bootloader, which is linked as a
 * whole and calls no other.
 */
#ifndef BM_BOOT_CRYPTO_LEAST
#define BM_BOOT_CRYPTO_LEAST 0
#endif

extern const struct bm_crypto bm_boot_crypto;

#endif
