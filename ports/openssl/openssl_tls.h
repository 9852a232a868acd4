/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_OPENSSL_OPENSSL_TLS_H
#define BM_PORTS_OPENSSL_OPENSSL_TLS_H

#include "device/tls.h"

/*
 * device/tls.h with OpenSSL 3.0 and later: for gateways and the agent.
 *
 * The peer's certificates go to bm_trust_judge() octet for octet as they came;
 * OpenSSL verifies no chain, knows no anchor and looks at no date. What it
 * cannot read it refuses, with the judge's reason where the judge refuses it,
 * too.
 *
 * Our key is any bm_signer over P-256 with sign_hash: a file, a PKCS#11 token,
 * a TPM (keys/). It may block as long as signing does.
 *
 * Sessions are resumed: a client and a server remember the last
 * BM_OPENSSL_TLS_REMEMBERED peers in memory, with the certificates that were
 * judged. Those are judged again, as of today, before a session is taken up;
 * one that would be refused now is forgotten, and a full handshake tells why.
 * A server gives out no tickets that hold state.
 *
 * One thread at a time for an instance and its sessions.
 */
#define BM_OPENSSL_TLS_REMEMBERED 64

/* How long a session may be taken up, in seconds: an hour of what TLS 1.3
 * allows to be seven days (RFC 8446 4.6.1), since keys live as long. */
#define BM_OPENSSL_TLS_LIFETIME 3600

/* What a peer may send of certificates, in octets: six with RSA-4096 keys. */
#define BM_OPENSSL_TLS_CERTS_OCTETS 16384

/* On BM_OK the caller owns `*tls`; its sessions are closed before it is
 * freed. On error it is NULL. */
BM_MUST_CHECK bm_status bm_openssl_tls_new(const struct bm_tls **tls);
void bm_openssl_tls_free(const struct bm_tls *tls); /* NULL is fine */

#endif
