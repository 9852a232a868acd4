/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_JWS_H
#define BM_CA_JWS_H

#include "core/crypto.h"

/*
 * JWS (RFC 7515) in compact serialization, signed by whatever holds the key: a
 * library of JOSE wants the private key itself, and ours may lie in a token. So
 * the three parts are written here, by the key interface that all else is
 * signed by; tests have Debian's jose verify them.
 */
struct ca_jws {
    const struct bm_signer *key; /* of P-256: ES256 (RFC 7518 3.4) */
    struct bm_bytes certs;       /* x5c: DER after DER, its own first */
    const char *type;            /* typ; plain ASCII */
    struct bm_bytes payload;
};

/* Octets of header and payload together, at most. */
#define CA_JWS_MAX 65536

/* Append it. BM_E_KEY_UNSUPPORTED: a key of another kind; BM_E_LIMIT. On error
 * `*w` may have a part of it. */
BM_MUST_CHECK bm_status ca_jws_put(const struct ca_jws *jws, struct bm_wr *w);

#endif
