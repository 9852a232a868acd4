/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYGEN_SECRET_H
#define BM_KEYGEN_SECRET_H

#include "core/crypto.h"

/*
 * The secret of a batch, which its keys are encrypted under: 32 letters and
 * digits (RFC 4648 6, in lower case), each of five random bits. So it has 160
 * bits of chance, can be typed, and is the same in every encoding of passwords
 * that PKCS #8 and PKCS #12 know.
 *
 * Who orders the batch is shown it once. Until its keys are made it is kept
 * sealed: by AES-256-GCM under a key of its own, with what the batch is as
 * associated data, so that in the place of another batch's it opens nothing.
 * That key is wrapped by one that is derived from that of the instance, and
 * that the process that makes keys alone has. It makes both ahead, before there
 * is a batch; who orders seals, and forgets the key.
 */
#define KEYGEN_SECRET_SIZE  32
#define KEYGEN_SECRET_MAX   (KEYGEN_SECRET_SIZE + 1) /* with NUL */
#define KEYGEN_NONCE_SIZE   12
#define KEYGEN_WRAPPED_SIZE (KEYGEN_NONCE_SIZE + 32 + BM_AEAD_TAG_SIZE)
#define KEYGEN_SEALED_SIZE                                          \
    (KEYGEN_WRAPPED_SIZE + KEYGEN_NONCE_SIZE + KEYGEN_SECRET_SIZE + \
     BM_AEAD_TAG_SIZE)

/* What wraps keys, and opens what they seal. */
#define KEYGEN_SEAL_PURPOSE BM_LIT("birthmark/batch-secret/v1")
struct keygen_seal {
    const struct bm_crypto *crypto;
    uint8_t key[32];
};

/* A secret for a batch that is still to be ordered. */
struct keygen_secret {
    char text[KEYGEN_SECRET_MAX];
    uint8_t key[32]; /* that seals it, once */
    uint8_t wrapped[KEYGEN_WRAPPED_SIZE];
};
_Static_assert(sizeof(struct keygen_secret) ==
                   KEYGEN_SECRET_MAX + 32 + KEYGEN_WRAPPED_SIZE,
               "it goes over a link as it is");

/* A new one, as it is told; the caller wipes it. On error it is empty. */
BM_MUST_CHECK bm_status keygen_secret_make(const struct bm_crypto *crypto,
                                           char secret[KEYGEN_SECRET_MAX]);

bool keygen_secret_is(struct bm_bytes text);

/* A new one, with what it is sealed with. Likewise. */
BM_MUST_CHECK bm_status keygen_secret_new(const struct keygen_seal *seal,
                                          struct keygen_secret *secret);

/* For the batch of which these octets say which it is. */
BM_MUST_CHECK bm_status keygen_secret_seal(const struct bm_crypto *crypto,
                                           const struct keygen_secret *secret,
                                           struct bm_bytes batch,
                                           uint8_t sealed[KEYGEN_SEALED_SIZE]);
/* BM_E_BATCH_SECRET: it was not sealed for this batch, or its key was wrapped
 * elsewhere; `text` is empty. */
BM_MUST_CHECK bm_status keygen_secret_open(const struct keygen_seal *seal,
                                           struct bm_bytes sealed,
                                           struct bm_bytes batch,
                                           char text[KEYGEN_SECRET_MAX]);

#endif
