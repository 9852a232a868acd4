/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_PORTS_OPENSSL_OPENSSL_ENVELOPE_H
#define BM_PORTS_OPENSSL_OPENSSL_ENVELOPE_H

#include "core/crypto.h"

/*
 * EnvelopedData (RFC 5652 6): content that one recipient can read, to whom a
 * certificate with an RSA key or one on P-256 or P-384 belongs. Whether that
 * certificate is to be believed is for the caller to know.
 */
struct bm_openssl_envelope {
    struct bm_bytes recipient;    /* certificate, DER */
    struct bm_bytes content_type; /* contents of the OID; empty: id-data */
    struct bm_bytes content;
    unsigned bits; /* of AES in CBC mode: 128 or 256 */
    /* RSA in OAEP, and ECDH with a KDF of SHA-256 (RFC 5753 7.1.4), rather than
     * with what the oldest recipients understand. */
    bool modern;
};

/* Append the message, in DER. On error `*w` is as it was. */
BM_MUST_CHECK bm_status
bm_openssl_put_envelope(const struct bm_openssl_envelope *e, struct bm_wr *w);

#endif
