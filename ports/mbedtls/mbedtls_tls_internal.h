/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_MBEDTLS_MBEDTLS_TLS_INTERNAL_H
#define BM_PORTS_MBEDTLS_MBEDTLS_TLS_INTERNAL_H

#include <mbedtls/ssl.h>

#include "device/tls_port.h"
#include "ports/mbedtls/mbedtls_tls.h"

/*
 * Between the files of TLS:
 *
 *   mbedtls_tls.c         the port and its sessions: reading, writing
 *   mbedtls_tls_setup.c   what the library is told to do
 *   mbedtls_tls_read.c    what is linked in front of the library: a
 *                         certificate, read by core/
 *   mbedtls_tls_judge.c   the verify callback: the verdict, and its flags
 *   mbedtls_tls_status.c  what went wrong, as a status
 */

struct bm_tls_session {
    struct bm_mbedtls_tls *port;
    struct bm_tls_config config;
    struct bm_trust_verdict verdict;
    bool judged;
    bool ended; /* the transport said BM_E_TLS_CLOSED */
    bool done;  /* the handshake */
    uint8_t alert;
    uint32_t above;      /* flags of the certificates above the peer's */
    bm_status transport; /* what else it said */
    bm_status over;      /* BM_OK: not yet */
    int32_t library;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config conf;
    mbedtls_pk_context key;
    mbedtls_x509_crt own;  /* and those above it, linked */
    mbedtls_x509_crt none; /* the anchors that the library has: none */
};

/* mbedtls_tls_setup.c; what it took is released by mbedtls_tls_release(). */
bm_status mbedtls_tls_setup(struct bm_tls_session *s);
void mbedtls_tls_release(struct bm_tls_session *s);

/*
 * mbedtls_tls_read.c: append one certificate to a list, as
 * mbedtls_x509_crt_parse_der() does. What is beyond BM_TLS_CERTS_MAX is
 * dropped: the judge refuses one more than it takes.
 */
int mbedtls_tls_read_cert(mbedtls_x509_crt *list, const uint8_t *der, size_t n,
                          bool keep);

/* mbedtls_tls_judge.c */
int mbedtls_tls_judge(void *arg, mbedtls_x509_crt *cert, int depth,
                      uint32_t *flags);

/* mbedtls_tls_status.c */
bm_status mbedtls_tls_status(struct bm_tls_session *s, int ret);

#endif
