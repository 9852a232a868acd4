/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_TPM_H
#define BM_CA_TPM_H

#include "core/crypto.h"

/*
 * Structures of TPM 2.0 (TCG "Trusted Platform Module Library", Part 2), as
 * much of them as attestation needs: public areas of keys that sign, what is
 * said about a key, signatures. They come from strangers. Read is exactly what
 * is supported: another algorithm or a trailing octet is refused, and no
 * library of a TPM is needed.
 */

/* TPM 2.0 Part 2, 8.3.2: TPMA_OBJECT. */
enum {
    CA_TPM_FIXED_TPM = 1 << 1,
    CA_TPM_FIXED_PARENT = 1 << 4,
    CA_TPM_SENSITIVE_DATA_ORIGIN = 1 << 5,
    CA_TPM_ENCRYPTED_DUPLICATION = 1 << 11,
    CA_TPM_RESTRICTED = 1 << 16,
    CA_TPM_DECRYPT = 1 << 17,
    CA_TPM_SIGN = 1 << 18
};

/* SubjectPublicKeyInfo of the longest key, RSA of 4096 bits. */
#define CA_TPM_SPKI_MAX 600

/* Part 1, 16: algorithm and digest. */
#define CA_TPM_NAME_MAX (2 + BM_HASH_MAX)

/* 12.2.4: TPMT_PUBLIC. Views. */
struct ca_tpm_key {
    struct bm_bytes area; /* all of it */
    enum bm_hash name_alg;
    uint32_t attributes;
    enum bm_key_type type;  /* P-256, P-384, RSA of 2048, 3072 or 4096 bits */
    enum bm_sig_alg scheme; /* that it is restricted to; BM_SIG_UNKNOWN: none */
    uint32_t exponent;      /* RSA */
    struct bm_bytes modulus;
    struct bm_bytes x; /* ECC */
    struct bm_bytes y;
};

/* BM_E_ATTEST: not one; BM_E_KEY_UNSUPPORTED: not one that is supported.
 * `*key` is zero then. */
BM_MUST_CHECK bm_status ca_tpm_key_parse(struct bm_bytes in,
                                         struct ca_tpm_key *key);

/* Its SubjectPublicKeyInfo. BM_E_ATTEST: what is in it is no such key. */
BM_MUST_CHECK bm_status ca_tpm_key_put_spki(struct bm_wr *w,
                                            const struct ca_tpm_key *key);

/* Part 1, 16: the name says all that is public. */
BM_MUST_CHECK bm_status ca_tpm_key_name(const struct bm_crypto *crypto,
                                        const struct ca_tpm_key *key,
                                        uint8_t name[CA_TPM_NAME_MAX],
                                        size_t *n);

/*
 * 10.12.12: TPMS_ATTEST, made by TPM2_Certify or TPM2_CertifyCreation: this
 * object is in me, this object I have made. Views.
 */
struct ca_tpm_statement {
    struct bm_bytes nonce; /* extraData */
    struct bm_bytes name;  /* of the object */
};

/* BM_E_ATTEST; `*statement` is zero then. */
BM_MUST_CHECK bm_status
ca_tpm_statement_parse(struct bm_bytes in, struct ca_tpm_statement *statement);

/*
 * 11.3.4: TPMT_SIGNATURE, as core/crypto.h wants it: ECDSA and RSASSA with
 * SHA-256 or SHA-384. BM_E_ATTEST: not one, or one of another key's kind.
 */
BM_MUST_CHECK bm_status ca_tpm_put_signature(struct bm_wr *w,
                                             struct bm_bytes in,
                                             const struct ca_tpm_key *key,
                                             enum bm_sig_alg *alg);

#endif
