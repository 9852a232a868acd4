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
 * sealed, by AES-256-GCM under a key that is derived from that of the instance
 * and that the process that makes keys alone has. It is made ahead, and so not
 * bound to a batch: SECURITY.md says what that means.
 */
#define KEYGEN_SECRET_SIZE 32
#define KEYGEN_SECRET_MAX  (KEYGEN_SECRET_SIZE + 1) /* with NUL */
#define KEYGEN_NONCE_SIZE  12
#define KEYGEN_SEALED_SIZE \
    (KEYGEN_NONCE_SIZE + KEYGEN_SECRET_SIZE + BM_AEAD_TAG_SIZE)

/* What seals it, and opens it again. */
#define KEYGEN_SEAL_PURPOSE BM_LIT("birthmark/batch-secret/v1")
struct keygen_seal {
    const struct bm_crypto *crypto;
    uint8_t key[32];
};

/* A new one; the caller wipes it. On error it is empty. */
BM_MUST_CHECK bm_status keygen_secret_make(const struct bm_crypto *crypto,
                                           char secret[KEYGEN_SECRET_MAX]);

bool keygen_secret_is(struct bm_bytes text);

BM_MUST_CHECK bm_status keygen_secret_seal(const struct keygen_seal *seal,
                                           const char *secret,
                                           uint8_t sealed[KEYGEN_SEALED_SIZE]);
/* BM_E_BATCH_SECRET: it was not sealed by this one; `secret` is empty. */
BM_MUST_CHECK bm_status keygen_secret_open(const struct keygen_seal *seal,
                                           struct bm_bytes sealed,
                                           char secret[KEYGEN_SECRET_MAX]);

#endif
