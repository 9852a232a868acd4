/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_SERVER_OWN_H
#define BM_SERVER_OWN_H

#include "server/instance.h"

/*
 * Certificates that the service has for itself: its TLS server's, those of
 * the OCSP responders, and that which signs trust bundles. They are renewed,
 * each with a new key, when a third of their life is left.
 *
 * ca/server.pem holds the server's certificate, the CAs above it, and, in a
 * line in front that readers of PEM pass over (RFC 7468 5.2), which key it is
 * for:
 *
 *     key: file:server-1795600000.key
 *     -----BEGIN CERTIFICATE-----
 *
 * Without the line it is SERVER_KEY_URI, the one that `init` made. So the
 * renaming of one file changes certificate and key at once.
 */

/*
 * Is the certificate due: near its end, or not good any more? An empty one
 * is. `ca` is the id of its issuer; takes a read transaction.
 */
BM_MUST_CHECK bm_status own_is_due(struct instance *in, const char *ca,
                                   const struct bm_cert *cert, int64_t now,
                                   bool *due);

/* ca/server.pem as it is. */
struct own_server {
    uint8_t *text; /* all of the file */
    size_t n;
    uint8_t *der;
    struct bm_cert cert;
    char key_uri[BM_KEY_URI_MAX];
};
BM_MUST_CHECK bm_status own_server_read(struct own_server *server,
                                        const char *dir,
                                        struct ca_refusal *why);
void own_server_free(struct own_server *server); /* again is fine */

/* In its place: `cert`, DER, and `chain`, DER after DER. */
BM_MUST_CHECK bm_status own_server_write(const char *dir, const char *key_uri,
                                         struct bm_bytes cert,
                                         struct bm_bytes chain,
                                         struct ca_refusal *why);

/*
 * Make a P-256 key for one of them: "file:STEM-TIME.key", of the next second
 * if there is one, of a process that was killed in this. The caller closes it.
 */
BM_MUST_CHECK bm_status own_make_key(const struct bm_keys *keys,
                                     const char *stem, int64_t now,
                                     char uri[BM_KEY_URI_MAX],
                                     struct bm_key **key);

/*
 * Remove keys of responders, bundles and the TLS server that nothing names:
 * those that were replaced, or came to nothing, more than OWN_KEPT seconds
 * ago. What cannot be removed stays.
 */
#define OWN_KEPT (INT64_C(7) * 24 * 3600)
void own_drop_old_keys(const struct instance *in,
                       const struct own_server *server, int64_t now);

/* A request by `key` for what the certificate says: its subject and names. */
BM_MUST_CHECK bm_status own_server_csr(const struct own_server *server,
                                       const struct bm_key *key,
                                       struct bm_wr *csr);

/* A request by `key` for signing trust bundles, by the operations CA `ca`. */
BM_MUST_CHECK bm_status own_bundle_csr(const struct bm_cert *ca,
                                       const struct bm_key *key,
                                       struct bm_wr *csr);

/* A request by `key` for the responder of a CA. */
BM_MUST_CHECK bm_status own_responder_csr(const struct bm_cert *ca,
                                          const struct bm_key *key,
                                          struct bm_wr *csr);

#endif
