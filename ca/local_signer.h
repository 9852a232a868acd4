/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_LOCAL_SIGNER_H
#define BM_CA_LOCAL_SIGNER_H

#include "ca/signer.h"
#include "core/cert.h"

/*
 * The signer in this process. What it agrees to sign is what it was started
 * with: these CAs, these profiles, one ledger.
 */

struct ca_signer_ca {
    const char *id;
    const struct bm_signer *key;
    const struct bm_cert *cert;
};

struct ca_signer_config {
    const struct bm_crypto *crypto;
    struct ca_journal *journal; /* open for writing */
    const struct ca_signer_ca *cas;
    size_t cas_n;
    const struct ca_profile *const *profiles;
    size_t profiles_n;
    bool may_sign_ocsp; /* certificates of OCSP responders, any */
    /* Else those for whose key this says yes: SHA-256 of its
     * SubjectPublicKeyInfo. May be NULL. */
    void *arg;
    bool (*expects_ocsp)(void *arg, const uint8_t key[32]);
    const char *origin;             /* of the ledger's first tree */
    const struct bm_signer *ledger; /* Ed25519 */
};

/* All that `config` points to outlives the signer, arrays included. */
BM_MUST_CHECK bm_status ca_signer_new(const struct ca_signer_config *config,
                                      struct ca_signer **signer);

#endif
