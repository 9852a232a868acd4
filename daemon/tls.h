/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_DAEMON_TLS_H
#define BM_DAEMON_TLS_H

#include <openssl/types.h>

#include "ca/refusal.h"
#include "core/bytes.h"

/*
 * TLS of the listeners, by OpenSSL: versions 1.3 and 1.2, no renegotiation,
 * no tickets and no resumption (the issuer decides about each request; a
 * ticket would carry the client's chain), AES-128-GCM and X25519 first.
 *
 * A client certificate is asked for, and taken as it comes: TLS shows that
 * the client holds its key and nothing more. Whether the certificate is good
 * is for the issuer, by core/path.h and the store.
 */

struct tls_config {
    struct bm_bytes chain;      /* PEM: server certificate, then CAs */
    EVP_PKEY *key;              /* gains a reference */
    struct bm_bytes client_cas; /* DER after DER: named to clients */
    bool require_client;        /* operators: no handshake without */
};

BM_MUST_CHECK bm_status tls_new(const struct tls_config *config, SSL_CTX **tls,
                                struct ca_refusal *why);

/*
 * Channel binding of a finished connection, for challengePassword (RFC 7030
 * 3.5): TLS 1.2 "tls-unique" (RFC 5929 3), only with extended master secret;
 * TLS 1.3 "tls-exporter" (RFC 9266). BM_E_NOT_FOUND where there is none.
 */
#define TLS_BINDING_MAX 64
BM_MUST_CHECK bm_status tls_binding(SSL *tls, uint8_t out[TLS_BINDING_MAX],
                                    size_t *n);

/* Why a handshake failed, as a label of few words: "no_shared_cipher". */
const char *tls_failure(unsigned long error);

#endif
