/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_KEYS_TPM2_ATTEST_H
#define BM_KEYS_TPM2_ATTEST_H

#include "keys/attest.h"
#include "keys/tpm2.h"

/*
 * The device's half of attestation (docs/attestation.md): show a server that a
 * key of ours was made in this TPM, and cannot leave it.
 *
 *     bm_key_tpm2_claim()   what is posted to .../attest/challenge
 *     bm_key_tpm2_answer()  what is posted to .../attest/activate, made of
 *                           the answer to that
 *
 * Nothing is kept between the two, here or in the TPM: endorsement key (EK) and
 * attestation key (AK) are made anew from the TPM's endorsement seed, each time
 * the same, and flushed. An RSA endorsement key takes a TPM seconds to make.
 *
 * Both block, as signing does, and return what the functions of keys do
 * (tpm2.h); and besides
 *
 *   BM_E_NOT_FOUND         nothing lies at the handle; the TPM has no
 *                          certificate of an EK for which there is a template
 *                          (P-256, RSA of 2048 bits), and none was given
 *   BM_E_KEYS_PIN          the endorsement hierarchy wants another value
 *   BM_E_ATTEST            the challenge is none
 *   BM_E_ATTEST_SECRET     the challenge is not for this TPM and this AK
 */
struct bm_key_tpm2_attest {
    const struct bm_key_provider *provider; /* of bm_key_tpm2_new() */
    const char *rest; /* of the key's URI, behind "tpm2:" */

    /*
     * The certificate of the EK, DER, where the TPM has none in it; and the CAs
     * above it that the server may not have, DER after DER. Empty: what the
     * TPM has, and none.
     */
    struct bm_bytes ek_cert;
    struct bm_bytes ek_chain;

    /* A file with the authorisation value of the endorsement hierarchy; NULL
     * or "": it is empty. */
    const char *endorsement_auth_file;
};

/* Append a struct bm_attest_claim. On error `claim` is of no use. */
BM_MUST_CHECK bm_status
bm_key_tpm2_claim(const struct bm_key_tpm2_attest *attest, struct bm_wr *claim);

/* Append the struct bm_attest_answer to a challenge. */
BM_MUST_CHECK bm_status
bm_key_tpm2_answer(const struct bm_key_tpm2_attest *attest,
                   struct bm_bytes challenge, struct bm_wr *answer);

#endif
