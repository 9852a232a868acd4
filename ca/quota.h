/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BM_CA_QUOTA_H
#define BM_CA_QUOTA_H

#include "ca/allocation.h"
#include "ca/slot.h"

/*
 * Quota in the transaction that issues: what each organisation takes of each
 * profile is read once per transaction, counted here, and written once, so
 * that a group of certificates costs no more than one.
 */

/* Pairs of organisation and profile in one transaction: a group has hardly
 * more than a few, and the next transaction takes the rest. */
#define CA_QUOTA_PAIRS 32

struct ca_taking {
    struct store_organisation organisation;
    struct store_allocation row;
    uint64_t taken;
};

struct ca_quota {
    size_t n;
    struct ca_taking taking[CA_QUOTA_PAIRS];
};

/* What `s` is on account of: fills s->taking. BM_E_BUSY: not in this
 * transaction; BM_E_CA_ORGANISATION, BM_E_CA_NOT_ENABLED. */
BM_MUST_CHECK bm_status ca_quota_find(struct ca *ca, struct ca_quota *quota,
                                      struct ca_slot *s,
                                      struct ca_refusal *why);

/* When it is known what it renews: does it count, and is there something left?
 * BM_E_CA_QUOTA. */
BM_MUST_CHECK bm_status ca_quota_check(struct ca_slot *s, int64_t now,
                                       struct ca_refusal *why);

/* It is granted. And: the transaction writes what was granted in it. */
void ca_quota_take(const struct ca_slot *s);
BM_MUST_CHECK bm_status ca_quota_write(struct ca *ca,
                                       const struct ca_quota *quota);

#endif
