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
    /* Of `key`, if it may be away: it is asked for before anything is put on
     * record for it. May be NULL. */
    const struct bm_key *holder;
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

/*
 * A list that another process writes: the TBSCertList in pieces, of `size`
 * octets in all. At most one at a time; beginning drops the one before, and
 * so does an error. BM_E_CA_SIGNER for a CA or an issuer that is not, a number
 * that does not grow, a delta CRL, one that is about a part only. It is in the
 * journal before its signature is appended.
 */
BM_MUST_CHECK bm_status ca_signer_list_begin(struct ca_signer *signer,
                                             const char *ca, uint64_t number,
                                             uint64_t size);
BM_MUST_CHECK bm_status ca_signer_list_put(struct ca_signer *signer,
                                           struct bm_bytes octets);
BM_MUST_CHECK bm_status ca_signer_list_end(struct ca_signer *signer,
                                           int64_t now,
                                           struct bm_wr *signature);

#endif
