/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_ATTEST_H
#define BM_KEYS_ATTEST_H

#include "core/bytes.h"

/*
 * What a device and a server say to each other about where a key was made
 * (docs/attestation.md), as octets: for both sides, so it needs no TPM.
 *
 *   device to server   claim      who made the TPM, its attestation key, the
 *                                 key in question
 *   server to device   challenge  what only that TPM can answer
 *   device to server   answer     the secret in it, and what the attestation
 *                                 key says of the key
 *   server to device   verdict    for how long that counts
 *
 * Each is a map in deterministic CBOR (core/cbor.h) of the version, 1, under
 * the key 1, and byte strings. What is parsed are views into the message.
 */
#define BM_ATTEST_VERSION 1

/* Longest message: what its members may have, rounded up. */
#define BM_ATTEST_MESSAGE_MAX 16384

/* Octets of a nonce and of a secret: SHA-256's, and what the digests of the
 * weakest endorsement key have room for. */
#define BM_ATTEST_NONCE_SIZE  32
#define BM_ATTEST_SECRET_SIZE 32

/* A certificate of an endorsement key: 1 to 2 KB in practice. */
#define BM_ATTEST_CERT_MAX 4096
/* The CAs above it: two or three. */
#define BM_ATTEST_CHAIN_MAX 8192
/* TPMT_PUBLIC; of RSA with 4096 bits it has 550. */
#define BM_ATTEST_PUBLIC_MAX 768
/* TPMS_ID_OBJECT of a secret. */
#define BM_ATTEST_CREDENTIAL_MAX 256
/* TPMU_ENCRYPTED_SECRET: as long as a modulus, or a point. */
#define BM_ATTEST_SEED_MAX 512
/* TPMS_ATTEST: two names, a nonce, a digest. */
#define BM_ATTEST_STATEMENT_MAX 512
/* TPMT_SIGNATURE; of RSA with 4096 bits it has 518. */
#define BM_ATTEST_SIGNATURE_MAX 768

struct bm_attest_claim {
    struct bm_bytes ek_cert;  /* 2: DER */
    struct bm_bytes ek_chain; /* 3: CAs above it, DER after DER; or empty */
    struct bm_bytes ak;       /* 4: TPMT_PUBLIC (TPM 2.0 Part 2, 12.2.4) */
    struct bm_bytes key;      /* 5: likewise */
};

struct bm_attest_challenge {
    struct bm_bytes nonce;      /* 2 */
    struct bm_bytes credential; /* 3: TPMS_ID_OBJECT (Part 2, 12.4.2) */
    struct bm_bytes seed;       /* 4: TPMU_ENCRYPTED_SECRET (11.4.2) */
};

struct bm_attest_answer {
    struct bm_bytes nonce;     /* 2 */
    struct bm_bytes secret;    /* 3: from TPM2_ActivateCredential */
    struct bm_bytes statement; /* 4: TPMS_ATTEST (10.12.12) */
    struct bm_bytes signature; /* 5: TPMT_SIGNATURE (11.3.4), by the AK */
};

struct bm_attest_verdict {
    uint64_t seconds; /* 2: for which it counts; not 0 */
};

/* Append; a member that is too long or too short makes a message that nobody
 * takes. */
void bm_attest_put_claim(struct bm_wr *w, const struct bm_attest_claim *m);
void bm_attest_put_challenge(struct bm_wr *w,
                             const struct bm_attest_challenge *m);
void bm_attest_put_answer(struct bm_wr *w, const struct bm_attest_answer *m);
void bm_attest_put_verdict(struct bm_wr *w, const struct bm_attest_verdict *m);

/* BM_E_ATTEST, BM_E_CBOR_...: not such a message; `*m` is zero then. */
BM_MUST_CHECK bm_status bm_attest_parse_claim(struct bm_bytes in,
                                              struct bm_attest_claim *m);
BM_MUST_CHECK bm_status
bm_attest_parse_challenge(struct bm_bytes in, struct bm_attest_challenge *m);
BM_MUST_CHECK bm_status bm_attest_parse_answer(struct bm_bytes in,
                                               struct bm_attest_answer *m);
BM_MUST_CHECK bm_status bm_attest_parse_verdict(struct bm_bytes in,
                                                struct bm_attest_verdict *m);

#endif
