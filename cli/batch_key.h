/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CLI_BATCH_KEY_H
#define BM_CLI_BATCH_KEY_H

#include "ca/refusal.h"
#include "core/bytes.h"

/*
 * A key that was made for a row of a batch, as it is fetched, with its
 * certificate. `secret` is "" where it is not here: then nobody can see whether
 * it opens.
 */
struct batch_key {
    struct bm_bytes octets; /* EncryptedPrivateKeyInfo, or CMS EnvelopedData */
    bool sealed;            /* the former: under the secret of the batch */
    struct bm_bytes cert;   /* DER */
    struct bm_bytes chain;  /* DER after DER */
    const char *secret;
    const char *name; /* of the device, or "" */
};

/* Decode one in PEM into `room`. */
BM_MUST_CHECK bm_status batch_key_take(struct batch_key *key, const char *pem,
                                       struct bm_wr *room);

/* Is it that of its certificate? BM_E_BATCH_SECRET: it is under another
 * secret, or under none; BM_E_KEY_MISMATCH. */
BM_MUST_CHECK bm_status batch_key_check(const struct batch_key *key);

/* As PKCS #12, with its certificate and the chain. */
BM_MUST_CHECK bm_status batch_key_put_p12(const struct batch_key *key,
                                          struct bm_wr *w);

#endif
