/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_CONSORTIUM_H
#define BM_CA_CONSORTIUM_H

#include "ca/authority.h"

/*
 * A consortium: an ecosystem, whose members are organisations. What a member
 * may have is in allocation.h.
 *
 * Who is above an organisation (an operator of its ecosystem, or of the
 * instance) makes it, suspends it and says what it may have. An operator of
 * its own sees it, and may name it.
 *
 * Names are UTF-8 without control characters, 1 to CA_MEMBER_NAME_MAX octets:
 * they go into certificates of operators. Two ecosystems of an instance, and
 * two members of an ecosystem, have different names.
 */
#define CA_MEMBER_NAME_MAX 64

/*
 * Make one. BM_E_CA_FORBIDDEN: an ecosystem is for operators of the instance
 * to make; BM_E_NOT_FOUND: no such ecosystem within the actor's scope;
 * BM_E_EXISTS: the name is taken; BM_E_ARGUMENT: it is none. `*row` is filled.
 */
BM_MUST_CHECK bm_status ca_ecosystem_create(struct ca *ca,
                                            const struct ca_actor *actor,
                                            const char *name, int64_t now,
                                            struct store_ecosystem *row,
                                            struct ca_refusal *why);
BM_MUST_CHECK bm_status ca_organisation_create(struct ca *ca,
                                               const struct ca_actor *actor,
                                               struct store_organisation *row,
                                               int64_t now,
                                               struct ca_refusal *why);

BM_MUST_CHECK bm_status ca_organisation_rename(struct ca *ca,
                                               const struct ca_actor *actor,
                                               uint32_t id, const char *name,
                                               int64_t now,
                                               struct ca_refusal *why);

/*
 * Suspend: nothing is issued on its account any more, renewals among it, and
 * no token is made; what it has stays good, can be seen and be revoked. Its
 * operators' own certificates are the authority's to issue, and go on.
 * Resume: all as it was. BM_E_CA_ORGANISATION: it is so already.
 */
BM_MUST_CHECK bm_status ca_organisation_suspend(struct ca *ca,
                                                const struct ca_actor *actor,
                                                uint32_t id, bool suspend,
                                                int64_t now,
                                                struct ca_refusal *why);

/* In any transaction: the organisation, if it is within the actor's scope;
 * and `*above`: whether he is above it. BM_E_NOT_FOUND. */
BM_MUST_CHECK bm_status ca_organisation_find(
    const struct store *store, const struct ca_actor *actor, uint32_t id,
    struct store_organisation *row, bool *above, struct ca_refusal *why);

/* "active", "suspended" */
const char *ca_organisation_state(const struct store_organisation *row);

#endif
