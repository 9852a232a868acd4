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
    uint32_t shards; /* of its list */
};

struct ca_signer_listed {
    struct bm_bytes cert; /* DER */
    uint32_t list;        /* that may name it (bundle.h); 0: each */
};

/*
 * Who signs trust bundles, and what may stand in them, list by list. Anchors
 * can lead devices to any server: those that are not named here, no bundle
 * names. Nor does one deny keys, or a CA that its signer is below, end later
 * than the certificate of its signer, or come from the future; its version is
 * above the last one's (0 before the first), by CA_LIST_STEP_MAX at most.
 *
 * What it cannot know: which serial numbers belong there. Who captured the
 * issuer can leave one out, as of any list, and deny one, until the next bundle
 * that is honest. So when the CA that bundles' signers are of is revoked, no
 * bundle says so before a signer of another CA makes it.
 */
struct ca_signer_bundle {
    const struct bm_signer *key; /* NULL: bundles are not signed */
    const struct bm_key *holder; /* of `key`, if it may be away; or NULL */
    const struct bm_cert *cert;
    struct bm_bytes chain; /* DER, its own first, those above; no root */
    const char *series;    /* of the first list, and so of all (bundle.h) */
    int64_t lifetime;      /* seconds, of one, at most */
    const struct bm_bytes *anchors; /* DER: roots of the authority */
    size_t anchors_n;
    const struct ca_signer_listed *members; /* but never for enrolment */
    size_t members_n;
    const struct ca_signer_listed *withdrawn; /* told in no other way */
    size_t withdrawn_n;
    const struct ca_signer_listed *cross;
    size_t cross_n;
};

struct ca_signer_config {
    const struct bm_crypto *crypto;
    struct ca_journal *journal; /* open for writing */
    const struct ca_signer_ca *cas;
    size_t cas_n;
    const struct ca_profile *const *profiles;
    size_t profiles_n;
    struct ca_signer_bundle bundle;
    bool may_sign_ocsp; /* certificates of those that speak for the authority,
                           OCSP responders and signers of bundles: any */
    /* Else those for whose key this says yes: SHA-256 of its
     * SubjectPublicKeyInfo. May be NULL. */
    void *arg;
    bool (*expects_ocsp)(void *arg, const uint8_t key[32]);
    int64_t list_lifetime;          /* seconds, of a list, at most; 0: any */
    const char *public_url;         /* that shards and deltas are under */
    const char *origin;             /* of the ledger's first tree */
    const struct bm_signer *ledger; /* Ed25519 */
};

/* All that `config` points to outlives the signer, arrays included. */
BM_MUST_CHECK bm_status ca_signer_new(const struct ca_signer_config *config,
                                      struct ca_signer **signer);

/* From now on others are to sign bundles, and to stand in them. What it points
 * to outlives the signer. */
void ca_signer_set_bundle(struct ca_signer *signer,
                          const struct ca_signer_bundle *bundle);

/*
 * A list that another process writes: the TBSCertList in pieces, of `size`
 * octets in all. At most one at a time; beginning drops the one before, and
 * so does an error. It is in the journal before its signature is appended.
 *
 * BM_E_CA_SIGNER for anything but these lists of one of its CAs:
 *   - complete: without issuingDistributionPoint and delta indicator; a
 *     freshestCRL is the URL of the delta;
 *   - a shard: a critical issuingDistributionPoint with the URL of that shard
 *     and onlyContainsUserCerts;
 *   - the delta: of the scope of the complete list; its base is one of the
 *     last complete lists that were signed, or that of the last delta.
 * The number is above that of every list of the CA. A delta alone may have
 * that of the newest complete list, once, and of the same second. It rises by
 * CA_LIST_STEP_MAX at most. No list is of the future, by the clock of the
 * signer, or lives longer than `list_lifetime`.
 *
 * What it cannot know: which entries belong there. Who captured the issuer can
 * leave one out, of any list.
 */
BM_MUST_CHECK bm_status ca_signer_list_begin(struct ca_signer *signer,
                                             const struct ca_list_number *list,
                                             uint64_t size);
BM_MUST_CHECK bm_status ca_signer_list_put(struct ca_signer *signer,
                                           struct bm_bytes octets);
BM_MUST_CHECK bm_status ca_signer_list_end(struct ca_signer *signer,
                                           int64_t now,
                                           struct bm_wr *signature);

#endif
