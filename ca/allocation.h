/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_ALLOCATION_H
#define BM_CA_ALLOCATION_H

#include "ca/consortium.h"

/*
 * What an organisation may have: of which profiles, how many certificates, and
 * by which version of the profile.
 *
 * An allocation says it for one profile. An organisation without one may not
 * use the profile, unless it is *open*: that is the one which `init` made,
 * whose certificates nobody counts out. One that has just been enabled has a
 * quota of nothing.
 *
 * **What counts.** A certificate counts when it is issued, in the transaction
 * that issues it; two that are issued at once are counted as two. So quota is
 * never below zero, whatever fails. These do not count:
 *   - the renewal of a certificate that is in force (has not expired), and was
 *     issued on the same account;
 *   - the same certificate again, for whom the reply was lost;
 *   - what was signed and never handed out (abandoned): its transaction, and
 *     what it took, never came to be;
 *   - the authority's own: of operators, servers, responders, signers;
 *   - certificates that are imported.
 * What counted stays counted: revocation gives nothing back. What is left can
 * be taken back or moved by whoever gave it.
 *
 * **Versions.** A profile has the text of its file; each text that came into
 * use is a version, counted from 1. An organisation follows its profile, or
 * stays at the version that it has until it takes over the current one. Each
 * certificate names the version that it was issued by, in its row and in the
 * ledger.
 */

/* Enable, with a quota of nothing, or disable; what is left of the quota
 * stays. BM_E_CA_NOT_ENABLED, BM_E_EXISTS: is so already. BM_E_NOT_FOUND, also
 * for a profile whose CA the actor does not see: nobody gives what is not
 * his. */
struct ca_allocating {
    uint32_t organisation;
    const char *profile;
};
BM_MUST_CHECK bm_status ca_allocation_enable(struct ca *ca,
                                             const struct ca_actor *actor,
                                             const struct ca_allocating *what,
                                             bool enable, int64_t now,
                                             struct ca_refusal *why);

/* Give, or take back: no more than is left, and so that no more than
 * CA_QUOTA_MAX are (BM_E_CA_QUOTA). CA_UNLIMITED ends counting out; to give
 * something after that begins it again. */
#define CA_UNLIMITED INT64_MAX
#define CA_QUOTA_MAX INT64_C(1000000000000)
BM_MUST_CHECK bm_status ca_allocation_give(struct ca *ca,
                                           const struct ca_actor *actor,
                                           const struct ca_allocating *what,
                                           int64_t amount, int64_t now,
                                           struct ca_refusal *why);

/* Move so many to another organisation of the same ecosystem, for which the
 * profile is enabled. */
BM_MUST_CHECK bm_status ca_allocation_move(struct ca *ca,
                                           const struct ca_actor *actor,
                                           const struct ca_allocating *from,
                                           uint32_t to, int64_t amount,
                                           int64_t now, struct ca_refusal *why);

/* Stay at the version that is in use for it now; or follow, which takes over
 * the current version. BM_E_EXISTS: is so already. An administrator of the
 * organisation itself may, too. */
BM_MUST_CHECK bm_status ca_allocation_stay(struct ca *ca,
                                           const struct ca_actor *actor,
                                           const struct ca_allocating *what,
                                           bool stay, int64_t now,
                                           struct ca_refusal *why);

/* In any transaction: what it may have of a profile, said or not. */
BM_MUST_CHECK bm_status ca_allocation_get(
    const struct store *store, const struct store_organisation *organisation,
    const char *profile, struct store_allocation *row);

/* "enabled, limited, stays at 3": at most CA_ALLOCATION_TEXT with a NUL. */
#define CA_ALLOCATION_TEXT 64
void ca_allocation_words(const struct store_allocation *row,
                         char words[CA_ALLOCATION_TEXT]);

/* May something be issued by it, for all but the quota? */
BM_MUST_CHECK bm_status ca_allocation_allows(
    const struct store_organisation *organisation,
    const struct store_allocation *row, struct ca_refusal *why);

/*
 * In any transaction: may something be issued by this profile on account of
 * the organisation, for all but its quota? BM_E_CA_ORGANISATION,
 * BM_E_CA_NOT_ENABLED.
 */
BM_MUST_CHECK bm_status ca_allocation_check(struct ca *ca,
                                            uint32_t organisation,
                                            const char *profile,
                                            struct ca_refusal *why);

/* In any transaction: the number that this text of a profile has, or will have
 * when it comes into use. */
BM_MUST_CHECK bm_status ca_version_of(const struct store *store,
                                      const struct bm_crypto *crypto,
                                      const struct ca_profile *profile,
                                      uint32_t *version);

/* The version of a profile that is in use for somebody: `version` of an
 * allocation. NULL: it is not there. */
const struct ca_bound *ca_version_find(const struct ca *ca, const char *name,
                                       uint32_t version);

/* The version that a certificate was issued by, or the current one in its
 * place; or NULL. */
const struct ca_bound *ca_version_of_cert(const struct ca *ca,
                                          const struct store_cert *row);

#endif
