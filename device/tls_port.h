/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DEVICE_TLS_PORT_H
#define BM_DEVICE_TLS_PORT_H

#include "device/tls.h"

/*
 * What the ports of tls.h share, so that they behave alike: for who writes
 * one, not for who uses one.
 */

/*
 * The certificates of a Certificate message, as they came.
 *
 *   RFC 8446 4.4.2:
 *   opaque cert_data<1..2^24-1>;  Extension extensions<0..2^16-1>;
 *       } CertificateEntry;
 *   opaque certificate_request_context<0..2^8-1>;
 *   CertificateEntry certificate_list<0..2^24-1>;
 *
 *   RFC 5246 7.4.2: ASN.1Cert certificate_list<0..2^24-1>;
 *
 * `body` is the message behind its header of four octets. Views go into
 * `certs`, at most BM_TLS_CERTS_MAX; a longer list is cut there, which is one
 * more than the judge takes. BM_E_TLS_HANDSHAKE when it is malformed, with
 * `*n` 0.
 */
#define BM_TLS_CERTS_MAX (BM_TRUST_CHAIN_MAX + 1)
BM_MUST_CHECK bm_status
bm_tls_certs_take(struct bm_bytes body, bool tls13,
                  struct bm_bytes certs[BM_TLS_CERTS_MAX], size_t *n);

/* The alert that tells the peer of a judge's refusal (RFC 8446 6.2). */
uint8_t bm_tls_alert_for(bm_status refusal);

/* What open() checks of a configuration before any library sees it. */
BM_MUST_CHECK bm_status bm_tls_config_check(const struct bm_tls_config *config);

/* RFC 6066 3: the host name to send to the server, or NULL: there is none, or
 * it is an address, or the peer is a device. */
const char *bm_tls_server_name(const struct bm_tls_config *config);

#endif
