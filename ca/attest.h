/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_ATTEST_H
#define BM_CA_ATTEST_H

#include "ca/credential.h"
#include "ca/refusal.h"
#include "core/cert.h"

/*
 * Where a key was made: a device shows that a TPM made it, and keeps it
 * (docs/attestation.md). Bytes in, bytes out (keys/attest.h); what is believed
 * of it is a struct ca_attested for ca_issue().
 *
 *   claim    the certificate of the TPM's endorsement key (EK), its attestation
 *            key (AK), the key. The certificate leads to a CA that is trusted
 *            for that; the AK and the key have the attributes of keys that were
 *            made in a TPM and never leave it.
 *   answer   the secret out of a credential: so the AK is in the TPM of that
 *            certificate. And a statement over our nonce, signed by the AK: so
 *            the key is in the TPM of the AK. The attributes are in the names
 *            that credential and statement are about, so they are true.
 *
 * What is open is kept in memory, for whoever it was that asked: `who`, 32
 * octets that stand for a certificate or a token. Each has one challenge at a
 * time, of which the latest counts, and which is answered once: rightly or
 * wrongly, it is gone then. After a restart devices start anew.
 */
struct ca_attest;

/* Seconds for an answer: TPMs take seconds for an RSA key. */
#define CA_ATTEST_PATIENCE 120

/* Who may be at it at a time; beyond, the oldest gives way. */
#define CA_ATTEST_OPEN_MAX 1024

/* CAs that a claim may bring along. */
#define CA_ATTEST_CHAIN_MAX 6

/* A key of a TPM. */
struct ca_attested {
    uint8_t key[32]; /* SHA-256 of its SubjectPublicKeyInfo */
    uint8_t ek[32];  /* likewise, of the endorsement key */
    int64_t at;
};

struct ca_attest_config {
    const struct bm_crypto *crypto;
    const struct ca_credential_crypto *port;
    /* That certificates of endorsement keys lead to; live as long. None:
     * nothing is ever believed. */
    const struct bm_cert *cas;
    size_t cas_n;
    int64_t valid; /* seconds that an attested key waits for its certificate */
};

BM_MUST_CHECK bm_status ca_attest_new(const struct ca_attest_config *config,
                                      struct ca_attest **attest);
void ca_attest_free(struct ca_attest *attest); /* NULL is fine */

/*
 * Append a challenge to a claim. BM_E_ATTEST, BM_E_CBOR_...: not a claim;
 * BM_E_ATTEST_OFF; BM_E_ATTEST_EK, BM_E_PATH_...: not a TPM's certificate, or
 * of one whose maker is not trusted; BM_E_ATTEST_UNBOUND: the attributes;
 * BM_E_KEY_UNSUPPORTED.
 */
BM_MUST_CHECK bm_status ca_attest_challenge(struct ca_attest *attest,
                                            const uint8_t who[32],
                                            struct bm_bytes claim, int64_t now,
                                            struct bm_wr *out,
                                            struct ca_refusal *why);

/*
 * Append the verdict on an answer. BM_E_ATTEST; BM_E_ATTEST_NONCE: `who` has
 * no such challenge, any more; BM_E_ATTEST_SECRET, BM_E_ATTEST_KEY,
 * BM_E_SIGNATURE.
 */
BM_MUST_CHECK bm_status ca_attest_activate(struct ca_attest *attest,
                                           const uint8_t who[32],
                                           struct bm_bytes answer, int64_t now,
                                           struct bm_wr *out,
                                           struct ca_refusal *why);

/* What `who` has shown of the key with this SHA-256, or NULL. It lives until
 * the next call. */
const struct ca_attested *ca_attest_find(const struct ca_attest *attest,
                                         const uint8_t who[32],
                                         const uint8_t key[32], int64_t now);

/*
 * Is this the certificate of an endorsement key, of a TPM whose maker one of
 * `cas` vouches for? When it was issued is when that has to be true: a TPM
 * outlives its maker's CAs. `chain` may hold CAs between, DER after DER.
 */
BM_MUST_CHECK bm_status ca_attest_check_ek(
    const struct ca_attest_config *config, struct bm_bytes der,
    struct bm_bytes chain, struct bm_cert *cert, struct ca_refusal *why);

#endif
