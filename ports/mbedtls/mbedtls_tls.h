/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_MBEDTLS_TLS_H
#define BM_PORTS_MBEDTLS_MBEDTLS_TLS_H

#include "device/tls.h"

/*
 * device/tls.h with Mbed TLS 3.6, for microcontrollers: TLS 1.3 and 1.2, client
 * and server, one cipher (AES-128-GCM with SHA-256), one group (P-256). Needs
 * bm_mbedtls_open() first (mbedtls.h), and the library built with
 * BM_MBEDTLS_TLS.
 *
 * Certificates are read by core/ in the library's place: programs are linked
 * with -Wl,--wrap=mbedtls_x509_crt_parse_der, which mbedtls_tls_read.c answers.
 * The library then asks bm_trust_judge() from its verify callback, with
 * MBEDTLS_SSL_VERIFY_REQUIRED; it has no anchors and no clock, and
 * mbedtls_tls_judge.c has the table of what the judge may override. A program
 * linked without that option is not less safe: the library's own reading then
 * refuses more, such as critical name constraints.
 *
 * Our key is one of PSA's, by bm_mbedtls_signer: others are
 * BM_E_KEY_UNSUPPORTED. No session is resumed. The chain that is shown is read
 * in the handshake alone: once that is over, its octets may be another's.
 *
 * All memory comes from one piece that the program gives; a full one is
 * BM_E_MEMORY, and everything else goes on. How much a session takes depends
 * on MBEDTLS_SSL_IN_CONTENT_LEN and MBEDTLS_SSL_OUT_CONTENT_LEN
 * (bm_mbedtls_config.h) and on the certificates; README.md has figures.
 *
 * One thread for all of it, and one instance in a program, as with PSA.
 */
struct bm_mbedtls_tls_config {
    /* Aligned as for any type; lent until bm_mbedtls_tls_close(). NULL: the
     * heap, where there is one (hosts). */
    uint8_t *memory;
    size_t memory_n;
    size_t sessions; /* open at a time, at most */
};

/* Caller-allocated; must not move while it is open. */
struct bm_mbedtls_tls {
    struct bm_tls tls;

    /* Private. */
    struct bm_mbedtls_tls_config config;
    size_t open;
};

BM_MUST_CHECK bm_status bm_mbedtls_tls_open(
    struct bm_mbedtls_tls *t, const struct bm_mbedtls_tls_config *config);

/* All sessions were closed before. A zeroed one is fine. */
void bm_mbedtls_tls_close(struct bm_mbedtls_tls *t);

/* Octets of the memory in use now, and the most since open; 0 for a heap. */
void bm_mbedtls_tls_used(const struct bm_mbedtls_tls *t, size_t *now,
                         size_t *peak);

#endif
